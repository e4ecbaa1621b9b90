package conn

import (
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// CaptureSkew is by how much taps that are merged into one capture may disagree, and for how
// long a mirror port may hold back a copy. No stack waits less before it sends a
// segment again because of a timer.
const CaptureSkew Time = 10e6

// CaptureDelay is for how long a packet travels, at most, from one tap to another of the same capture that is behind a router: as long as no
// stack sends a segment again because of a timer.
const CaptureDelay = MinRTO

// unseen notes an acknowledgment of bytes that were not captured: before is what tx had acknowledged. It reports whether they can have been
// sent; if not, nothing is acknowledged.
func (c *Conn) unseen(p *IncidentPool, tx, rx *Half, s *wire.Segment, before reassembly.Pos) bool {
	if tx.Acked > before && c.Premature(s) {
		tx.Acked = before
		c.Provoke(rx)
		return false
	}
	n := tx.Acked - max(before, rx.End)
	switch {
	case n <= 0 || n > Farthest || rx.Packets == 0 || rx.Flags.Has(Fragmented) || before == 0 && !rx.Flags.Has(ISNKnown):
		return true
	case rx.Flags&(SentSYN|SentACK|SentData) == SentSYN:
		return true // it has said nothing but SYN: the ACK is of another connection
	}
	c.doubt(c.gap(p, s, n), s, before, n)
	return true
}

// gap notes n bytes that s acknowledges and the capture lacks. What was lacking before, and has come, is not missing since then.
func (c *Conn) gap(p *IncidentPool, s *wire.Segment, n reassembly.Pos) *Incident {
	m := c.Find(p, IncidentUnseen, 1-s.Dir)
	again := m != nil && m.Amount == 0
	if m = c.Note(p, IncidentUnseen, 1-s.Dir, s, int64(n)); again {
		m.Time, m.Ahead = Time(s.Time), c.Ahead(s)
		p.News++
	}
	c.History.repeat(1-s.Dir, 'g', m.Count)
	return m
}

// lateBytes notes that tx sends bytes for the first time, from pos on, that were acknowledged before. If
// they come at once the capture has them in the wrong order; later they are sent again.
func (c *Conn) lateBytes(p *IncidentPool, tx, rx *Half, s *wire.Segment, pos reassembly.Pos) {
	m := c.Find(p, IncidentUnseen, s.Dir)
	if m == nil || Time(s.Time)-m.Last > CaptureSkew {
		return
	}
	m.Amount = max(0, m.Amount-int64(min(tx.End, rx.Acked)-pos))
	c.Note(p, IncidentReordered, s.Dir, s, 0)
}

// markOrdinary looks at a segment with neither SYN, FIN nor RST that answers one: acked and sent are how
// far tx had come before it.
func (c *Conn) markOrdinary(p *IncidentPool, tx, rx *Half, s *wire.Segment, acked, sent reassembly.Pos) {
	if tx.Flags.Has(Provoked) && s.Len == 0 && tx.Acked == acked {
		c.Note(p, IncidentChallenge, s.Dir, s, 0)
		tx.Flags &^= Provoked
	}
	if c.Flags.Has(Holed) {
		c.fillHole(p, tx, s)
		c.passHole(p, tx, s)
	}
	switch {
	case s.Len == 0:
	case tx.Flags.Has(SentFIN):
		if tx.End > sent && sent > tx.FIN {
			c.Note(p, IncidentPastFIN, s.Dir, s, int64(tx.End-sent))
		}
	case rx.Flags.Has(SentFIN) && reassembly.Unwrap(tx.End, reassembly.Seq(s.Seq))+reassembly.Pos(s.Len) > rx.Acked:
		c.markUnsolicited(p, tx, rx, s, tx.End-sent) // else it has come before
	}
}

// markUnsolicited notes data that follows the peer's FIN.
func (c *Conn) markUnsolicited(p *IncidentPool, tx, rx *Half, s *wire.Segment, grown reassembly.Pos) {
	if tx.Acked <= rx.FIN {
		grown = 0 // it may not have heard of the FIN
	}
	c.Note(p, IncidentUnsolicited, s.Dir, s, int64(max(0, grown)))
}

// markFIN notes bytes that come with a FIN.
func (c *Conn) markFIN(p *IncidentPool, tx, rx *Half, s *wire.Segment) {
	pos := reassembly.Unwrap(tx.End, reassembly.Seq(s.Seq))
	fin := pos + reassembly.Pos(s.Len)
	if pos > tx.End && tx.Packets > 1 {
		c.openHole(p, tx.End, pos, s)
	}
	if c.Flags.Has(Holed) {
		c.fillHole(p, tx, s)
		c.passHole(p, tx, s)
	}
	switch {
	case tx.Flags.Has(SentFIN):
		if fin > tx.FIN {
			c.Note(p, IncidentPastFIN, s.Dir, s, int64(fin-tx.FIN))
		}
	case s.Len > 0 && rx.Flags.Has(SentFIN):
		c.markUnsolicited(p, tx, rx, s, fin-tx.End)
	}
}

// Provoke remembers that the endpoint of h was sent what RFC 5961 has it answer
// by a challenge ACK.
func (c *Conn) Provoke(h *Half) {
	h.Flags |= Provoked
	c.Flags |= alert
}

// Captured reports whether s, equal to a frame just before it, at a time, is the same frame. The IP ID
// proves it: a retransmission has another. Where there is none (IPv6, and IPv4 that sets 0 with DF) a SYN
// does, which no stack repeats so soon, and a SYN-ACK if no SYN that it may answer came since; anything else only in a capture that was
// seen to duplicate frames: duplicate ACKs and RSTs are alike.
func (c *Conn) Captured(p *IncidentPool, s *wire.Segment, before Time) bool {
	switch peer := &c.Half[1-s.Dir]; {
	case s.IPID != 0:
		return true
	case s.Flags.Has(wire.SYN | wire.ACK):
		return peer.Last <= before || peer.Flags.Has(SentACK)
	}
	return s.Flags.Any(wire.SYN) || c.Find(p, IncidentDuplicate, 0) != nil || c.Find(p, IncidentDuplicate, 1) != nil
}

// NoteCopy notes a frame that was captured before, with the TTL that copies have now.
func (c *Conn) NoteCopy(p *IncidentPool, s *wire.Segment) {
	c.Note(p, IncidentDuplicate, s.Dir, s, 0).TTL = s.TTL
}
