package apart_test

import (
	"cmp"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/testutil/thorough"
)

// framed is a packet with its bytes.
type framed struct {
	packet.Packet
	data []byte
}

func (c *capture) framed(i int) framed { return framed{c.Packets[i], c.Data(i)} }

// of is a capture of frames, in the order of time.
func of(frames []framed, iface func(uint16) string) *capture {
	c := &capture{name: "some", iface: iface}
	for _, f := range frames {
		c.Add(f.Packet, f.data)
	}
	return c
}

// blend is some captures, and pieces of some, each a few times, at any distance: what uses the same sockets comes in any order.
func blend(r *rand.Rand, all []*capture) *capture {
	var frames []framed
	spread := [...]int64{1e9, 20e9, 70e9, 400e9}[r.IntN(4)]
	for range 2 + r.IntN(8) {
		c := all[r.IntN(len(all))]
		for range 1 + r.IntN(4) {
			later, from, to := r.Int64N(spread), 0, len(c.Packets)
			if r.IntN(2) == 0 {
				from = r.IntN(to)
				to = from + 1 + r.IntN(to-from)
			}
			for i := from; i < to; i++ {
				f := c.framed(i)
				f.Time, f.Iface = 1.7e18+later+f.Time-c.Packets[0].Time, 0
				frames = append(frames, f)
			}
		}
	}
	slices.SortStableFunc(frames, func(a, b framed) int { return cmp.Compare(a.Time, b.Time) })
	return of(frames, all[0].iface)
}

// differs reports whether an analysis of the files differs from one of the whole, whenever all are expected to end.
func (c *capture) differs(t *testing.T, at cut) bool {
	t.Helper()
	want := c.together(t, at, noNames)
	for range 8 {
		if got, _ := c.apart(t, at, noNames); !slices.Equal(got, want) {
			return true
		}
	}
	return false
}

// smallest takes out of c what it can, so that it differs all the same.
func (c *capture) smallest(t *testing.T, at cut) (*capture, cut) {
	for n := len(c.Packets); n > 0; n /= 2 {
		for i := 0; i < len(c.Packets); {
			var frames []framed
			for k := range c.Packets {
				if k < i || k >= i+n {
					frames = append(frames, c.framed(k))
				}
			}
			less, cuts := of(frames, c.iface), cut{}
			for _, a := range at {
				cuts = append(cuts, a-max(0, min(a-i, n)))
			}
			if slices.Sort(cuts); less.differs(t, cuts) {
				c, at = less, cuts
			} else {
				i += n
			}
		}
	}
	return c, at
}

// What is said of a conversation does not depend on what else is captured, wherever it is cut.
func TestBlendsApart(t *testing.T) {
	var all []*capture
	for _, path := range captures(t) {
		if c := load(t, filepath.Base(path), path); c.inOrder() && !c.inFragments(t) && len(c.Packets) > 0 && len(c.Packets) < 150 {
			all = append(all, c)
		}
	}
	rounds := uint64(200)
	if thorough.Asked() {
		rounds = 20_000
	}
	for round := range rounds {
		r := rand.New(rand.NewPCG(round, 99))
		c := blend(r, all)
		at := c.randomCut(r, 1+r.IntN(60))
		if got, _ := c.apart(t, at, noNames); slices.Equal(got, c.together(t, at, noNames)) {
			continue
		}
		c, at = c.smallest(t, at)
		c.compare(t, at, noNames)
		for i := range c.Packets {
			t.Logf("%.6f s: %x", float64(c.Packets[i].Time-c.Packets[0].Time)/1e9, c.Data(i))
		}
		t.Fatalf("round %d: these %d packets, cut at %v", round, len(c.Packets), at)
	}
}
