package check

import (
	"sync/atomic"
	"testing"
)

func TestEach(t *testing.T) {
	for _, n := range []int{0, 1, 7, 1000} {
		for _, workers := range []int{0, 1, 3} {
			done := make([]atomic.Int32, n)
			each(n, workers, func(i, worker int) {
				if workers > 0 && worker >= workers {
					t.Errorf("goroutine %d of %d", worker, workers)
				}
				done[i].Add(1)
			})
			for i := range done {
				if got := done[i].Load(); got != 1 {
					t.Errorf("%d of %d was done %d times", i, n, got)
				}
			}
		}
	}
}
