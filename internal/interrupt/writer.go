package interrupt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

const (
	// writeSize is how much is written at once, less than a pipe holds: so one that is read, however slowly, is not taken for stuck.
	writeSize = 32 << 10
	// grace is how long writing so much may take once the context is done.
	grace = 150 * time.Millisecond
	// A reader that took more than alive bytes since then, twice what a pipe holds, is there, and only slow: it has longGrace.
	alive     = 128 << 10
	longGrace = 2 * time.Second
)

// Writer writes to what may not take it. It goes on when its context is done, so that what was seen can be told, until that blocks.
type Writer struct {
	ctx context.Context
	dst io.Writer

	mu     sync.Mutex
	buffer []byte
	taken  int         // bytes, since the context is done
	err    error       // of a write that was given up
	work   chan []byte // nil: nothing was written yet
	done   chan result
}

// ErrStuck is that of a write that was given up.
var ErrStuck = errors.New("the output was not taken")

// NewWriter returns a Writer to dst. Once ctx is done, its Write returns ErrStuck and the cause when dst does not take what it is given.
func NewWriter(ctx context.Context, dst io.Writer) *Writer { return &Writer{ctx: ctx, dst: dst} }

// Unwrap is what it writes to.
func (w *Writer) Unwrap() io.Writer { return w.dst }

// Write implements io.Writer, for any goroutine.
func (w *Writer) Write(p []byte) (n int, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.work == nil {
		w.work, w.done = make(chan []byte, 1), make(chan result, 1)
		go writeFor(w.dst, w.work, w.done)
	}
	for {
		some := p[n:min(len(p), n+writeSize)]
		if err = w.err; err == nil {
			var k int
			k, err = w.write(some)
			n += k
		}
		if err != nil || n == len(p) {
			return n, err
		}
	}
}

// write has a copy of p written, which the goroutine that is left behind keeps.
func (w *Writer) write(p []byte) (int, error) {
	w.buffer = append(w.buffer[:0], p...)
	w.work <- w.buffer
	select {
	case now := <-w.done:
		return w.took(now)
	case <-w.ctx.Done():
	}
	patience := grace
	if w.taken > alive {
		patience = longGrace
	}
	stuck := time.NewTimer(patience)
	defer stuck.Stop()
	select {
	case now := <-w.done:
		return w.took(now)
	case <-stuck.C:
		w.err = fmt.Errorf("%w: %w", ErrStuck, context.Cause(w.ctx))
		return 0, w.err
	}
}

func (w *Writer) took(now result) (int, error) {
	if w.ctx.Err() != nil {
		w.taken += now.n
	}
	return now.n, now.err
}

func writeFor(dst io.Writer, work <-chan []byte, done chan<- result) {
	for b := range work {
		n, err := dst.Write(b)
		done <- result{n, err}
	}
}
