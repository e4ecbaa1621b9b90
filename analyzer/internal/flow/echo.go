package flow

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
)

// A socket that is connected to itself (a simultaneous open with nobody else: RFC 9293 3.5, figure 8) is both endpoints: what
// it sends it gets from its peer. Each of its segments is tracked once for either direction, so that states and
// anomalies are those of a connection whose ends do the same at the same time. Counted, and told to who watches, are the
// segments of one direction, 0, which is the client's.

// echo tracks a segment as what the peer sent, who is its sender. It goes first: what a segment acknowledges was sent before,
// and not with it.
func (t *Tracker) echo(s *wire.Segment, hash uint32, again bool, out *Output) Placement {
	back := *s
	back.Dir = 1 - s.Dir
	return t.segment(&back, hash, again, out)
}

// isEcho reports whether s, a segment of c, is what echo made of one.
func isEcho(c *conn.Conn, s *wire.Segment) bool { return s.Dir != 0 && conn.IsSelf(&c.Key) }
