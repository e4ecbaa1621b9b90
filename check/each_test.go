package check

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
)

func TestEach(t *testing.T) {
	for _, n := range []int{0, 1, 7, 1000} {
		for _, workers := range []int{0, 1, 3} {
			done := make([]atomic.Int32, n)
			finished := each(t.Context(), n, workers, func(i, worker int) {
				if workers > 0 && worker >= workers {
					t.Errorf("goroutine %d of %d", worker, workers)
				}
				done[i].Add(1)
			})
			if len(finished) != n {
				t.Errorf("%d of %d are finished", len(finished), n)
			}
			for i := range done {
				if got := done[i].Load(); got != 1 {
					t.Errorf("%d of %d was done %d times", i, n, got)
				}
			}
		}
	}
}

// What hangs is left behind when the context ends, and what was finished is told.
func TestEachInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	hangs := make(chan struct{})
	defer close(hangs)
	finished := each(ctx, 5, 1, func(i, _ int) {
		if i == 2 {
			cancel()
			<-hangs
		}
	})
	for _, i := range finished {
		if i >= 2 {
			t.Errorf("%d is finished", i)
		}
	}
	if !slices.IsSorted(finished) {
		t.Error(finished)
	}
}
