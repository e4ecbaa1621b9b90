package conn

import (
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// What lies ahead of missing bytes may be somebody else's, be it that its number is in the window. Its supposed sender shows that it did not
// send that by ending in front of it, by going on there at its peer's answers (turns), or by an ACK: the number of that is the next that it uses.

// DisownAhead takes from the sender of s what lies ahead of missing bytes, if s shows that it did not send that. since is when that passed: what
// filled the hole from then on its sender sent for the first time. Else it is Never.
func (c *Conn) DisownAhead(p *FactPool, s *wire.Segment) (since Time) {
	tx, rx := &c.Half[s.Dir&1], &c.Half[1-s.Dir&1]
	m := c.holeBefore(p, s.Dir, tx.End)
	if m == nil || !s.Flags.Has(wire.ACK) || s.Flags.Any(wire.SYN|wire.RST) || IsSelf(&c.Key) {
		return Never
	}
	pos := reassembly.Unwrap(tx.End, reassembly.Seq(s.Seq))
	switch {
	case pos != m.Hole.From || pos < rx.Acked:
		return Never
	case s.Flags.Any(wire.FIN):
		if pos+reassembly.Pos(s.SeqLen()) >= m.Hole.To { // it fills the hole
			return Never
		}
	case s.Len > 0:
		if !m.isTurn(c, tx, rx, s, m.Hole.To) {
			return Never
		}
	case !c.acksNew(tx, rx, s) || !tx.SentBehind(Ending{Time: m.Time}, rx, s, false):
		return Never
	}
	return c.disownAhead(p, s, m)
}

// disownAhead has the sender of s be where the hole of m begins, and returns when that was opened.
func (c *Conn) disownAhead(p *FactPool, s *wire.Segment, m *Incident) (since Time) {
	tx := &c.Half[s.Dir]
	since = m.Time
	if m.Run.Times > 0 {
		strange := c.Find(&p.Incidents, IncidentStrange, s.Dir)
		if strange == nil {
			strange = c.Note(&p.Incidents, IncidentStrange, s.Dir, s, 0)
		}
		if strange.Amount == 0 {
			strange.Time, strange.Ahead, strange.Count = m.Time, m.Ahead, 1
		}
		strange.Amount |= BadEnd | BadPosition
	}
	tx.End = m.Hole.From
	c.run[s.Dir] = uint32(m.Run.Longest)
	m.Hole = Hole{}
	c.forgetRepairs(p, s.Dir, since)
	p.News++
	return since
}

// forgetRepairs takes back what was noted of repairs since then in a direction: its sender sent that for the first time.
func (c *Conn) forgetRepairs(p *FactPool, dir uint8, since Time) {
	for _, kind := range [...]IncidentKind{IncidentLoss, IncidentLate, IncidentTimer} {
		if m := c.Find(&p.Incidents, kind, dir); m != nil && m.Time > since {
			c.drop(&p.Incidents, kind, dir)
		}
	}
}
