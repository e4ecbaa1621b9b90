package kernel

import "time"

// aside does one thing at a time beside the goroutine that asks for it.
type aside[T any] struct {
	results chan T
	busy    bool
	next    time.Time // may begin no earlier
}

func newAside[T any]() *aside[T] { return &aside[T]{results: make(chan T, 1)} }

// leisure is how many times as long as something took lies before it is done again, so that it takes a twentieth of a processor at most; but no
// more than seldom, which is less where it takes half a second or more: it seemed to take long if the program was stopped meanwhile.
const (
	leisure = 20
	seldom  = 10 * time.Second
)

// interval is how long after something took so long it is done again.
func interval(every, took time.Duration) time.Duration { return max(every, min(leisure*took, seldom)) }

// ready reports whether something may be started: nothing runs, and the last time is long enough ago for what it took.
func (a *aside[T]) ready(now time.Time) bool { return !a.busy && !now.Before(a.next) }

// start runs f. The next time is later by pause at least.
func (a *aside[T]) start(now time.Time, pause time.Duration, f func() T) {
	a.busy, a.next = true, now.Add(pause)
	go func() { a.results <- f() }()
}

// result is what was found out meanwhile. took is how long that has taken.
func (a *aside[T]) result(took func(T) time.Duration) (found T, ok bool) {
	select {
	case found = <-a.results:
	default:
		return found, false
	}
	a.busy = false
	if t := time.Now().Add(interval(0, took(found))); t.After(a.next) {
		a.next = t
	}
	return found, true
}

// wait waits for what runs.
func (a *aside[T]) wait() {
	if a.busy {
		<-a.results
		a.busy = false
	}
}
