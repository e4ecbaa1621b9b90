package anomaly

import (
	"time"

	"tcptrace/analyzer/internal/conn"
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
func (s *pass) roundTrip() time.Duration {
	sum := time.Duration(0)
	for side := range s.C.Sent {
		rtt := &s.C.Sent[side].RTT
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
func (s *pass) answeredLate() bool {
	sent := &s.C.Sent[conn.Client]
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
func detectSlowHandshake(s *pass) {
	client, server := s.Step(conn.Client, fsm.Established), s.Step(conn.Server, fsm.Established)
	dir := s.Dir(conn.Client)
	syns, synacks := s.copies(dir, conn.IsSYN), s.copies(1-dir, conn.IsSYNACK)
	if client == nil || server == nil || syns.n == 0 || synacks.n == 0 || s.retriedFor(dir) {
		return
	}
	at := synacks.last
	if again := s.copies(dir, conn.IsSYNACK); again.n > synacks.n { // the SYNs crossed
		synacks = again
	}
	own := s.roundTrip()
	took := max(client.Time, server.Time).Sub(syns.first.Time)
	retries := syns.n + synacks.n - 2
	if retries == 0 {
		took = time.Duration(s.C.Sent[conn.Client].HandshakeRTT)
		own = s.C.Sent[conn.Client].RTT.Min
	}
	if !tooSlow(took, own) {
		return
	}
	why := slowPath
	switch {
	case s.Find(1-dir, 0, func(f *conn.Fact) bool { return refuses(f, syns.first) && f.Ahead < at.Ahead }) != nil:
		why = slowRefused
	case retries == 0:
		why = slowServer
	case syns.n > 1 && s.dropped(syns.first), synacks.n > 1 && s.dropped(synacks.first):
		why = slowDamaged
	case syns.n > 1 && s.Find(1-dir, 0, func(f *conn.Fact) bool { return f.Ahead < syns.second.Ahead }) == nil:
		why = slowEither
	case syns.n > 1 && s.answer(syns.first, syns.second) == nil:
		why = slowForeign
	}
	a := s.raiseFact(at, args{int64(took), int64(own), why, int64(syns.n)<<32 | int64(synacks.n)})
	a.onSide(conn.Client)
	a.as(SeverityNote)
	if took >= slowNoticed {
		a.as(SeverityWarning)
	}
}

// answers reports whether a segment answers the SYN itself: it acknowledges that, and no more than it has.
func answers(f, syn *conn.Fact) bool { return f.Has(wire.ACK) && f.Ack-syn.Seq-1 <= uint32(syn.Len) }

func refuses(f, syn *conn.Fact) bool {
	return conn.IsRST(f) && f.Bits.Has(conn.FactAccepted) && answers(f, syn)
}

// answer is what answered a SYN before it came again; nil if nothing did.
func (s *pass) answer(syn, again *conn.Fact) *conn.Fact {
	return s.Find(1-syn.Dir(), 0, func(f *conn.Fact) bool {
		return f.Ahead < again.Ahead && answers(f, syn) && (!conn.IsRST(f) || f.Bits.Has(conn.FactAccepted))
	})
}

// retriedFor reports whether an anomaly of its own says why the handshake was tried again: the server did not take the client's ACK, or
// the SYN met another connection.
func (s *pass) retriedFor(dir uint8) bool {
	if s.raised("accept-queue-overflow") {
		return true
	}
	if _, rst := s.discovery(1 - dir); rst != nil {
		return true
	}
	m := s.Incident(conn.IncidentSucceeds, dir)
	return m != nil && (m.Amount == 0 || conn.Predecessor(m.Count).Has(conn.Waiting) || !conn.Predecessor(m.Count).Has(conn.PriorClosed|conn.PriorReset|conn.PriorUnanswered))
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
func detectAcceptQueue(s *pass) {
	for dir := range uint8(2) {
		n, acked := 0, false
		var first *conn.Fact
		data := int64(0)
		synacks, covers := s.copies(dir, conn.IsSYNACK), covering(s.Sides[dir].ISN)
		previous := conn.Time(0)
		for i := range s.Facts {
			f := &s.Facts[i]
			switch {
			case f.Bits.Has(conn.FactStandIn):
			case f.Dir() != dir && covers(f):
				acked = true
				data = max(data, int64(f.Len))
			case f.Dir() != dir || !conn.IsSYNACK(f):
			case previous != 0 && acked && f.Time-previous >= conn.LeastTimer:
				if n++; first == nil {
					first = f
				}
				previous, acked = f.Time, false
			default:
				previous = f.Time
			}
		}
		at := s.Sides[dir].Distance
		if n > 1 || n == 1 && at > 0 && at < 400e3 {
			if s.C.Sent[s.Side(1-dir)].DataPackets > 0 {
				data = 1
			}
			s.raise(s.Side(dir), first, args{int64(n), synacks.span(), data})
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

func detectSYNOptions(s *pass) {
	for dir := range uint8(2) {
		if m := s.Incident(conn.IncidentSYNOptions, dir); m != nil {
			s.raiseIncident(m, args{m.Amount}).onSide(s.Side(dir))
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
