package analyzer

import (
	"math/rand/v2"
	"testing"
	"unsafe"

	"tcptrace/fsm"
)

// TestTellingsAreWhole: what was told is kept to the last bit.
func TestTellingsAreWhole(t *testing.T) {
	for _, frame := range []uint64{0, 1, 1<<52 - 1} {
		for _, side := range []Side{Client, Server} {
			for _, of := range []uint8{0, 1, 255} {
				step := announcedStep{frame, -1, fsm.State(of)}
				w := step.telling(side)
				if gotSide, got := w.step(); !w.isStep() || gotSide != side || got != step {
					t.Errorf("step %+v of %v is %+v of %v", step, side, got, gotSide)
				}
				for _, has := range []bool{false, true} {
					a := announcedAnomaly{frame, 1 << 62, of, side, has}
					w := a.telling()
					if got := w.anomaly(); w.isStep() || got != a {
						t.Errorf("anomaly %+v is %+v", a, got)
					}
				}
			}
		}
	}
	n := 0
	for _, s := range Catalogue() {
		n += len(s.Kinds)
	}
	if n == 0 || n > 256 {
		t.Errorf("%d kinds of anomalies do not fit into a telling", n)
	}
}

// TestLedgerSizes: the parts that TestLiveUnansweredSYNIsSmall has fill what the allocator gives for them.
func TestLedgerSizes(t *testing.T) {
	for _, part := range []struct {
		name        string
		size, bound uintptr
	}{{"announced", unsafe.Sizeof(announced{}), 24}, {"telling", unsafe.Sizeof(telling{}), 16}, {"due", unsafe.Sizeof(due{}), 8}} {
		if part.size > part.bound {
			t.Errorf("%s has %d bytes, and %d at most is what a SYN may take", part.name, part.size, part.bound)
		}
	}
}

// TestAgenda: each comes once, in its order, and not before its time, however many share that.
func TestAgenda(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var a agenda
	var want []Time
	at, next := Time(0), uint32(0)
	for range 2000 {
		at += Time(rng.IntN(3))
		for range rng.IntN(4) {
			a.add(at+10, due{uint32(len(want)), 7})
			want = append(want, at+10)
		}
		for a.due(at) {
			if d := a.next(); d != (due{next, 7}) || want[next] > at {
				t.Fatalf("at %d comes %+v, number %d, of %d", at, d, next, want[next])
			}
			next++
		}
		if int(next) < len(want) && want[next] <= at {
			t.Fatalf("at %d number %d does not come, of %d", at, next, want[next])
		}
	}
	if next < 1000 {
		t.Errorf("%d came", next)
	}
}
