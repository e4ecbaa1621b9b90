package check

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// each does n things side by side, each in one of so many goroutines; 0: one for each processor. do gets the number of
// the thing and of the goroutine. It returns when all are done.
func each(n, workers int, do func(i, worker int)) {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	var next atomic.Int64
	var all sync.WaitGroup
	for w := range min(workers, n) {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i, w)
			}
		})
	}
	all.Wait()
}
