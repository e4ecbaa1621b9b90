package analyzer

import (
	"regexp"
	"slices"

	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

// A socket that is connected to itself (a simultaneous open with nobody else: RFC 9293 3.5, figure 8) is both endpoints: what
// it sends it gets from its peer. Each of its segments is tracked once for either direction, so that states and
// anomalies are those of a connection whose ends do the same at the same time. Counted, and told to who watches, are the
// segments of one direction, 0, which is the client's.

// isSelf reports whether both sockets of k are one.
func isSelf(k *wire.Key) bool { return k.PortA == k.PortB && k.A == k.B }

// echo tracks a segment as what the peer sent, who is its sender. It goes first: what a segment acknowledges was sent before,
// and not with it.
func (t *Tracker) echo(s *wire.Segment, hash uint32, again bool, out *Output) {
	back := *s
	back.Dir = 1 - s.Dir
	t.segment(&back, hash, again, out)
}

// isEcho reports whether s, a segment of c, is what echo made of one.
func (c *conv) isEcho(s *wire.Segment) bool { return s.Dir != 0 && isSelf(&c.key) }

// Self reports whether one socket is both endpoints: it is connected to itself. All that it sent is the client's.
func (c *Conversation) Self() bool { return c.Addr[Client] == c.Addr[Server] }

var eitherSide = regexp.MustCompile(`\b(the )?(client|server)\b`)

// OneSocket is a text about client and server that are one socket.
func OneSocket(text string) string { return eitherSide.ReplaceAllString(text, "the socket") }

// unite makes what is said of both sides of a socket that is connected to itself one: the RST that it sends it gets.
func (j *Judgment) unite() {
	steps := j.Trajectory[Server]
	if n := len(steps); n > 0 && steps[n-1].Cause == fsm.SendRST {
		j.Trajectory[Client], j.State[Client] = steps, j.State[Server]
	}
}

// uniteAnomalies is the same for anomalies: each is the client's, once.
func (s *scene) uniteAnomalies() {
	list := s.anomalies[:0]
	for _, a := range s.anomalies {
		a.self = true
		if a.HasSide {
			a.Side = Client
		}
		if !slices.ContainsFunc(list, func(b Anomaly) bool { return b.Kind == a.Kind && b.Frame == a.Frame }) {
			list = append(list, a)
		}
	}
	s.anomalies = list
}
