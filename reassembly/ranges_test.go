package reassembly

import (
	"slices"
	"testing"
	"unsafe"
)

// check compares every answer of r with the obvious one.
func check(t *testing.T, r *Ranges, p *Pool, held []bool) {
	t.Helper()
	var want []Range
	for i, h := range held {
		switch n := len(want); {
		case h && n > 0 && want[n-1].Hi == Pos(i):
			want[n-1].Hi++
		case h:
			want = append(want, Range{Pos(i), Pos(i) + 1})
		}
	}
	if got := slices.Collect(r.All(p)); !slices.Equal(got, want) {
		t.Fatalf("holds %v, want %v", got, want)
	}
	if r.Len() != len(want) {
		t.Fatalf("Len %d, want %d", r.Len(), len(want))
	}
	var first Range
	var end Pos
	if len(want) > 0 {
		first, end = want[0], want[len(want)-1].Hi
	}
	if r.First(p) != first || r.End() != end {
		t.Fatalf("First %v, End %d; want %v, %d", r.First(p), r.End(), first, end)
	}
}

// checkWindow compares the answers about [lo,hi).
func checkWindow(t *testing.T, r *Ranges, p *Pool, held []bool, lo, hi Pos) {
	t.Helper()
	missing := int64(0)
	for _, h := range held[lo:max(lo, hi)] {
		if !h {
			missing++
		}
	}
	if got := r.Missing(p, lo, hi); got != missing {
		t.Fatalf("Missing(%d, %d) = %d, want %d", lo, hi, got, missing)
	}
	if got := r.Contains(p, lo, hi); got != (missing == 0) {
		t.Fatalf("Contains(%d, %d) = %v, %d are missing", lo, hi, got, missing)
	}
	at := lo
	for g := range r.Gaps(p, lo, hi) {
		if g.Lo < at || g.Hi > hi || g.Len() <= 0 || g.Lo > lo && !held[g.Lo-1] || g.Hi < hi && !held[g.Hi] {
			t.Fatalf("Gaps(%d, %d): %v after %d", lo, hi, g, at)
		}
		for _, h := range held[g.Lo:g.Hi] {
			if h {
				t.Fatalf("Gaps(%d, %d): %v is held in part", lo, hi, g)
			}
		}
		missing -= g.Len()
		at = g.Hi
	}
	if missing != 0 {
		t.Fatalf("Gaps(%d, %d) left %d bytes out", lo, hi, missing)
	}
}

// Each three bytes of ops are an operation on two sets that share a Pool.
// Nothing is dropped: the bitmap is short enough for the bound.
func FuzzRanges(f *testing.F) {
	f.Add([]byte{0, 10, 5, 0, 15, 5, 0, 40, 3, 0, 30, 3, 0, 20, 30, 4, 25, 0})
	var holes []byte
	for i := range byte(60) {
		holes = append(holes, 0, i*4, 2)
	}
	f.Add(holes)
	f.Add(append(slices.Clone(holes), 4, 100, 0, 1, 7, 200, 5, 0, 0, 0, 3, 250))
	f.Fuzz(func(t *testing.T, ops []byte) {
		const size = 512
		p := NewPool(10_000)
		var sets [2]Ranges
		held := [2][]bool{make([]bool, size), make([]bool, size)}
		for ; len(ops) >= 3; ops = ops[3:] {
			which := ops[0] & 1
			r, h := &sets[which], held[which]
			lo := Pos(ops[1])
			hi := lo + Pos(int8(ops[2]))
			if ops[0]&2 != 0 {
				hi = lo + Pos(ops[2])&7
			}
			switch {
			case ops[0]&4 == 0:
				fresh := int64(0)
				for i := lo; i < hi; i++ {
					if !h[i] {
						h[i] = true
						fresh++
					}
				}
				if got := r.Add(p, lo, hi); got != fresh {
					t.Fatalf("Add(%d, %d) = %d, want %d", lo, hi, got, fresh)
				}
			case ops[0]&8 == 0:
				removed := int64(0)
				for i := range lo {
					if h[i] {
						h[i] = false
						removed++
					}
				}
				if got := r.TrimBelow(p, lo); got != removed {
					t.Fatalf("TrimBelow(%d) = %d, want %d", lo, got, removed)
				}
			default:
				r.Release(p)
				clear(h)
			}
			check(t, r, p, h)
			checkWindow(t, r, p, h, lo, max(lo, hi))
			checkWindow(t, r, p, h, 0, size)
			if r.Dropped() != 0 {
				t.Fatalf("dropped %d with room to spare", r.Dropped())
			}
		}
		check(t, &sets[0], p, held[0])
		check(t, &sets[1], p, held[1])
		sets[0].Release(p)
		sets[1].Release(p)
		if len(p.free) != len(p.lists) || p.budget != 10_000-firstList*len(p.lists) {
			t.Fatalf("the pool lost room: %d of %d lists free, %d left", len(p.free), len(p.lists), p.budget)
		}
	})
}

