package apart_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/analyzer/capturefile"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/testutil/golden"
)

// capture is the packets of a capture in memory.
type capture struct {
	name string
	packet.Batch
	iface func(uint16) string
}

func load(t testing.TB, name string, paths ...string) *capture {
	t.Helper()
	file := capturefile.Open(paths...)
	c := &capture{name: name, iface: file.Interface}
	var b packet.Batch
	for file.Next(&b) == nil {
		for i, p := range b.Packets {
			c.Add(p, b.Data(i))
		}
	}
	return c
}

// piece is some of its packets, as a source.
type piece struct {
	*capture
	from, to int
}

func (p *piece) Next(b *packet.Batch) error {
	b.Reset()
	for ; p.from < p.to && len(b.Packets) < 100; p.from++ {
		b.Add(p.Packets[p.from], p.Data(p.from))
	}
	if len(b.Packets) == 0 {
		return io.EOF
	}
	return nil
}

func (p *piece) Interface(number uint16) string { return p.iface(number) }

// cut is where a capture is cut into files.
type cut []int

func (c *capture) piece(at cut, i int) *piece {
	from, to := 0, len(c.Packets)
	if i > 0 {
		from = at[i-1]
	}
	if i < len(at) {
		to = at[i]
	}
	return &piece{c, from, to}
}

func name(i int) string { return fmt.Sprintf("file %03d", i) }

func captures(t *testing.T) []string {
	t.Helper()
	return golden.Captures(t)
}

// inOrder reports whether the times of c never go back.
func (c *capture) inOrder() bool {
	return slices.IsSortedFunc(c.Packets, func(a, b packet.Packet) int { return int(a.Time - b.Time) })
}

// inFragments reports whether c has IP fragments: those in two files are not put together.
func (c *capture) inFragments(t *testing.T) bool {
	t.Helper()
	sum, err := analyzer.Run(t.Context(), &piece{c, 0, len(c.Packets)}, noNames, sink(func(*analyzer.Conversation) error { return nil }))
	if err != nil {
		t.Fatal(err)
	}
	return sum.Reassembled+sum.FirstFragments > 0 || slices.ContainsFunc(sum.NotAnalyzed(), func(n analyzer.Count) bool {
		return strings.Contains(n.Reason, "fragment")
	})
}

var noNames = analyzer.Options{NoNames: true}

// again is c again and again: each time the sockets are used anew, a little or a good deal later.
func (c *capture) again(times int, r *rand.Rand) *capture {
	type at struct {
		time int64
		i    int
	}
	var all []at
	for range times {
		later := r.Int64N(1200e9)
		if r.IntN(2) == 0 { // those that ended a short while ago have their sockets still
			later = r.Int64N(60) * 5e9
		}
		for i, p := range c.Packets {
			all = append(all, at{p.Time + later, i})
		}
	}
	slices.SortStableFunc(all, func(a, b at) int { return int(a.time - b.time) })
	out := &capture{name: c.name + " again and again", iface: c.iface}
	for _, x := range all {
		p := c.Packets[x.i]
		p.Time = x.time
		out.Add(p, c.Data(x.i))
	}
	return out
}

// randomCut is at up to n random places of the capture.
func (c *capture) randomCut(r *rand.Rand, n int) cut {
	at := cut{}
	for range 1 + r.IntN(n) {
		at = append(at, r.IntN(len(c.Packets)+1))
	}
	slices.Sort(at)
	return at
}
