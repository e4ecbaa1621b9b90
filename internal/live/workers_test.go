package live

import (
	"runtime"
	"testing"
)

// TestWorkers: half as many as processors, two at least where there are two, 16 at most; or as many as are asked for.
func TestWorkers(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for processors, want := range map[int]int{1: 1, 2: 2, 3: 2, 6: 3, 32: 16, 34: 16} {
		if runtime.GOMAXPROCS(processors); Workers(0) != want || Workers(64) != 64 || Workers(1) != 1 {
			t.Errorf("%d processors: %d, want %d", processors, Workers(0), want)
		}
	}
}