// At the bound the set claims too much, never too little, and stays in order.
func FuzzRangesBound(f *testing.F) {
	f.Add([]byte{1, 2, 9, 2, 3, 2, 5, 2, 7, 2, 20, 1, 15, 1}, uint8(0))
	f.Add([]byte{200, 2, 9, 2, 3, 2, 5, 2, 7, 2, 20, 1, 15, 1, 40, 1, 60, 1}, uint8(20))
	f.Fuzz(func(t *testing.T, ops []byte, budget uint8) {
		p := NewPool(int(budget))
		if budget == 0 {
			p = nil
		}
		var r Ranges
		var added [512]bool
		for ; len(ops) >= 2; ops = ops[2:] {
			lo, hi := Pos(ops[0]), Pos(ops[0])+Pos(ops[1]%8)
			before, missing := r.Dropped(), r.Missing(p, lo, hi)
			if fresh := r.Add(p, lo, hi); fresh != missing {
				t.Fatalf("Add(%d, %d) = %d, but %d were missing", lo, hi, fresh, missing)
			}
			if r.Dropped() > before+1 {
				t.Fatalf("one range dropped %d gaps", r.Dropped()-before)
			}
			for i := lo; i < hi; i++ {
				added[i] = true
			}
			for i, a := range added {
				if a && !r.Contains(p, Pos(i), Pos(i)+1) {
					t.Fatalf("lost %d", i)
				}
			}
			last := Range{-2, -2}
			for o := range r.All(p) {
				if o.Lo <= last.Hi || o.Len() <= 0 {
					t.Fatalf("%v after %v", o, last)
				}
				last = o
			}
			if p == nil && r.Len() > inlineOlder+1 {
				t.Fatalf("%d ranges without a pool", r.Len())
			}
		}
	})
}

func TestBoundClosesNarrowestGap(t *testing.T) {
	var r Ranges
	for _, lo := range []Pos{100, 200, 215, 300} { // gaps of 90, 5, 75
		r.Add(nil, lo, lo+10)
	}
	if fresh := r.Add(nil, 400, 410); fresh != 10 || r.Dropped() != 1 {
		t.Errorf("fresh %d, dropped %d", fresh, r.Dropped())
	}
	want := []Range{{100, 110}, {200, 225}, {300, 310}, {400, 410}}
	if got := slices.Collect(r.All(nil)); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Hostile input cannot make a set longer than MaxRanges, or a pool larger than its limit.
func TestBounds(t *testing.T) {
	const limit = 1000
	p := NewPool(limit)
	sets := make([]Ranges, 100)
	for i := range Pos(2 * MaxRanges) {
		for s := range sets {
			sets[s].Add(p, 10*i, 10*i+1)
		}
	}
	held, dropped := 0, 0
	for s := range sets {
		held += sets[s].Len()
		dropped += int(sets[s].Dropped())
	}
	if held+dropped != len(sets)*2*MaxRanges {
		t.Errorf("%d held, %d dropped: some are unaccounted for", held, dropped)
	}
	room := 0
	for _, l := range p.lists {
		room += cap(l)
	}
	if room > limit || p.budget != limit-room {
		t.Errorf("the pool holds %d, %d left of %d", room, p.budget, limit)
	}

	var lone Ranges
	p = NewPool(1 << 20)
	for i := range Pos(10 * MaxRanges) {
		lone.Add(p, 10*i, 10*i+1)
	}
	if lone.Len() != MaxRanges || lone.Dropped() != 9*MaxRanges {
		t.Errorf("%d ranges, %d dropped", lone.Len(), lone.Dropped())
	}
}

// The promises to the analyzer's tables: small, and silent in steady state.
func TestCost(t *testing.T) {
	if size := unsafe.Sizeof(Ranges{}); size > 80 {
		t.Errorf("Ranges takes %d bytes", size)
	}
	if size := unsafe.Sizeof(Scoreboard{}); size > 104 {
		t.Errorf("Scoreboard takes %d bytes", size)
	}
	p := NewPool(1000)
	var r Ranges
	at := Pos(1)
	allocs := testing.AllocsPerRun(100, func() {
		for i := range Pos(10) { // ten holes, then their repair, then the ACK
			r.Add(p, at+i*200+100, at+i*200+200)
		}
		for g := range r.Gaps(p, at, r.End()) {
			_ = g
		}
		for i := range Pos(10) {
			r.Add(p, at+i*200, at+i*200+100)
		}
		at = r.End()
		r.TrimBelow(p, at-1)
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}
