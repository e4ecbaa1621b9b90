// Package pipeline is the one driver of the analysis: it decodes batches of packets to segments, has trackers track them, and hands
// the conversations to a sink.
//
// There are several loops around the same steps: Run divides the segments among workers by flow, Inline does
// everything in the goroutine of its caller, Choice.Watch is a second pass that shows the packets of some conversations, and a
// Monitor (package analyzer) tells what happens meanwhile. What a sink receives, and in
// which order, does not depend on how many workers there are: the flows are divided into
// a fixed number of trackers, each of which belongs to one worker, and a Merger
// puts what they say back in order.
//
// Below analyzer it is the only package that starts goroutines. Not its job: any knowledge of captures (package input) or of
// TCP (package flow).
package pipeline

import (
	"context"
	"errors"
	"io"
	"runtime"
	"sync"
	"sync/atomic"

	"tcptrace/analyzer/internal/flow"
	"tcptrace/analyzer/internal/intake"
	"tcptrace/analyzer/packet"
)

// SinkError is an error of a Sink, which ended the analysis.
type SinkError struct{ Err error }

func (e *SinkError) Error() string { return e.Err.Error() }

func (e *SinkError) Unwrap() error { return e.Err }

// batches are in flight between the goroutines: enough that one that sleeps finds work when it wakes.
const batches = 8

// run is an analysis by several goroutines.
type run struct {
	driver
	free    chan *batch
	ordered chan *batch // as read, for the merger
	work    []chan *batch
	failed  atomic.Bool // nothing more is to be read
	late    func() bool // Options.Late
	readErr error       // valid when ordered is closed
}

// Run analyzes all of src and hands the conversations to sink, in the caller's goroutine; src is read in another one, which has ended
// when Run returns. If ctx is cancelled it stops reading, reports what it has seen, and returns the cause beside the summary. An error of
// the sink is a *SinkError; any other is src's.
func Run(ctx context.Context, src packet.Source, opts Options, sink flow.Sink) (intake.Summary, error) {
	return newRun(opts, sink).run(ctx, src, sink)
}

func newRun(opts Options, sink flow.Sink) *run {
	r := &run{
		driver:  newDriver(opts, sink),
		free:    make(chan *batch, batches),
		ordered: make(chan *batch, batches),
		late:    opts.Late,
	}
	workers := opts.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	for range min(workers, len(r.trackers)) {
		r.work = append(r.work, make(chan *batch, batches))
	}
	owner := make([]uint16, len(r.trackers)) // to look it up is faster than to divide
	for i := range owner {
		owner[i] = uint16(i % len(r.work))
	}
	for range cap(r.free) {
		r.free <- &batch{
			owner:    owner,
			byWorker: make([][]Task, len(r.work)),
			asides:   make([][]aside, len(r.work)),
			outs:     make([]flow.Output, len(r.trackers)),
		}
	}
	if to, ok := sink.(flow.Unnumbered); ok && len(r.work) >= leastAhead {
		r.encode(to)
	}
	return r
}

// encode has the workers make the records of conversations that are over.
func (r *run) encode(sink flow.Unnumbered) {
	for w := range r.work {
		e := flow.NewEncoding(sink)
		for i := w; i < len(r.trackers); i += len(r.work) {
			r.trackers[i].Encode(e)
		}
	}
	for range cap(r.free) {
		b := <-r.free
		records := make([]flow.Records, len(r.work))
		for i := range b.outs {
			b.outs[i].Records = &records[i%len(r.work)]
		}
		r.free <- b
	}
}

func (r *run) run(ctx context.Context, src packet.Source, sink flow.Sink) (intake.Summary, error) {
	r.expect(src)
	merger := flow.NewMerger(len(r.trackers), sink)
	sinkErr := r.merge(ctx, src, merger)
	sum := r.Summary
	if sinkErr == nil {
		rest := handing{rest: merger.Rest(r.trackers, &sum), sink: sink}
		if ctx.Err() != nil {
			rest.late = r.late
		}
		sinkErr = rest.out(len(r.work))
		sum.LeftOut = rest.left
	}
	if sinkErr != nil {
		sinkErr = &SinkError{sinkErr}
	}
	drops(src, &sum)
	return sum, errors.Join(r.readErr, sinkErr)
}

// merge hands out what ends while src is read. An error is the sink's. When it returns, be it by a panic of the sink, all other goroutines
// have ended.
func (r *run) merge(ctx context.Context, src packet.Source, merger *flow.Merger) error {
	var others sync.WaitGroup
	if next := r.first(&others); next != nil {
		others.Go(func() { r.readErr = r.readAhead(ctx, src, next) })
	} else {
		others.Go(func() { r.readErr = r.read(ctx, src) })
	}
	for w, ch := range r.work {
		others.Go(func() {
			for b := range ch {
				r.track(b, w)
				b.pending.Done()
			}
		})
	}
	defer others.Wait()
	defer r.abandon()
	for b := range r.ordered {
		b.pending.Wait()
		if err := merger.Batch(b.outs); err != nil {
			return err
		}
		r.free <- b
	}
	return nil
}

// abandon lets the reader come to an end.
func (r *run) abandon() {
	r.failed.Store(true)
	for b := range r.ordered {
		b.pending.Wait()
		r.free <- b
	}
}

// read reads and decodes until the input ends, ctx is cancelled or the sink fails.
func (r *run) read(ctx context.Context, src packet.Source) error {
	defer r.leave()
	var packets packet.Batch
	for {
		if err := context.Cause(ctx); err != nil || r.failed.Load() {
			return err
		}
		if err := src.Next(&packets); err != nil {
			if err == io.EOF {
				return nil
			}
			return err
		}
		for i := 0; i < len(packets.Packets); {
			b := <-r.free
			i = r.decode(&packets, i, b)
			r.deal(b)
		}
	}
}

// deal gives the segments of b to the workers.
func (r *run) deal(b *batch) {
	b.pending.Add(len(r.work))
	r.ordered <- b
	for _, ch := range r.work {
		ch <- b
	}
}

// leave tells the others that there is nothing more.
func (r *run) leave() {
	for _, ch := range r.work {
		close(ch)
	}
	close(r.ordered)
}
