package pool

import (
	"testing"
	"unsafe"
)

func TestValuesStayAndComeAgain(t *testing.T) {
	var p Pool[int]
	const n = 3*chunkSize + 1
	var at [n]*int
	for i := range at {
		if got := p.Get(); got != uint32(i+1) {
			t.Fatalf("value %d of a new pool is %d", i+1, got)
		}
		at[i] = p.At(uint32(i + 1))
		*at[i] = i
	}
	if p.Used() != n {
		t.Errorf("%d values were handed out, it says %d", n, p.Used())
	}
	for i := range at {
		if p.At(uint32(i+1)) != at[i] || *at[i] != i {
			t.Fatalf("value %d moved or changed", i+1)
		}
	}
	p.Put(7)
	p.Put(300)
	if a, b := p.Get(), p.Get(); a != 300 || b != 7 {
		t.Errorf("after 7 and 300 were put back it hands out %d and %d; the last one first is what the cache holds", a, b)
	}
	if got := p.Get(); got != n+1 {
		t.Errorf("with none given back it hands out %d", got)
	}
}

func TestListComesBackWhole(t *testing.T) {
	var p Pool[int]
	a, b, c := p.Get(), p.Get(), p.Get()
	*p.Next(a), *p.Next(c) = c, b
	p.PutList(a)
	p.PutList(0)
	seen := map[uint32]bool{}
	for range 3 {
		i := p.Get()
		seen[i] = true
		if *p.Next(i) != 0 {
			t.Errorf("value %d is handed out with a link to %d", i, *p.Next(i))
		}
	}
	if len(seen) != 3 || p.Used() != 3 {
		t.Errorf("a list of three that came back is handed out as %v, %d in all", seen, p.Used())
	}
}

func TestLinesAreWhole(t *testing.T) {
	type line [64]byte
	var p Pool[line]
	for range 2 * chunkSize {
		if at := uintptr(unsafe.Pointer(p.At(p.Get()))); at%64 != 0 {
			t.Fatalf("a value of a cache line begins at %#x", at)
		}
	}
}

func TestNoAllocationOnceUsed(t *testing.T) {
	var p Pool[[4]uint64]
	p.Put(p.Get())
	if n := testing.AllocsPerRun(1000, func() { p.Put(p.Get()) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
