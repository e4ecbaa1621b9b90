package plot

import (
	"testing"

	"tcptrace/analyzer"
)

// TestRefused: a SYN that an RST of the other side refuses arrived, though it comes again.
func TestRefused(t *testing.T) {
	for _, c := range []struct {
		name string
		by   analyzer.Side
		ack  int64
		lost bool
	}{
		{"it", analyzer.Server, 1, false},
		{"something else", analyzer.Server, 2, true},
		{"what the other side sent", analyzer.Client, 1, true},
	} {
		l := &ladder{rungs: []rung{{from: analyzer.Client, kind: analyzer.KindSYN, syn: true}}}
		l.refuse(&rung{from: c.by}, c.ack)
		l.lose(&rung{from: analyzer.Client, syn: true})
		if got := l.rungs[0].lost; got != c.lost {
			t.Errorf("the RST refuses %s: lost %v", c.name, got)
		}
	}
}
