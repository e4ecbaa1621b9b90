package reassembly

import (
	"slices"
	"testing"
)

const isn = 0xFFFFFF00 // every test crosses the wrap

// rel turns offsets from the stream's first byte into a segment's SACK blocks.
func rel(edges ...uint32) (blocks [][2]uint32) {
	for i := 0; i < len(edges); i += 2 {
		blocks = append(blocks, [2]uint32{isn + 1 + edges[i], isn + 1 + edges[i+1]})
	}
	return blocks
}

func TestScoreboard(t *testing.T) {
	base := Start(isn) + 1
	type ack struct {
		ack  Pos
		sack [][2]uint32
		want Acked
	}
	for _, test := range []struct {
		name string
		acks []ack
		una  Pos
		held []Range
	}{
		{"cumulative", []ack{
			{100, nil, Acked{Advance: 100}},
			{100, nil, Acked{}},
			{500, nil, Acked{Advance: 400}},
		}, 500, nil},
		{"a hole opens, shrinks and is filled", []ack{
			{100, rel(200, 300), Acked{Sacked: 100}},
			{100, rel(200, 400), Acked{Sacked: 100}},
			{100, rel(500, 600, 200, 400), Acked{Sacked: 100}},
			{400, rel(500, 600), Acked{Advance: 300}},
			{600, nil, Acked{Advance: 200}},
		}, 600, nil},
		{"D-SACK below the ACK", []ack{
			{300, nil, Acked{Advance: 300}},
			{300, rel(100, 200), Acked{DSACK: Range{base + 100, base + 200}}},
			{300, rel(200, 300, 400, 500), Acked{DSACK: Range{base + 200, base + 300}, Sacked: 100}},
		}, 300, []Range{{400, 500}}},
		{"D-SACK inside an island", []ack{
			{100, rel(200, 500), Acked{Sacked: 300}},
			{100, rel(300, 400, 200, 500), Acked{DSACK: Range{base + 300, base + 400}}},
			{100, rel(200, 500, 200, 500), Acked{DSACK: Range{base + 200, base + 500}}},
		}, 100, []Range{{200, 500}}},
		{"not D-SACK: two islands", []ack{
			{100, rel(600, 700, 200, 500), Acked{Sacked: 400}},
		}, 100, []Range{{200, 500}, {600, 700}}},
		{"reneging: the ACK stops where an island begins", []ack{
			{100, rel(200, 500, 600, 700), Acked{Sacked: 400}},
			{200, rel(600, 700), Acked{Advance: 100, Reneged: 300}},
		}, 200, []Range{{600, 700}}},
		{"reneging: the ACK stops inside it", []ack{
			{100, rel(200, 500), Acked{Sacked: 300}},
			{250, nil, Acked{Advance: 150, Reneged: 250}},
		}, 250, nil},
		{"an overtaken ACK", []ack{
			{300, rel(400, 500), Acked{Advance: 0, Sacked: 100}},
			{500, nil, Acked{Advance: 200}},
			{200, rel(300, 500), Acked{Stale: true}},
			{200, rel(300, 600), Acked{Stale: true}},
			{200, rel(700, 800), Acked{Stale: true, Sacked: 100}},
		}, 500, []Range{{700, 800}}},
		{"contradictions", []ack{
			{100, rel(300, 200), Acked{Invalid: 1}},                      // ends before it starts
			{100, rel(200, 200), Acked{Invalid: 1}},                      // empty
			{100, rel(200, 1001), Acked{Invalid: 1}},                     // never sent
			{100, rel(100, 200), Acked{Invalid: 1}},                      // adjoins the ACK
			{100, rel(50, 200), Acked{Invalid: 1}},                       // both sides of it
			{100, rel(200, 300, 50, 80), Acked{Sacked: 100, Invalid: 1}}, // a D-SACK must come first
		}, 100, []Range{{200, 300}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := NewPool(100)
			var b Scoreboard
			b.Start(base + test.acks[0].ack - Pos(test.acks[0].want.Advance))
			for i, a := range test.acks {
				if got := b.Ack(p, base+a.ack, base+1000, a.sack); got != a.want {
					t.Errorf("ACK %d: %+v, want %+v", i, got, a.want)
				}
			}
			var held []Range
			for r := range b.Ranges().All(p) {
				held = append(held, Range{r.Lo - base, r.Hi - base})
			}
			if b.Una() != base+test.una || !slices.Equal(held, test.held) {
				t.Errorf("una %d, %v; want %d, %v", b.Una()-base, held, test.una, test.held)
			}
			high := test.una
			for _, h := range test.held {
				high = max(high, h.Hi)
				if !b.Has(p, base+h.Lo, base+h.Hi) || b.Has(p, base+h.Lo-1, base+h.Hi) {
					t.Errorf("Has is wrong about %v", h)
				}
			}
			if b.High() != base+high || !b.Has(p, base, base+test.una) {
				t.Errorf("high %d, want %d", b.High()-base, high)
			}
		})
	}
}

// receiver is a host's side of RFC 2018 and 2883, over a bitmap.
type receiver struct {
	held [256]bool
}

