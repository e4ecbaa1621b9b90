package pipeline

import "sync"

// Together runs f for every number below n at once, for 0 in the caller's goroutine, and returns when all are done.
func Together(n int, f func(i int)) {
	var others sync.WaitGroup
	for i := 1; i < n; i++ {
		others.Go(func() { f(i) })
	}
	defer others.Wait()
	f(0)
}
