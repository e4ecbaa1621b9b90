package interrupt

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"time"
)

// Patience is for how long after the first signal others are taken for the same: timeout sends one to the process, and one to its group.
const Patience = time.Second

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