func (r *receiver) island(at int) (lo, hi int) {
	for lo = at; lo > 0 && r.held[lo-1]; lo-- {
	}
	for hi = at; hi < len(r.held) && r.held[hi]; hi++ {
	}
	return lo, hi
}

// segment receives [lo,hi) and answers.
func (r *receiver) segment(lo, hi int) (ack int, sack [][2]uint32, dup Range) {
	dupLo, dupHi := lo, lo // the duplicate bytes that it starts with
	for dupHi < hi && r.held[dupHi] {
		dupHi++
	}
	for i := lo; i < hi; i++ {
		r.held[i] = true
	}
	_, ack = r.island(0)
	if !r.held[0] {
		ack = 0
	}
	if dupLo < dupHi {
		dup = Range{Pos(dupLo), Pos(dupHi)}
		sack = append(sack, rel(uint32(dupLo), uint32(dupHi))...)
	}
	if l, h := r.island(lo); l > ack {
		sack = append(sack, rel(uint32(l), uint32(h))...)
	}
	for i := ack + 1; i < len(r.held) && len(sack) < 3; i++ {
		if l, h := r.island(i); r.held[i] && l == i && !slices.Contains(sack, rel(uint32(l), uint32(h))[0]) {
			sack = append(sack, rel(uint32(l), uint32(h))...)
		}
	}
	return ack, sack, dup
}

// Whatever order segments arrive in, the scoreboard of an honest receiver that sees every
// ACK is the receiver's bitmap; one that sees only some claims no more than it holds.
func FuzzScoreboard(f *testing.F) {
	f.Add([]byte{0, 10, 20, 10, 40, 10, 60, 5, 80, 5, 100, 5, 10, 10, 0, 10, 45, 3}, uint64(0))
	f.Add([]byte{5, 1, 7, 1, 9, 1, 11, 1, 13, 1, 15, 1, 0, 5, 6, 1, 8, 4, 0, 30}, uint64(0b1010110))
	f.Fuzz(func(t *testing.T, arrivals []byte, lost uint64) {
		base := Start(isn) + 1
		p := NewPool(1000)
		var all, some Scoreboard
		all.Start(base)
		some.Start(base)
		var r receiver
		for i := 0; i+1 < len(arrivals); i += 2 {
			lo := int(arrivals[i])
			hi := min(lo+1+int(arrivals[i+1]%16), len(r.held))
			before := r.held
			ack, sack, dup := r.segment(lo, hi)
			nxt := base + Pos(len(r.held))
			got := all.Ack(p, base+Pos(ack), nxt, sack)
			if dup.Len() > 0 {
				dup.Lo, dup.Hi = dup.Lo+base, dup.Hi+base
			}
			fresh := int64(0)
			for i := range before {
				if !before[i] && r.held[i] {
					fresh++
				}
			}
			if got.DSACK != dup || got.Reneged != 0 || got.Invalid != 0 || got.Stale {
				t.Fatalf("%+v after [%d,%d), ACK %d, %v; duplicate %v", got, lo, hi, ack, sack, dup)
			}
			if got.Sacked > fresh || got.Sacked+got.Advance < fresh {
				t.Fatalf("%+v for %d new bytes", got, fresh)
			}
			if lost>>(i/2%64)&1 == 0 {
				if got := some.Ack(p, base+Pos(ack), nxt, sack); got.Reneged != 0 || got.Invalid != 0 || got.Stale {
					t.Fatalf("with ACKs lost: %+v", got)
				}
			}
			for i, h := range r.held {
				at := base + Pos(i)
				if all.Has(p, at, at+1) != h {
					t.Fatalf("byte %d: %v, the receiver says %v", i, !h, h)
				}
				if some.Has(p, at, at+1) && !h {
					t.Fatalf("byte %d is claimed after lost ACKs", i)
				}
			}
		}
	})
}

func FuzzScoreboardHostile(f *testing.F) {
	f.Add([]byte{10, 20, 30, 5, 50, 60, 200, 1, 0, 255, 7, 7})
	f.Fuzz(func(t *testing.T, b []byte) {
		base := Start(isn) + 1
		p := NewPool(64)
		var s Scoreboard
		s.Start(base)
		for ; len(b) >= 6; b = b[6:] {
			// spread over the whole sequence space
			edge := func(i int) uint32 { return uint32(base) + uint32(b[i])<<24 ^ uint32(b[i])*7 }
			una := s.Una()
			a := s.Ack(p, Unwrap(una, Seq(edge(0))), una+Pos(b[1])<<24, [][2]uint32{{edge(2), edge(3)}, {edge(4), edge(5)}})
			if a.Advance < 0 || a.Sacked < 0 || a.Reneged < 0 || s.Una() < una {
				t.Fatalf("%+v, una %d -> %d", a, una, s.Una())
			}
			for r := range s.Ranges().All(p) {
				if r.Lo <= s.Una() {
					t.Fatalf("%v at or below una %d", r, s.Una())
				}
			}
		}
	})
}
