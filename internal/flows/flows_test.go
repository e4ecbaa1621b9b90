package flows

import (
	"testing"

	"tcptrace/internal/machine"
)

func TestFlowsIn(t *testing.T) {
	const mb, gb = 1 << 20, 1 << 30
	for _, test := range []struct {
		memory uint64
		want   uint64 // bytes of the budget
	}{
		{24 * gb, gb}, {4 * gb, gb}, {4*gb - 1, 600 * mb}, {2 * gb, 600 * mb}, {1200 * mb, 600 * mb}, {1000 * mb, 500 * mb}, {200 * mb, 100 * mb},
	} {
		for _, cost := range []Cost{Read, Quick, First, Live} {
			n := uint64(in(test.memory, cost))
			if took := baseMemory + n*uint64(cost); took > test.want || took+uint64(cost) <= test.want {
				t.Errorf("%d MB: %d conversations of %d bytes take %d MB, want %d", test.memory/mb, n, cost, took/mb, test.want/mb)
			}
		}
	}
	if n := in(0, Read); n != 1<<12 {
		t.Errorf("without memory: %d", n)
	}
}

func TestFlowsOr(t *testing.T) {
	if n := Or(7_000_000, Read, Most); n != 7_000_000 {
		t.Errorf("of 7,000,000 that were asked for: %d", n)
	}
	if n := Or(AsMemoryAllows, 1, Most); n != Most {
		t.Errorf("small ones: %d, want %d", n, Most)
	}
	if m := machine.Memory(); m < 16<<20 {
		t.Errorf("memory: %d bytes", m)
	}
}

func TestKept(t *testing.T) {
	for memory, want := range map[uint64]int{4 << 30: 1000, 4<<30 - 1: 250, 1 << 20: 250} {
		if got := kept(memory, 1000); got != want {
			t.Errorf("with %d bytes: %d, want %d", memory, got, want)
		}
	}
}
