package conn

import (
	"math"

	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// noteFact keeps the segment as a fact.
func (c *Conn) noteFact(p *FactPool, s *wire.Segment) *Fact {
	p.News++
	f, repeats := c.Facts.again(p, s)
	if !repeats {
		f = c.Facts.add(p)
	}
	if f == nil {
		return nil
	}
	f.set(c.Ahead(s), s)
	if s.NSack > 0 && !s.Flags.Any(wire.RST) && int32(s.Sack[0][0]-s.Ack) < 0 {
		f.Bits |= FactDSACK
	}
	return f
}

// set makes f the fact of s, field by field: a Fact that is put together elsewhere and copied waits for the parts to reach the cache.
func (f *Fact) set(ahead uint32, s *wire.Segment) {
	f.Time, f.Ahead = Time(s.Time), ahead
	f.Seq, f.Ack, f.TSval, f.TSecr = s.Seq, s.Ack, s.TSval, s.TSecr
	f.Len, f.Flags, f.Bits = factLen(s), uint8(s.Flags), FactBits(s.Dir)
	if s.Bits&wire.HasTimestamps != 0 {
		f.Bits |= FactTimestamps
	}
}

// Ahead is how many frames s is behind the connection's first. Behind 4,294,967,295 of them the order of a connection's
// facts stays known, but no longer their frames.
func (c *Conn) Ahead(s *wire.Segment) uint32 {
	return uint32(min(s.Frame-c.FirstFrame, math.MaxUint32))
}

// maxOpening bounds the facts that an opening leaves, so that some are left for the close.
const maxOpening = 16

// noteOrdinary decides whether a segment with neither SYN, FIN nor RST is a fact: while the
// handshake is not proved on both sides, and once a FIN or RST has passed.
func (c *Conn) noteOrdinary(p *FactPool, tx, rx *Half, s *wire.Segment, before, sent reassembly.Pos) {
	closing := (tx.Flags | rx.Flags).Has(SentFIN | SentRST)
	answersFIN := rx.Flags.Has(SentFIN) && tx.Acked > rx.FIN
	switch {
	case answersFIN && before <= rx.FIN:
		// the first to acknowledge the FIN
	case tx.Flags.Has(doubted) && c.Facts.N < maxOpening && int32(s.Ack-uint32(tx.Acked)) < 0:
		// it contradicts the one before
	case rx.Packets == 0:
		c.noteAdvance(p, tx, s, before)
		return
	case !closing && c.Facts.N < maxOpening && tx.isStray(rx, s):
		// The one that the peer takes is to come.
	case tx.Flags&notedOrdinary == 0:
		tx.Flags |= notedOrdinary
		if rx.Flags&notedOrdinary != 0 && !closing {
			c.Flags &^= Watching
		}
	case rx.Flags.Has(SentFIN) && !answersFIN && !tx.Flags.Has(unaware) && c.heardFIN(p, tx, s):
		tx.Flags |= unaware
	case s.Len > 0:
		return
	case closing && !answersFIN:
		return
	case !closing && c.Facts.N >= maxOpening:
		p.Dropped++
		return
	}
	if f := c.noteFact(p, s); f != nil && tx.Packets > 1 && reassembly.Unwrap(sent, reassembly.Seq(s.Seq)) > sent {
		f.Bits |= FactSkips
	}
}

// isStray reports whether s, of an opening, is none that the peer of tx takes (RFC 9293 3.10.7.4): it has no ACK, or a number from before the
// connection.
func (h *Half) isStray(peer *Half, s *wire.Segment) bool {
	return !s.Flags.Has(wire.ACK) || h.Flags.Has(ISNKnown) && int32(s.Seq-h.ISN()) <= 0 || peer.Flags.Has(ISNKnown) && int32(s.Ack-peer.ISN()) <= 0
}

// heardFIN reports whether tx sent s after the latest FIN of its peer had arrived, if it did.
func (c *Conn) heardFIN(p *FactPool, tx *Half, s *wire.Segment) bool {
	fin := Time(0)
	for f := range c.Facts.All(p) {
		if f.Dir() != s.Dir && IsFIN(f) {
			fin = f.Time
		}
	}
	return Time(s.Time) > fin+tx.margin()
}

// noteAdvance keeps the latest advance of the acknowledgments of a side whose peer is
// not captured: if it is one octet and the last, it is the peer's FIN.
func (c *Conn) noteAdvance(p *FactPool, tx *Half, s *wire.Segment, before reassembly.Pos) {
	if tx.Flags&notedOrdinary == 0 {
		tx.Flags |= notedOrdinary
		c.noteFact(p, s)
		return
	}
	if tx.Acked == before {
		return
	}
	if f := c.Facts.Newest(p); !IsRST(f) && f.Bits.Has(FactAdvance) {
		p.News++
		f.Time, f.Ahead, f.Seq, f.Ack, f.Len = Time(s.Time), c.Ahead(s), s.Seq, s.Ack, advance(tx.Acked-before)
		return
	}
	if f := c.noteFact(p, s); f != nil {
		f.Bits |= FactAdvance
		f.Len = advance(tx.Acked - before)
	}
}

// BreakTime is the least pause, beyond what the distance explains, in which a sender with
// more to send would have gone on.
const BreakTime = 1e6

func advance(n reassembly.Pos) uint16 { return uint16(min(n, 1<<16-1)) }

// measure keeps the distance between the tap and the sender of s: the least time that
// passed between a segment towards it and its answer. Ranges sent twice tell nothing.
func (tx *Half) measure(rx *Half, s *wire.Segment, grew bool) {
	now := Time(s.Time)
	if grew {
		tx.launch(now, s.Len > 0)
	}
	rx.deaf = 0
	if !grew && tx.deaf < 255 && reassembly.Seq(s.Seq) != tx.End.Seq() {
		tx.deaf++
	}
	if rx.Flags.Has(flying) && tx.Acked >= rx.End {
		rx.land(now, s.Window > 0)
	}
	if rx.Probe != 0 && tx.Acked >= rx.Probe {
		if d := now - rx.ProbeTime; tx.Acked <= rx.End && (tx.Distance == 0 || d < tx.Distance) { // an ACK of what was not captured may be forged
			tx.Distance = min(max(d, 1), MaxSpan)
		}
		rx.Probe = 0
	}
	switch {
	case s.SeqLen() == 0:
	case !grew:
		tx.Probe = 0
	case tx.Probe == 0:
		tx.Probe, tx.ProbeTime = tx.End, now
	}
}

// launch notes that the half sends something new.
func (h *Half) launch(now Time, data bool) {
	if data && (h.BusySince == 0 || !h.Flags.Has(flying|blocked) && !h.justLanded(now)) {
		h.BusySince = now
	}
	if !h.Flags.Has(flying) && now < h.idleSince+h.Distance*3/4 {
		h.idleSince = 0 // it was under way when that was acknowledged
	}
	h.Flags = h.Flags&^blocked | flying
}

// land notes that the peer has acknowledged all that the half sent, and whether it wants more.
func (h *Half) land(now Time, open bool) {
	if !open {
		h.Flags |= blocked
		return
	}
	h.Flags &^= flying
	h.idleSince = now
}

// Pauses reports whether nothing of what the half sent is in flight at now, and it had heard that, and had room to go on, so long ago that
// it would have gone on by then if it had had more to send.
func (h *Half) Pauses(now Time) bool { return h.Flags&(flying|blocked) == 0 && !h.justLanded(now) }

// HadNoMore is Pauses for a half in the middle of a transfer, of which nothing is in a queue any more: its way to the tap takes no longer
// than a quarter more than the least, and it delays nothing.
func (h *Half) HadNoMore(now Time) bool {
	if h.AtTap() {
		return h.Pauses(now)
	}
	return h.Flags&(flying|blocked) == 0 && now-h.idleSince > h.Distance+h.Distance/4+BreakTime
}

// justLanded reports whether what the half sends now may have waited for what it heard last: it had nothing
// in flight, but not for long. Behind a queue that comes and goes it may take some times the least distance.
func (h *Half) justLanded(now Time) bool {
	if h.AtTap() {
		return now-h.idleSince <= h.margin()+BreakTime
	}
	return now-h.idleSince <= 4*h.Distance+AckDelay
}

// busy is since when a FIN may wait for its turn of which the capture has nothing up to now; 0: none does. It may be what the peer
// acknowledges behind all that was captured. Who heard that nothing is in flight any more, and sent something else, had none to send.
// If it may only not have heard that yet, landed is since when.
func (h *Half) busy(peer *Half, now Time) (since, landed Time) {
	switch {
	case h.Flags.Has(flying|blocked) || peer.Acked > h.End:
		return h.BusySince, 0
	case h.justLanded(now) && h.Last <= h.idleSince+h.margin():
		return h.BusySince, h.idleSince
	}
	return 0, 0
}

// waited is since when a FIN that the half sends now, which it did not before, may have waited for its turn
// behind data or a closed window; 0: it did not. was are its flags before.
func (h *Half) waited(now Time, data bool, was halfFlags) Time {
	if data || was.Has(flying) || was.Has(blocked) && h.justLanded(now) {
		return h.BusySince
	}
	return 0
}

// MinRTO is the least retransmission timeout that a stack in wide use has (Linux's). RFC 6298 2.4 wants a
// second.
const MinRTO Time = 200e6

// AckDelay is how long hosts commonly delay an ACK. A FIN that comes in that time, and is the first to acknowledge
// the peer's, is not the second copy of one that crossed it: that would need two losses.
const AckDelay = 40e6

// RoundTrip is the longest that is common: what comes later is not the kernel's answer.
const RoundTrip Time = 500e6
