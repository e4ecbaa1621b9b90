// Package feed reads a capture that another program is making: through a pipe, or from tcpdump on another
// host over ssh.
//
// Not its job: the formats of captures (package input), or this host's interfaces (package capture).
package feed

import (
	"context"
	"io"
	"sync"
	"time"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/input"
)

// pulse is how long Next waits for packets before it says that time passes.
const pulse = 100 * time.Millisecond

// Source delivers the packets of a capture as they come, and empty batches while none do.
type Source struct {
	input.Source
	ctx        context.Context
	full, free chan *filled
	quit       func()
	done       <-chan struct{}

	mu   sync.Mutex
	at   int64     // capture time of the newest packet
	came time.Time // when it did
}

type filled struct {
	packet.Batch
	err error
}

// batchesAhead are read while one is analyzed.
const batchesAhead = 4

// New reads a capture from r in a goroutine of its own, until it ends, ctx is done or Close is called. It is r's owner who ends a reading that
// waits.
func New(ctx context.Context, r io.Reader) *Source {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	s := &Source{
		Source: input.Open([]string{"-"}, input.Options{Stdin: r, Context: ctx}), ctx: ctx, quit: cancel, done: done,
		full: make(chan *filled, batchesAhead), free: make(chan *filled, batchesAhead),
	}
	for range batchesAhead {
		s.free <- &filled{}
	}
	go func() {
		defer close(done)
		for {
			select {
			case b := <-s.free:
				b.err = s.Source.Next(&b.Batch)
				s.full <- b // has room for all
				if b.err != nil {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return s
}

// Next fills b with packets that came, or with none when 100 ms passed without any. It returns the cause of the context once that is done.
func (s *Source) Next(b *packet.Batch) error {
	b.Buf, b.Packets = b.Buf[:0], b.Packets[:0]
	select {
	case f := <-s.full: // also what was read when the context was done
		return s.deliver(f, b)
	default:
	}
	wait := time.NewTimer(pulse)
	defer wait.Stop()
	select {
	case f := <-s.full:
		return s.deliver(f, b)
	case <-wait.C:
		return nil
	case <-s.ctx.Done():
		return context.Cause(s.ctx)
	}
}

// deliver hands on what was read.
func (s *Source) deliver(f *filled, b *packet.Batch) error {
	if f.err != nil {
		s.full <- f // for whoever asks again
		return f.err
	}
	*b, f.Batch = f.Batch, *b
	s.free <- f
	if n := len(b.Packets); n > 0 {
		s.mu.Lock()
		s.at, s.came = b.Packets[n-1].Time, time.Now()
		s.mu.Unlock()
	}
	return nil
}

// Clock is the time by the clock of whoever captures: that of the newest packet, and what passed since it came. Before the first it is
// 0: not known.
func (s *Source) Clock() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.came.IsZero() {
		return 0
	}
	return s.at + int64(time.Since(s.came))
}

// Close ends the reading.
func (s *Source) Close() error {
	s.quit()
	<-s.done
	return s.Source.Close()
}
