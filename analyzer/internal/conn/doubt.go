package conn

import (
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// An ACK proves the receipt of what had been sent before it, and of nothing else. One of bytes that were not captured is doubted: either the
// capture lacks them, or they had not been sent, and somebody forged the ACK, or broke it. What both sides send next may tell. Then it moved
// nobody, and what it acknowledged is as it was.

// Doubt is what is known of an ACK of bytes that were not captured.
type Doubt uint8

const (
	Undecided  Doubt = iota
	SentUnseen       // they had been sent
	NotSent
)

// doubt begins to doubt the acknowledgment in s, which went from before to n bytes beyond all that was captured, or goes on to.
func (c *Conn) doubt(m *Incident, s *wire.Segment, before, n reassembly.Pos) {
	tx, rx := &c.Half[s.Dir], &c.Half[1-s.Dir]
	if m.Run.Since == 0 {
		m.Run.Begin(Time(s.Time))
		m.Hole.From, m.Run.Total, m.Run.Longest = before, Time(m.Amount)-Time(n), rx.Last
		tx.Flags |= doubted
		c.Flags |= alert
	}
	m.Hole.To = tx.Acked
}

// Premature reports whether s, which acknowledges more than was captured, acknowledges what its peer cannot have sent before: more than its
// SYN-ACK sooner than the ACK of that can have come to it, but with fast open, or more than its FIN.
func (c *Conn) Premature(s *wire.Segment) bool {
	tx, rx := &c.Half[s.Dir], &c.Half[1-s.Dir]
	switch {
	case !rx.Flags.Has(ISNKnown):
		return false
	case rx.Flags.Has(SentFIN):
		return rx.End == rx.FIN+1
	}
	const sent = SentSYN | SentSYNACK | SentACK | SentData
	return rx.Flags&sent == SentSYNACK && rx.End == rx.Start && rx.Acked == tx.Start && Time(s.Time) < rx.Last+rx.Distance*3/4
}

// declines reports whether the RST in s, which is out of place, is what SYN_RCVD answers to an ACK that is not of its SYN-ACK: one with the
// number of that, and it goes on (RFC 9293 3.10.7.4).
func (h *Half) declines(s *wire.Segment) bool {
	const sent = SentSYNACK | SentACK | SentData | SentFIN
	return h.Flags&sent == SentSYNACK && h.Flags.Has(Provoked) && !s.Flags.Has(wire.ACK)
}

// Declined takes back the first ACK of a side, of more than was captured of its peer, which sent nothing but SYN-ACKs, if s is the RST by which
// that declines it.
func (c *Conn) Declined(p *FactPool, s *wire.Segment) {
	const sent = SentSYNACK | SentACK | SentData | SentFIN
	tx := &c.Half[s.Dir&1]
	if s.Flags&(wire.SYN|wire.RST|wire.ACK) != wire.RST || tx.Flags&sent != SentSYNACK {
		return
	}
	m := c.Find(&p.Incidents, IncidentUnseen, s.Dir&1)
	if m == nil || m.Run.Since == 0 || m.Hole.From != 0 || s.Seq != uint32(m.Hole.To) {
		return
	}
	c.denyACK(p, m, 1-s.Dir&1, tx.End)
	c.Provoke(tx)
}

// Doubts judges by s the doubted acknowledgment of direction acker; acked and sent are how far the sender of s had come before it.
func (c *Conn) Doubts(p *IncidentPool, acker uint8, s *wire.Segment, acked, sent reassembly.Pos) Doubt {
	m := c.Find(p, IncidentUnseen, 1-acker)
	if m == nil || m.Run.Since == 0 || s.Flags.Any(wire.SYN|wire.RST) {
		return Undecided
	}
	pos := reassembly.Unwrap(sent, reassembly.Seq(s.Seq))
	inOrder := pos == sent
	if s.Dir == acker {
		// RCV.NXT does not go back: who sends something new has not received what it does not acknowledge.
		if inOrder && s.SeqLen() > 0 && s.Flags.Has(wire.ACK) && acked == m.Hole.To && reassembly.Unwrap(acked, reassembly.Seq(s.Ack)) < acked {
			return NotSent
		}
		return Undecided
	}
	tx, now := &c.Half[s.Dir], Time(s.Time)
	switch {
	case sent >= m.Hole.To || pos >= m.Hole.To:
		return SentUnseen
	case s.Flags.Has(wire.FIN) && pos+reassembly.Pos(s.SeqLen()) < m.Hole.To:
		return NotSent // nor ever will be
	case !inOrder || now-m.Last < CaptureSkew:
		return Undecided
	case tx.Flags.Has(SentRST) && c.rare[s.Dir].rstSeq == uint32(m.Hole.To):
		return NotSent // SYN_RCVD answers such an ACK by an RST with its number (RFC 9293 3.10.7.4), and goes on
	case s.SeqLen() == 0, now-m.Run.Longest < MinRTO:
		return NotSent // it has the next number that its sender will use; or no timer can have sent it again
	}
	return Undecided
}

// weigh takes from the doubted acknowledgments what s, which c has taken, tells of them; acked and sent are how far its sender had come
// before it. It returns acked as it then is.
func (c *Conn) weigh(p *FactPool, s *wire.Segment, acked, sent reassembly.Pos) reassembly.Pos {
	for acker := range uint8(2) {
		h := &c.Half[acker]
		if !h.Flags.Has(doubted) {
			continue
		}
		m := c.Find(&p.Incidents, IncidentUnseen, 1-acker)
		switch c.Doubts(&p.Incidents, acker, s, acked, sent) {
		case Undecided:
			if s.Dir != acker {
				m.Run.Longest = Time(s.Time)
			}
		case SentUnseen:
			c.settleDoubt(m, h)
		case NotSent:
			end := c.Half[1-acker].End
			if s.Dir != acker {
				end = sent
			}
			c.denyACK(p, m, acker, end)
			if s.Dir == acker {
				acked = m.Hole.From
				h.Acked = max(h.Acked, reassembly.Unwrap(end, reassembly.Seq(s.Ack)))
			}
		}
	}
	return acked
}

// disregard takes back the acknowledgment of the first FIN, in s, and of what comes with it if that was not sent before, if it passed some
// time ago: who sends it, be it again, does not know of that.
func (c *Conn) disregard(p *FactPool, tx, rx *Half, s *wire.Segment) {
	pos := reassembly.Unwrap(tx.End, reassembly.Seq(s.Seq))
	fin := pos + reassembly.Pos(s.Len)
	m := c.Find(&p.Incidents, IncidentUnseen, s.Dir)
	switch {
	case tx.Flags.Has(SentFIN) || rx.Acked <= fin || m == nil || Time(s.Time)-m.Last <= max(CaptureSkew, tx.margin()):
	case pos == tx.End:
		rx.Acked = pos
	default:
		rx.Acked = fin
	}
}

func (c *Conn) settleDoubt(m *Incident, h *Half) {
	m.Run.Since, m.Run.Total, m.Run.Longest = 0, 0, 0
	h.Flags &^= doubted
}

// denyACK takes back the acknowledgment of direction acker, of what its peer, which has come to end, had not sent.
func (c *Conn) denyACK(p *FactPool, m *Incident, acker uint8, end reassembly.Pos) {
	h := &c.Half[acker]
	m.Amount = min(m.Amount, int64(m.Run.Total))
	h.Acked = m.Hole.From
	c.settleDoubt(m, h)
	for f := range c.Facts.All(p) {
		if f.Dir() == acker && IsOrdinary(f) && !f.Any(wire.FIN) && reassembly.Unwrap(end, reassembly.Seq(f.Ack)) > end {
			f.Bits |= FactForeign
		}
	}
	if h.Acked == 0 { // it was the first
		h.Flags &^= notedOrdinary
		c.Flags |= Watching
	}
	p.News++
}

// Unplace takes back the acknowledgment that gave a place to the peer of who sends s, of which nothing was captured so far: s, which
// acknowledges less, brings something new, and RCV.NXT does not go back. It reports whether it did; s gives the place.
func (c *Conn) Unplace(p *FactPool, s *wire.Segment) bool {
	tx, rx := &c.Half[s.Dir], &c.Half[1-s.Dir]
	switch {
	case s.Len == 0 || s.Seq != uint32(tx.End) || s.Flags&(wire.SYN|wire.RST|wire.ACK) != wire.ACK:
		return false
	case tx.Acked == 0 || rx.Flags.Has(ISNKnown|Spoke|SentData):
		return false
	}
	c.denyBeyond(p, s)
	ack := reassembly.Unwrap(rx.End, reassembly.Seq(s.Ack))
	if tx.Acked, tx.RightWin = ack, 0; rx.Start > ack {
		tx.Acked, rx.Start, rx.End = 0, 0, 0
		tx.Flags &^= notedOrdinary
		rx.place(s.Ack)
	}
	c.Flags |= Watching
	p.News++
	return true
}

// denyBeyond takes from the facts the ACKs of more than s acknowledges, all of the sender of s, and the RSTs that answer them.
func (c *Conn) denyBeyond(p *FactPool, s *wire.Segment) {
	for f := range c.Facts.All(p) {
		switch {
		case IsOrdinary(f) && !f.Any(wire.FIN) && int32(f.Ack-s.Ack) > 0:
			f.Bits |= FactForeign
		case f.Dir() != s.Dir && IsPlainRST(f) && int32(f.Seq-s.Ack) > 0:
			f.Bits = f.Bits&^(FactAccepted|FactOwnNumber) | FactOutside | FactForeign
			c.Flags &^= WasReset | Ended
		}
	}
}
