package reassembly

import (
	"math"
	"testing"
)

func TestUnwrap(t *testing.T) {
	for _, test := range []struct {
		ref  Pos
		s    Seq
		want Pos
	}{
		{Start(0), 0, 1 << 32},
		{Start(0), 0xFFFFFFFF, 1<<32 - 1}, // just before an ISN of 0: still positive
		{Start(0xFFFFFFFF), 0, 2 << 32},   // forwards across the wrap: one further
		{Start(0xFFFFFF00), 0x100, 2<<32 + 0x100},
		{2<<32 + 0x100, 0xFFFFFF00, 2<<32 - 0x100}, // backwards across it
		{7<<32 + 5, 5, 7<<32 + 5},
		{7<<32 + 5, 5 + math.MaxInt32, 7<<32 + 5 + math.MaxInt32}, // the furthest ahead
		{7<<32 + 5, 5 + 1<<31, 7<<32 + 5 - 1<<31},                 // as far either way: the lower
	} {
		if got := Unwrap(test.ref, test.s); got != test.want {
			t.Errorf("Unwrap(%#x, %#x) = %#x, want %#x", test.ref, test.s, got, test.want)
		}
	}
}

// A stream of three times 4 GiB, cut anywhere, unwraps to consecutive positions.
func TestUnwrapFollowsStream(t *testing.T) {
	for _, isn := range []Seq{0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF} {
		at := Start(isn)
		for step := range Pos(40) {
			next := at + step*step*step*300_000%(1<<31)
			if got := Unwrap(at, next.Seq()); got != next {
				t.Fatalf("ISN %#x: from %#x: %#x, want %#x", isn, at, got, next)
			}
			if got := Unwrap(next, at.Seq()); got != at {
				t.Fatalf("ISN %#x: back from %#x: %#x, want %#x", isn, next, got, at)
			}
			at = next
		}
	}
}

func FuzzUnwrap(f *testing.F) {
	f.Add(int64(1)<<32, uint32(0xFFFFFFFF))
	f.Add(int64(0x1FFFFFFFF), uint32(0))
	f.Fuzz(func(t *testing.T, ref int64, s uint32) {
		ref %= 1 << 60
		p := Unwrap(Pos(ref), Seq(s))
		if p.Seq() != Seq(s) {
			t.Errorf("position %#x has number %#x, want %#x", p, p.Seq(), s)
		}
		if d := int64(p) - ref; d < math.MinInt32 || d > math.MaxInt32 {
			t.Errorf("%#x is %d away from %#x: not the nearest", p, d, ref)
		}
	})
}
