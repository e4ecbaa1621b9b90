package flight

import (
	"testing"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/reassembly"
)

const size = 100 // bytes of each segment

// first is where the first segment begins: short of where sequence numbers wrap, so that most are behind that.
const first reassembly.Pos = 1<<32 - 250

// end is where segment i ends.
func end(i int) reassembly.Pos { return first + reassembly.Pos(i+1)*size }

// sent is a list of n segments. Their times say which they are.
func sent(p *Pool, n int, oneWay bool) *List {
	f := &List{}
	for i := range n {
		f.Push(p, numbered(i), oneWay)
	}
	return f
}

func numbered(i int) Segment { return Segment{Time: conn.Time(i), End: uint32(end(i))} }

// check fails unless the list has the segments from one on to another, in order, and finds each by its first byte and its last.
func check(t *testing.T, f *List, p *Pool, from, to int) {
	t.Helper()
	if int(f.N) != to-from {
		t.Fatalf("there are %d, want %d", f.N, to-from)
	}
	una := end(from - 1)
	for i := range to - from {
		if got := f.At(p, i); *got != numbered(from+i) {
			t.Fatalf("segment %d is %+v", from+i, *got)
		}
		for _, pos := range [...]reassembly.Pos{end(from+i) - size, end(from+i) - 1} {
			if at := f.Find(p, una, pos); at != i {
				t.Fatalf("byte %d is found at %d, want %d", pos-first, at, i)
			}
		}
	}
	if f.Find(p, una, una-1) != -1 || f.Find(p, una, end(to-1)) != -1 {
		t.Error("what was acknowledged, or not sent yet, is found")
	}
}

// TestAcknowledge: an ACK takes what it covers wholly, whatever the list has for a ring.
func TestAcknowledge(t *testing.T) {
	for _, n := range []int{1, 2, 4, 5, 16, 17, 64, 65, 256, 257, 1024} {
		p := NewPool(1 << 16)
		f := sent(&p, n, false)
		check(t, f, &p, 0, n)
		if last, _, clean := f.Acknowledge(&p, end(0)-1, first); last != nil || !clean {
			t.Errorf("of %d: an ACK of half a segment takes %+v", n, last)
		}
		half := n / 2
		if half > 0 {
			if last, bytes, clean := f.Acknowledge(&p, end(half-1)+size-1, first); *last != numbered(half-1) || bytes != size || !clean {
				t.Errorf("of %d: the last of half is %+v, of %d bytes", n, *last, bytes)
			}
			check(t, f, &p, half, n)
		}
		// what is sent now goes round the ring
		for i := range half {
			f.Push(&p, numbered(n+i), false)
		}
		check(t, f, &p, half, n+half)
		if last, _, _ := f.Acknowledge(&p, end(n+half-1), end(half-1)); *last != numbered(n+half-1) || f.N != 0 {
			t.Errorf("of %d: the last is %+v, and %d are left", n, *last, f.N)
		}
	}
}

// TestClean: nothing was sent again or is missing among what an ACK takes, else it measures no round trip (Karn).
func TestClean(t *testing.T) {
	for _, n := range []int{1, 3} {
		for odd, want := range map[Segment]bool{{}: true, {Flags: IsSYN}: true, {Times: 1}: false, {Flags: Hole}: false, {Flags: Merged}: false, {Flags: Skipped}: false} {
			p := NewPool(1 << 12)
			f := sent(&p, n, false)
			s := f.At(&p, n-1)
			s.Times, s.Flags = odd.Times, odd.Flags
			if n > 1 {
				if _, _, clean := f.Acknowledge(&p, end(n-2), first); !clean {
					t.Errorf("what precedes %+v is not clean", odd)
				}
			}
			if _, _, clean := f.Acknowledge(&p, end(n-1), end(n-2)); clean != want {
				t.Errorf("%d in flight, %+v: clean %v, want %v", n, odd, clean, want)
			}
		}
	}
}

// TestMerge: what has no room is one with the last.
func TestMerge(t *testing.T) {
	for entries, room := range map[int]int{3: 1, 4: 4, 19: 4, 20: 16, 1 << 16: 1024} { // a ring of 16 takes the place of one of 4
		p := NewPool(entries)
		f := sent(&p, room, false)
		check(t, f, &p, 0, room)
		if p.Merged != 0 {
			t.Errorf("%d entries: %d of %d were merged", entries, p.Merged, room)
		}
		f.Push(&p, numbered(room), false)
		f.Push(&p, numbered(room+1), false)
		if last := f.At(&p, room-1); int(f.N) != room || last.End != uint32(end(room+1)) || last.Time != numbered(room-1).Time || last.Flags != Merged {
			t.Errorf("%d entries: %d segments, the last is %+v", entries, f.N, *last)
		}
		if p.Merged != 2 {
			t.Errorf("%d entries: %d were merged, want 2", entries, p.Merged)
		}
	}
}

// TestOneWay: of a direction whose peer was not heard the latest 64 are kept.
func TestOneWay(t *testing.T) {
	p := NewPool(1 << 16)
	check(t, sent(&p, 64, true), &p, 0, 64)
	check(t, sent(&p, 65, true), &p, 1, 65)
	check(t, sent(&p, 1000, true), &p, 936, 1000)
}

// TestRingsAreUsedAgain: the ring that was given back last is the next to be taken, and costs nothing.
func TestRingsAreUsedAgain(t *testing.T) {
	p := NewPool(1 << 16)
	sent(&p, 5, false).Release(&p)
	left := p.Left()
	if left != 1<<16-4-16 {
		t.Errorf("%d entries are left", left)
	}
	f := sent(&p, 5, false)
	check(t, f, &p, 0, 5)
	if p.Left() != left {
		t.Errorf("%d entries are left, of %d", p.Left(), left)
	}
	f.Acknowledge(&p, end(4), first)
	check(t, sent(&p, 16, false), &p, 0, 16)
	if p.Left() != left {
		t.Errorf("behind an ACK of all, %d entries are left, of %d", p.Left(), left)
	}
	p.Close()
	check(t, sent(&p, 1, false), &p, 0, 1)
	if p.Left() != 0 {
		t.Error("a closed pool has entries left")
	}
}

// TestRingsApart: rings of a class do not overlap, in one chunk of entries or in several.
func TestRingsApart(t *testing.T) {
	p := NewPool(1 << 20)
	var lists []*List
	for range 10 {
		lists = append(lists, sent(&p, 1024, false), sent(&p, 4, false))
	}
	for i, f := range lists {
		check(t, f, &p, 0, []int{1024, 4}[i%2])
	}
}
