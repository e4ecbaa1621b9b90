package interrupt

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"sync/atomic"
	"time"
)

// Patience is for how long after the first signal others are taken for the same: timeout sends one to the process, and one to its group.
const Patience = time.Second

// Late returns a function that reports, to any goroutine, that ctx is done, and that it was asked for the first time since then so long ago.
func Late(ctx context.Context, long time.Duration) func() bool {
	var first atomic.Pointer[time.Time]
	return func() bool {
		if ctx.Err() == nil {
			return false
		}
		if asked := first.Load(); asked != nil {
			return time.Since(*asked) >= long
		}
		now := time.Now()
		first.CompareAndSwap(nil, &now)
		return false
	}
}

var errSignal = errors.New("interrupted")

// Context is cancelled by the first of signals. One that comes later than Patience after that calls hurry, in a goroutine of its own.
func Context(hurry func(), signals ...os.Signal) context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	came := make(chan os.Signal, 1)
	signal.Notify(came, signals...)
	go func() {
		<-came
		first := time.Now()
		cancel(errSignal)
		for range came {
			if time.Since(first) > Patience {
				hurry()
			}
		}
	}()
	return ctx
}
