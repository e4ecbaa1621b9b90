package analyzer

import "tcptrace/internal/wire"

// A socket that is connected to itself (a simultaneous open with nobody else: RFC 9293 3.5, figure 8) is both endpoints: what
// it sends it gets from its peer. Each of its segments is tracked once for either direction, so that states and
// anomalies are those of a connection whose ends do the same at the same time. Counted are the segments of one direction.

// echo tracks a segment as what the peer sent, who is its sender.
func (t *Tracker) echo(s *wire.Segment, hash uint32, out *Output) {
	back := *s
	back.Dir = 1 - s.Dir
	t.segment(&back, hash, out)
}

// isSelf reports whether c is such a connection.
func (c *conv) isSelf() bool { return c.key.PortA == c.key.PortB && c.key.A == c.key.B }
