package check

import (
	"context"
	"runtime"
	"sync/atomic"
)

// each does n things side by side, each in one of so many goroutines; 0: one for each processor. do gets the number of
// the thing and of the goroutine. It returns when all are done, or when ctx is: then those at hand are left behind, and finished are the
// others, in the order in which they were done.
func each(ctx context.Context, n, workers int, do func(i, worker int)) (finished []int) {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	var next atomic.Int64
	done := make(chan int, n)
	for w := range min(workers, n) {
		go func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				do(i, w)
				done <- i
			}
		}()
	}
	for len(finished) < n {
		select {
		case i := <-done:
			finished = append(finished, i)
		case <-ctx.Done():
			return finished
		}
	}
	return finished
}
