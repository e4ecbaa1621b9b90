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

// Alone is Run for many small captures one after the other: it does everything in the calling goroutine, and keeps
// its memory. The zero value is ready. It belongs to one goroutine.
type Alone struct {
	frames  input.Batch
	segment wire.Segment
	outs    []analyzer.Output
}

// Run analyzes all of src, as the function Run does, to the same result.
func (a *Alone) Run(ctx context.Context, src input.Source, opts Options, sink analyzer.Sink) (analyzer.Summary, error) {
	var trackers []*analyzer.Tracker
	for range opts.Partitions() {
		trackers = append(trackers, analyzer.NewTracker(opts.Options, sink))
	}
	a.outs = append(a.outs, make([]analyzer.Output, max(0, len(trackers)-len(a.outs)))...)
	outs := a.outs[:len(trackers)]
	merger := analyzer.NewMerger(len(trackers), sink)
	var intake analyzer.Intake
	var err error
	for {
		if err = context.Cause(ctx); err != nil {
			break
		}
		if err = src.Next(&a.frames); err != nil {
			break
		}
		a.batch(&intake, trackers, outs, opts.Filter)
		if err := merger.Batch(outs); err != nil {
			return intake.Summary, err
		}
	}
	if err == io.EOF {
		err = nil
	}
	sum := intake.Summary
	err = errors.Join(err, merger.Finish(trackers, &sum))
	stats := src.Stats()
	sum.Drops, sum.DropsKnown = stats.Drops, stats.Drop
	return sum, err
}

func (a *Alone) batch(intake *analyzer.Intake, trackers []*analyzer.Tracker, outs []analyzer.Output, filter *input.Filter) {
	for i := range a.frames.Packets {
		p, s := &a.frames.Packets[i], &a.segment
		data := a.frames.Data(i)
		if filter != nil && !filter.Match(p.Link, data, p.WireLen) {
			intake.Filtered(p.WireLen, p.Time)
			continue
		}
		if intake.Frame(p.Link, data, p.WireLen, p.Time, s) {
			t := s.Key.Partition(len(trackers))
			trackers[t].Segment(s, analyzer.Hash(&s.Key), &outs[t])
		}
	}
}

// Each does n things side by side, each in one of so many goroutines; 0: one for each processor. do gets the number of
// the thing and of the goroutine. It returns when all are done.
func Each(n, workers int, do func(i, worker int)) {
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
