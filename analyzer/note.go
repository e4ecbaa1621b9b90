package analyzer

import (
	"math"

	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// note keeps the segment as a fact.
func (c *conv) note(p *factPool, s *wire.Segment) *fact {
	p.news++
	f := c.facts.add(p)
	if f == nil {
		return nil
	}
	*f = fact{
		time: Time(s.Time), ahead: c.ahead(s),
		seq: s.Seq, ack: s.Ack, tsval: s.TSval, tsecr: s.TSecr,
		len: uint16(min(s.Len, 1<<16-1)), flags: uint8(s.Flags), bits: factBits(s.Dir),
	}
	if s.Bits&wire.HasTimestamps != 0 {
		f.bits |= factTimestamps
	}
	if s.NSack > 0 && !s.Flags.Any(wire.RST) && int32(s.Sack[0][0]-s.Ack) < 0 {
		f.bits |= factDSACK
	}
	return f
}

// ahead is how many frames s is behind the connection's first. Behind 4,294,967,295 of them the order of a connection's
// facts stays known, but no longer their frames.
func (c *conv) ahead(s *wire.Segment) uint32 {
	return uint32(min(s.Frame-c.firstFrame, math.MaxUint32))
}

// maxOpening bounds the facts that an opening leaves, so that some are left for the close.
const maxOpening = 16

// noteOrdinary decides whether a segment with neither SYN, FIN nor RST is a fact: while the
// handshake is not proved on both sides, and once a FIN or RST has passed.
func (c *conv) noteOrdinary(p *factPool, tx, rx *half, s *wire.Segment, before, sent reassembly.Pos) {
	closing := (tx.flags | rx.flags).has(sentFIN | sentRST)
	answersFIN := rx.flags.has(sentFIN) && tx.acked > rx.fin
	switch {
	case answersFIN && before <= rx.fin:
		// the first to acknowledge the FIN
	case rx.packets == 0:
		c.noteAdvance(p, tx, s, before)
		return
	case tx.flags&notedOrdinary == 0:
		tx.flags |= notedOrdinary
		if rx.flags&notedOrdinary != 0 && !closing {
			c.flags &^= watching
		}
	case rx.flags.has(sentFIN) && !answersFIN && !tx.flags.has(unaware) && c.heardFIN(p, tx, s):
		tx.flags |= unaware
	case s.Len > 0:
		return
	case closing && !answersFIN:
		return
	case !closing && c.facts.n >= maxOpening:
		p.dropped++
		return
	}
	if f := c.note(p, s); f != nil && tx.packets > 1 && reassembly.Unwrap(sent, reassembly.Seq(s.Seq)) > sent {
		f.bits |= factSkips
	}
}

// heardFIN reports whether tx sent s after the latest FIN of its peer had arrived, if it did.
func (c *conv) heardFIN(p *factPool, tx *half, s *wire.Segment) bool {
	fin := Time(0)
	for f := range c.facts.all(p) {
		if f.dir() != s.Dir && isFIN(f) {
			fin = f.time
		}
	}
	return fin != 0 && Time(s.Time) > fin+tx.distance+tx.distance/10
}

// noteAdvance keeps the latest advance of the acknowledgments of a side whose peer is
// not captured: if it is one octet and the last, it is the peer's FIN.
func (c *conv) noteAdvance(p *factPool, tx *half, s *wire.Segment, before reassembly.Pos) {
	if tx.flags&notedOrdinary == 0 {
		tx.flags |= notedOrdinary
		c.note(p, s)
		return
	}
	if tx.acked == before {
		return
	}
	if f := c.facts.newest(p); f != nil && f.dir() == s.Dir && !f.any(wire.SYN|wire.FIN|wire.RST) && f.bits.has(factAdvance) {
		p.news++
		f.time, f.ahead, f.seq, f.ack, f.len = Time(s.Time), c.ahead(s), s.Seq, s.Ack, advance(tx.acked-before)
		return
	}
	if f := c.note(p, s); f != nil {
		f.bits |= factAdvance
		f.len = advance(tx.acked - before)
	}
}

// breakTime is the least pause, beyond what the distance explains, in which a sender with
// more to send would have gone on.
const breakTime = 1e6

func advance(n reassembly.Pos) uint16 { return uint16(min(n, 1<<16-1)) }

// measure keeps the distance between the tap and the sender of s: the least time that
// passed between a segment towards it and its answer. Ranges sent twice tell nothing.
func (tx *half) measure(rx *half, s *wire.Segment, grew bool) {
	now := Time(s.Time)
	if grew {
		tx.launch(now, s.Len > 0)
	}
	rx.deaf = 0
	if !grew && tx.deaf < 255 && (s.SeqLen() > 0 || reassembly.Seq(s.Seq) != tx.end.Seq()) {
		tx.deaf++
	}
	if rx.flags.has(flying) && tx.acked >= rx.end {
		rx.land(now, s.Window > 0)
	}
	if rx.probe != 0 && tx.acked >= rx.probe {
		if d := now - rx.probeTime; tx.distance == 0 || d < tx.distance {
			tx.distance = max(d, 1)
		}
		rx.probe = 0
	}
	switch {
	case s.SeqLen() == 0:
	case !grew:
		tx.probe = 0
	case tx.probe == 0:
		tx.probe, tx.probeTime = tx.end, now
	}
}

// launch notes that the half sends something new.
func (h *half) launch(now Time, data bool) {
	if data && (h.busySince == 0 || !h.flags.has(flying|blocked) && !h.justLanded(now)) {
		h.busySince = now
	}
	if !h.flags.has(flying) && now < h.idleSince+h.distance*3/4 {
		h.idleSince = 0 // it was under way when that was acknowledged
	}
	h.flags = h.flags&^blocked | flying
}

// land notes that the peer has acknowledged all that the half sent, and whether it wants more.
func (h *half) land(now Time, open bool) {
	if !open {
		h.flags |= blocked
		return
	}
	h.flags &^= flying
	h.idleSince = now
}

// justLanded reports whether what the half sends now may have waited for what it heard last: it had nothing
// in flight, but not for long. Behind a queue that comes and goes it may take some times the least distance.
func (h *half) justLanded(now Time) bool {
	if h.atTap() {
		return now-h.idleSince <= h.distance+h.distance/10+breakTime
	}
	return now-h.idleSince <= 4*h.distance+ackDelay
}

// busy is since when a FIN may wait for its turn of which the capture has nothing up to now; 0: none does. It may be what the peer
// acknowledges behind all that was captured. Who heard that nothing is in flight any more, and sent something else, had none to send.
// If it may only not have heard that yet, landed is since when.
func (h *half) busy(peer *half, now Time) (since, landed Time) {
	switch {
	case h.flags.has(flying|blocked) || peer.acked > h.end:
		return h.busySince, 0
	case h.justLanded(now) && h.last <= h.idleSince+h.distance+h.distance/10:
		return h.busySince, h.idleSince
	}
	return 0, 0
}

// waited is since when a FIN that the half sends now, which it did not before, may have waited for its turn
// behind data or a closed window; 0: it did not. was are its flags before.
func (h *half) waited(now Time, data bool, was halfFlags) Time {
	if data || was.has(flying) || was.has(blocked) && h.justLanded(now) {
		return h.busySince
	}
	return 0
}

// minRTO is the least retransmission timeout that a stack in wide use has (Linux's). RFC 6298 2.4 wants a
// second.
const minRTO Time = 200e6

// ackDelay is how long hosts commonly delay an ACK. A FIN that comes in that time, and is the first to acknowledge
// the peer's, is not the second copy of one that crossed it: that would need two losses.
const ackDelay = 40e6

// roundTrip is the longest that is common: what comes later is not the kernel's answer.
const roundTrip Time = 500e6

// leastTimer is the shortest retransmission timeout that stacks have.
const leastTimer Time = 200e6
