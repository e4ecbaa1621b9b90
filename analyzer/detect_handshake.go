package analyzer

import (
	"time"

	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

// Detectors of handshakes that took long, or that one side only believes in.

const (
	// slowRounds and slowLeast are what a handshake takes too long by.
	slowRounds = 3
	slowLeast  = 100 * time.Millisecond
	// slowNoticed is when people notice.
	slowNoticed = time.Second
)

// roundTrip is the least time in which the whole path was passed, there and back, but for the handshake; 0: not known.
func (s *scene) roundTrip() time.Duration {
	sum := time.Duration(0)
	for side := range s.c.Sent {
		rtt := &s.c.Sent[side].RTT
		if rtt.Samples == 0 {
			return 0
		}
		sum += rtt.Min
	}
	return sum
}

// tooSlow reports whether what took d should have taken own.
func tooSlow(d, own time.Duration) bool { return d-own >= max(slowLeast, slowRounds*own) }

// answeredLate reports whether the SYN was answered much later than the client's other segments.
func (s *scene) answeredLate() bool {
	sent := &s.c.Sent[Client]
	return sent.RTT.Samples > 1 && tooSlow(sent.HandshakeRTT, sent.RTT.Min)
}

// What made a handshake slow.
const (
	slowServer  int64 = iota // the answer took long
	slowPath                 // the SYN-ACK, or the ACK of it, was lost on its way
	slowEither               // no answer to the first SYN: it was lost, or its answer, or the server dropped it
	slowRefused              // the SYN was refused before
	slowForeign              // what came back answered something else
	slowDamaged              // the checksum of the SYN or SYN-ACK was wrong
)

// detectSlowHandshake tells of what opened after all.
func detectSlowHandshake(s *scene) {
	client, server := s.step(Client, fsm.Established), s.step(Server, fsm.Established)
	dir := s.dir(Client)
	syns, synacks := s.copies(dir, isSYN), s.copies(1-dir, isSYNACK)
	if client == nil || server == nil || syns.n == 0 || synacks.n == 0 || s.retriedFor(dir) {
		return
	}
	at := synacks.last
	if again := s.copies(dir, isSYNACK); again.n > synacks.n { // the SYNs crossed
		synacks = again
	}
	own := s.roundTrip()
	took := max(client.Time, server.Time).Sub(syns.first.time)
	retries := syns.n + synacks.n - 2
	if retries == 0 {
		took = time.Duration(s.c.Sent[Client].HandshakeRTT)
		own = s.c.Sent[Client].RTT.Min
	}
	if !tooSlow(took, own) {
		return
	}
	why := slowPath
	switch {
	case retries == 0:
		why = slowServer
	case s.find(1-dir, 0, func(f *fact) bool { return refuses(f, syns.first) && f.ahead < at.ahead }) != nil:
		why = slowRefused
	case syns.n > 1 && s.dropped(syns.first), synacks.n > 1 && s.dropped(synacks.first):
		why = slowDamaged
	case syns.n > 1 && s.find(1-dir, 0, func(f *fact) bool { return f.ahead < syns.second.ahead }) == nil:
		why = slowEither
	case syns.n > 1 && s.answer(syns.first, syns.second) == nil:
		why = slowForeign
	}
	a := s.raiseFact(at, args{int64(took), int64(own), why, int64(syns.n)<<32 | int64(synacks.n)})
	a.onSide(Client)
	a.as(SeverityNote)
	if took >= slowNoticed {
		a.as(SeverityWarning)
	}
}

// answers reports whether a segment answers the SYN itself: it acknowledges that, and no more than it has.
func answers(f, syn *fact) bool { return f.has(wire.ACK) && f.ack-syn.seq-1 <= uint32(syn.len) }

func refuses(f, syn *fact) bool { return isRST(f) && f.bits.has(factAccepted) && answers(f, syn) }

// answer is what answered a SYN before it came again; nil if nothing did.
func (s *scene) answer(syn, again *fact) *fact {
	return s.find(1-syn.dir(), 0, func(f *fact) bool {
		return f.ahead < again.ahead && answers(f, syn) && (!isRST(f) || f.bits.has(factAccepted))
	})
}

// retriedFor reports whether an anomaly of its own says why the handshake was tried again: the server did not take the client's ACK, or
// the SYN met another connection.
func (s *scene) retriedFor(dir uint8) bool {
	if s.raised("accept-queue-overflow") {
		return true
	}
	if _, rst := s.discovery(1 - dir); rst != nil {
		return true
	}
	m := s.marked(markSucceeds, dir)
	return m != nil && (m.amount == 0 || predecessor(m.count).has(waiting) || !predecessor(m.count).has(wasClosed|wasReset|wasUnanswered))
}

func detailSlowHandshake(a *Anomaly) string {
	took, own := duration(a.args[0]), duration(a.args[1])
	text := "the handshake took " + took
	if a.args[1] > 0 {
		text += "; a round trip takes " + own
	}
	syns, synacks := a.args[3]>>32, a.args[3]&(1<<32-1)
	switch a.args[2] {
	case slowServer:
		return "the SYN was answered after " + took + "; what followed, after " + own + ": the server, or what answers for it, took long"
	case slowRefused:
		return text + "; SYN sent " + times(syns) + ": the server had refused before"
	case slowDamaged:
		return text + "; SYN sent " + times(syns) + ", SYN-ACK " + times(synacks) + ": the first has a wrong checksum"
	case slowForeign:
		return text + "; SYN sent " + times(syns) + ": what came back before does not answer it"
	case slowEither:
		return text + "; SYN sent " + times(syns) + " before anything came back: the network lost it or its answer, or the server dropped it"
	}
	return text + "; SYN sent " + times(syns) + ", SYN-ACK " + times(synacks) + ": the network lost the SYN-ACK, or the ACK of it"
}

// detectAcceptQueue wants a SYN-ACK by timer behind an ACK of it, and that again, or at the server's own tap: one ACK may be lost.
func detectAcceptQueue(s *scene) {
	for dir := range uint8(2) {
		n, acked := 0, false
		var first *fact
		data := int64(0)
		synacks, covers := s.copies(dir, isSYNACK), covering(s.sides[dir].isn)
		previous := Time(0)
		for i := range s.facts {
			f := &s.facts[i]
			switch {
			case f.bits.has(factStandIn):
			case f.dir() != dir && covers(f):
				acked = true
				data = max(data, int64(f.len))
			case f.dir() != dir || !isSYNACK(f):
			case previous != 0 && acked && f.time-previous >= leastTimer:
				if n++; first == nil {
					first = f
				}
				previous, acked = f.time, false
			default:
				previous = f.time
			}
		}
		at := s.sides[dir].distance
		if n > 1 || n == 1 && at > 0 && at < 400e3 {
			if s.c.Sent[s.side(1-dir)].DataPackets > 0 {
				data = 1
			}
			s.raise(s.side(dir), first, args{int64(n), synacks.span(), data})
		}
	}
}

func detailAcceptQueue(a *Anomaly) string {
	peer := a.Side.Peer().String()
	text := "the " + a.Side.String() + " repeated its SYN-ACK " + times(a.args[0]) + ", over " + duration(a.args[1]) + ", each time behind an ACK of it: it does not take that; "
	if a.args[2] > 0 {
		return text + "its accept queue is probably full"
	}
	return text + "its accept queue is full, or it waits for the " + peer + " to send data"
}

func detectSYNOptions(s *scene) {
	for dir := range uint8(2) {
		if m := s.marked(markSYNOptions, dir); m != nil {
			s.raiseMark(m, args{m.amount}).onSide(s.side(dir))
		}
	}
}

var comparedNames = [...]struct {
	bit  wire.Bits
	name string
}{
	{wire.HasMSS, "MSS"}, {wire.HasWScale, "window scale"}, {wire.HasSACKPerm, "SACK permitted"}, {wire.HasTimestamps, "timestamps"},
}

func detailSYNOptions(a *Anomaly) string {
	text := ""
	for _, o := range comparedNames {
		if wire.Bits(a.args[0])&o.bit == 0 {
			continue
		}
		if text != "" {
			text += ", "
		}
		text += o.name
	}
	return "the " + a.Side.String() + " sent its SYN again with other options: " + text
}
