// Package pipeline runs an analysis: it reads batches of frames, decodes them, divides
// the segments among workers by flow, and hands the conversations to a sink (Run). A second pass shows
// the packets of some of them (Watch).
//
// Of what analyzes files it is the only package that starts goroutines; a Writer lets output be written beside the rest. What a sink receives, and in
// which order, does not depend on how many there are: the flows are divided into
// a fixed number of trackers, each of which belongs to one worker, and a Merger
// puts what they say back in order.
//
// Not its job: any knowledge of captures (package input) or of TCP (package analyzer).
package pipeline

import (
	"context"
	"errors"
	"io"
	"runtime"
	"sync"
	"sync/atomic"

	"tcptrace/analyzer"
	"tcptrace/internal/input"
	"tcptrace/internal/wire"
)

// Options are those of the analyzer, and what else a run needs.
type Options struct {
	analyzer.Options
	Workers int           // tracking goroutines beside the one that reads and decodes; 0: one for each processor
	Filter  *input.Filter // frames it does not match are counted and left out; nil: none

	// Only, if it is not nil, has a true for each partition of the flows that is wanted. Segments of
	// the others are decoded and counted, and that is all.
	Only []bool

	// Revisions, if it is not nil, is filled by Run with what later segments showed of earlier ones,
	// by their frames. Watch takes it into account.
	Revisions map[uint64]analyzer.Revision
}

// batch is the unit that goes from hand to hand. All batches are made at the start.
type batch struct {
	segments []wire.Segment
	byWorker [][]task
	outs     []analyzer.Output // one for each tracker
	pending  sync.WaitGroup    // workers that are not done with it
}

// task is a segment of the batch, the tracker it goes to, and the hash of its key.
type task struct {
	segment, tracker uint16
	hash             uint32
}

const (
	// batches are in flight between the goroutines: enough that one that sleeps finds work when it wakes.
	batches = 8
	// maxPackets bounds the packets of a batch so that a task's index fits.
	maxPackets = 1024
)

type run struct {
	opts     Options
	trackers []*analyzer.Tracker
	free     chan *batch
	ordered  chan *batch // as read, for the merger
	work     []chan *batch
	failed   atomic.Bool // the sink wants no more

	// What the reader writes for every packet, a cache line away from what the workers read for every segment.
	_      [64]byte
	intake analyzer.Intake
}

// Run analyzes all of src and hands the conversations to sink, from one goroutine. If ctx is
// cancelled it stops reading, reports what it has seen, and returns the cause beside the summary.
func Run(ctx context.Context, src input.Source, opts Options, sink analyzer.Sink) (analyzer.Summary, error) {
	r := newRun(opts, sink)
	var workers sync.WaitGroup
	for w, ch := range r.work {
		workers.Go(func() {
			for b := range ch {
				r.track(b, w)
			}
		})
	}
	merger := analyzer.NewMerger(len(r.trackers), sink)
	var sinkErr error
	merged := make(chan struct{})
	go func() {
		defer close(merged)
		for b := range r.ordered {
			b.pending.Wait()
			if sinkErr == nil {
				sinkErr = merger.Batch(b.outs)
				r.failed.Store(sinkErr != nil)
			}
			r.free <- b
		}
	}()
	readErr := r.read(ctx, src)
	for _, ch := range r.work {
		close(ch)
	}
	close(r.ordered)
	workers.Wait()
	<-merged
	sum := r.intake.Summary
	if sinkErr == nil {
		sinkErr = handOut(merger.Rest(r.trackers, &sum), sink, len(r.work))
	}
	if opts.Revisions != nil {
		for _, t := range r.trackers {
			for _, rev := range t.Revisions() {
				opts.Revisions[rev.Frame] = rev
			}
		}
	}
	stats := src.Stats()
	sum.Drops, sum.DropsKnown = stats.Drops, stats.Drop
	return sum, errors.Join(readErr, sinkErr)
}

func newRun(opts Options, sink analyzer.Sink) *run {
	parts := opts.Partitions()
	workers := opts.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	workers = min(workers, parts)
	r := &run{
		opts:    opts,
		free:    make(chan *batch, batches),
		ordered: make(chan *batch, batches),
	}
	for range parts {
		t := analyzer.NewTracker(opts.Options, sink)
		if opts.Revisions != nil {
			t.KeepRevisions()
		}
		r.trackers = append(r.trackers, t)
	}
	for range workers {
		r.work = append(r.work, make(chan *batch, batches))
	}
	for range cap(r.free) {
		r.free <- &batch{
			segments: make([]wire.Segment, maxPackets),
			byWorker: make([][]task, workers),
			outs:     make([]analyzer.Output, parts),
		}
	}
	return r
}

// read reads and decodes until the input ends, ctx is cancelled or the sink fails.
func (r *run) read(ctx context.Context, src input.Source) error {
	var frames input.Batch
	for {
		if err := context.Cause(ctx); err != nil || r.failed.Load() {
			return err
		}
		if err := src.Next(&frames); err != nil {
			if err == io.EOF {
				return nil
			}
			return err
		}
		b := <-r.free
		r.decode(&frames, b)
		b.pending.Add(len(r.work))
		r.ordered <- b
		for _, ch := range r.work {
			ch <- b
		}
	}
}

func (r *run) decode(frames *input.Batch, b *batch) {
	for w := range b.byWorker {
		b.byWorker[w] = b.byWorker[w][:0]
	}
	n := 0
	for i := range frames.Packets {
		p := &frames.Packets[i]
		data := frames.Data(i)
		if r.opts.Filter != nil && !r.opts.Filter.Match(p.Link, data, p.WireLen) {
			r.intake.Filtered(p.WireLen, p.Time)
			continue
		}
		s := &b.segments[n]
		if !r.intake.Frame(p.Link, data, p.WireLen, p.Time, s) {
			continue
		}
		tracker := s.Key.Partition(len(r.trackers))
		if r.opts.Only != nil && !r.opts.Only[tracker] {
			continue
		}
		w := tracker % len(r.work)
		b.byWorker[w] = append(b.byWorker[w], task{uint16(n), uint16(tracker), analyzer.Hash(&s.Key)})
		n++
	}
}

// touchAhead is for how many segments cache misses overlap.
const touchAhead = 16

func (r *run) track(b *batch, worker int) {
	trackers := r.trackers
	for tasks := b.byWorker[worker]; len(tasks) > 0; {
		group := tasks[:min(touchAhead, len(tasks))]
		tasks = tasks[len(group):]
		var blocks [touchAhead]uint32
		for i, t := range group {
			blocks[i] = trackers[t.tracker].Touch(t.hash, &b.segments[t.segment])
		}
		for i, t := range group {
			trackers[t.tracker].TouchFacts(blocks[i])
		}
		for _, t := range group {
			trackers[t.tracker].Segment(&b.segments[t.segment], t.hash, &b.outs[t.tracker])
		}
	}
	b.pending.Done()
}
