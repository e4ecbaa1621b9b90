package analyzer

import (
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// hole is a range of one direction's bytes that the capture skipped. If they are sent later, they were lost
// before the tap or overtaken; if they are acknowledged first, the capture lacks them. Of several
// holes at once only the first is followed: enough to say that there are some.
type hole struct {
	from, to reassembly.Pos // none is left if they are equal
	passed   bool           // it was acknowledged
}

// openHole notes that tx goes on behind bytes that were not captured.
func (c *conv) openHole(p *markPool, from, to reassembly.Pos, s *wire.Segment) {
	if c.half[s.Dir].flags.has(fragmented) || to-from > 1<<30 {
		return
	}
	m := c.find(p, markHole, s.Dir)
	if m == nil {
		m = c.mark(p, markHole, s.Dir, s, 0)
	}
	if m.hole.from < m.hole.to && !m.hole.passed {
		return
	}
	m.hole = hole{from: from, to: to}
	c.flags |= holed | alert
}

// fillHole takes out what s brings of a hole. If that was acknowledged just before, the
// capture has it behind its ACK.
func (c *conv) fillHole(p *markPool, tx *half, s *wire.Segment) {
	m := c.find(p, markHole, s.Dir)
	if m == nil || s.SeqLen() == 0 {
		return
	}
	h := &m.hole
	from := reassembly.Unwrap(tx.end, reassembly.Seq(s.Seq))
	to := from + reassembly.Pos(s.SeqLen())
	from, to = max(from, h.from), min(to, h.to)
	if from >= to {
		return
	}
	if unseen := c.find(p, markUnseen, s.Dir); h.passed && unseen != nil && Time(s.Time)-unseen.last <= captureSkew {
		unseen.amount = max(0, unseen.amount-int64(to-from))
		c.mark(p, markReordered, s.Dir, s, 0)
	}
	switch {
	case from == h.from:
		h.from = to
	case to == h.to:
		h.to = from
	default:
		h.to = from // the rest is not followed
	}
}

// passHole notes that tx acknowledges what the capture skips.
func (c *conv) passHole(p *markPool, tx *half, s *wire.Segment) {
	m := c.find(p, markHole, 1-s.Dir)
	if m == nil || m.hole.passed || !s.Flags.Has(wire.ACK) || c.half[1-s.Dir].flags.has(fragmented) {
		return
	}
	h := &m.hole
	if n := min(tx.acked, h.to) - h.from; n > 0 {
		c.gap(p, s, n)
		h.passed = true
	}
}

// lacks reports whether segments of a direction were acknowledged that were not captured.
func (c *conv) lacks(p *factPool, dir uint8) bool {
	m := c.find(&p.marks, markUnseen, dir)
	return m != nil && m.amount > 0
}
