package conn

import (
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// Who aborts a connection sends an RST and has none any more (RFC 9293 3.10.5), and a plain RST is of a host that has none (3.10.7.1). So
// an endpoint that sends anything of the connection behind an RST in its name did not send that.

// Ending is an RST or FIN that passed in the name of an endpoint.
type Ending struct {
	Time   Time
	Seq    uint32
	Aborts bool // an RST with ACK: its number is the next that its sender uses (RFC 9293 3.10.5)
}

// SentBehind reports whether s, which passed behind an RST or FIN in the name of h, was sent behind that, too, and not overtaken by it. It
// acknowledges what h cannot have had yet when that was sent: what passed the tap later, or less than half the way to h and back before.
// Or it is new and from the number on that an RST says is the next, or comes so late that nothing can have overtaken it.
func (h *Half) SentBehind(e Ending, peer *Half, s *wire.Segment, isNew bool) bool {
	if Time(s.Time)-e.Time > max(CaptureSkew, h.Distance) || e.Aborts && isNew && int32(s.Seq-e.Seq) >= 0 {
		return true
	}
	if !s.Flags.Has(wire.ACK) || peer.Probe == 0 || peer.ProbeTime <= e.Time-h.Distance/2 {
		return false
	}
	ack := reassembly.Unwrap(peer.End, reassembly.Seq(s.Ack))
	return ack >= peer.Probe && ack <= peer.End
}

// goesOn takes the RSTs from tx that s shows it did not send.
func (c *Conn) goesOn(p *FactPool, tx, rx *Half, s *wire.Segment, isNew bool) {
	if !tx.Spans(s.Seq) {
		return
	}
	left := false
	for f := range c.Facts.All(p) {
		switch {
		case f.Dir() != s.Dir || !IsRST(f) || f.Bits.Has(FactOutside|FactForeign):
		case tx.SentBehind(Ending{f.Time, f.Seq, f.Has(wire.ACK)}, rx, s, isNew):
			f.Bits |= FactForeign | FactOnPath
			p.News++
		default:
			left = true
		}
	}
	if !left {
		tx.Flags &^= mayBeGone
		if !rx.Flags.Has(mayBeGone) {
			c.Half[0].Flags |= wentOn
		}
	}
}

// MayGoOn reports whether an endpoint, not known to have closed, may go on although an RST in its name ended the connection: a plain one,
// which a device on the path sends, too, that does not know the connection, while its host does.
func (c *Conn) MayGoOn(p *FactPool) bool {
	for dir := range uint8(2) {
		if h := &c.Half[dir]; !h.Flags.Has(mayBeGone) || h.Flags.Has(SentFIN) {
			continue
		}
		rst := c.Facts.Find(p, func(f *Fact) bool { return f.Dir() == dir && IsRST(f) && !f.Bits.Has(FactOutside) })
		if rst != nil && IsPlainRST(rst) {
			return true
		}
	}
	return false
}

// cutsBoth takes from their supposed senders the RST in s, from tx, and those of its peer that passed less than half a round trip before, with
// nothing in between: an RST has no answer (RFC 9293 3.10.7), and that both abort an open connection at one moment is hardly an accident. It
// reports whether there are any: a device between the two reset both. But such a device does not have the clocks of both: where one of the
// RSTs has a timestamp that is its sender's, two aborts crossed.
func (c *Conn) cutsBoth(p *FactPool, tx, rx *Half, s *wire.Segment) (cuts bool) {
	if IsSelf(&c.Key) || (tx.Flags | rx.Flags).Has(SentFIN) || !tx.Flags.Has(SentACK|SentSYNACK) || !rx.Flags.Has(SentACK|SentSYNACK) {
		return false
	}
	var rst Fact
	rst.set(c.Ahead(s), s)
	if c.isStamped(p, &rst) {
		return false
	}
	for f := range c.Facts.All(p) {
		if f.Dir() != s.Dir && IsRST(f) && !f.Bits.Has(FactOutside) && max(tx.Last, rx.Last) <= f.Time && Time(s.Time)-f.Time < (tx.Distance+rx.Distance)/2 &&
			!c.isStamped(p, f) {
			f.Bits |= FactOnPath | FactForeign
			cuts = true
		}
	}
	return cuts
}

// isStamped reports whether an RST has a timestamp that goes on from those of its supposed sender, and echoes one of its peer's: neither is
// older than what was noted of them, nor further on than a clock that ticks each microsecond (RFC 7323 5.4 has 1 ms at least).
func (c *Conn) isStamped(p *FactPool, rst *Fact) bool {
	if !rst.Bits.Has(FactTimestamps) {
		return false
	}
	follows := func(stamp uint32, dir uint8) bool {
		var last *Fact
		for f := range c.Facts.All(p) {
			if f.Dir() == dir && f.Bits.Has(FactTimestamps) && f.Bits&FactForeign == 0 && !IsRST(f) && f.Ahead < rst.Ahead {
				last = f
			}
		}
		return last != nil && Time(stamp-last.TSval) <= (rst.Time-last.Time)/1e3+1
	}
	return follows(rst.TSval, rst.Dir()) && follows(rst.TSecr, 1-rst.Dir())
}

// NoteStray notes a segment that the connection does not take.
func (c *Conn) NoteStray(p *IncidentPool, s *wire.Segment) {
	m := c.Note(p, IncidentStray, s.Dir, s, 0)
	if m.Hole = (Hole{From: reassembly.Pos(s.Ack), To: -1}); !s.Flags.Has(wire.ACK) {
		m.Hole = Hole{From: -1, To: reassembly.Pos(s.Seq + s.SeqLen())}
	}
}

// AnswersStray reports whether s is the RST by which a host without such a connection answers the segment that m is about (RFC 9293
// 3.10.7.1). Some set ACK although that had it.
func (m *Incident) AnswersStray(s *wire.Segment) bool {
	if m.Hole.From < 0 {
		return s.Seq == 0 && s.Flags.Has(wire.ACK) && reassembly.Pos(s.Ack) == m.Hole.To
	}
	return reassembly.Pos(s.Seq) == m.Hole.From
}
