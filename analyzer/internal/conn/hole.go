package conn

import (
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// Hole is a range of one direction's bytes that the capture skipped. If they are sent later, they were lost
// before the tap or overtaken; if they are acknowledged first, the capture lacks them. Of several
// holes at once only the first is followed: enough to say that there are some.
type Hole struct {
	From, To reassembly.Pos // none is left if they are equal
	Passed   bool           // it was acknowledged
}

// openHole notes that tx goes on behind bytes that were not captured.
func (c *Conn) openHole(p *IncidentPool, from, to reassembly.Pos, s *wire.Segment) {
	if c.Half[s.Dir].Flags.Has(Fragmented) || to-from > Farthest {
		return
	}
	m := c.Find(p, IncidentHole, s.Dir)
	if m == nil {
		m = c.Note(p, IncidentHole, s.Dir, s, 0)
	}
	if m.Hole.From < m.Hole.To && !m.Hole.Passed {
		return
	}
	m.Hole = Hole{From: from, To: to}
	m.Time, m.Ahead, m.Amount = Time(s.Time), c.Ahead(s), 0
	m.Run = run{Most: uint32(c.Half[1-s.Dir].Packets), Longest: Time(c.run[s.Dir]), Times: s.Len}
	c.Flags |= Holed | alert
}

// fillHole takes out what s brings of a hole. If that was acknowledged just before, the
// capture has it behind its ACK.
func (c *Conn) fillHole(p *IncidentPool, tx *Half, s *wire.Segment) {
	m := c.Find(p, IncidentHole, s.Dir)
	if m == nil || s.SeqLen() == 0 {
		return
	}
	h := &m.Hole
	from := reassembly.Unwrap(tx.End, reassembly.Seq(s.Seq))
	to := from + reassembly.Pos(s.SeqLen())
	from, to = max(from, h.From), min(to, h.To)
	if from >= to {
		return
	}
	if unseen := c.Find(p, IncidentUnseen, s.Dir); h.Passed && unseen != nil && Time(s.Time)-unseen.Last <= CaptureSkew {
		unseen.Amount = max(0, unseen.Amount-int64(to-from))
		c.Note(p, IncidentReordered, s.Dir, s, 0)
	}
	switch {
	case from == h.From:
		h.From = to
	case to == h.To:
		h.To = from
	default:
		h.To = from // the rest is not followed
	}
}

// passHole notes that tx acknowledges what the capture skips.
func (c *Conn) passHole(p *IncidentPool, tx *Half, s *wire.Segment) {
	m := c.Find(p, IncidentHole, 1-s.Dir)
	if m == nil || m.Hole.Passed || !s.Flags.Has(wire.ACK) || c.Half[1-s.Dir].Flags.Has(Fragmented) {
		return
	}
	h := &m.Hole
	if n := min(tx.Acked, h.To) - h.From; n > 0 {
		c.gap(p, s, n)
		h.Passed = true
	}
}

// lacks reports whether segments of a direction were acknowledged that were not captured.
func (c *Conn) lacks(p *FactPool, dir uint8) bool {
	m := c.Find(&p.Incidents, IncidentUnseen, dir)
	return m != nil && m.Amount > 0
}
