package pipeline

import (
	"context"
	"errors"
	"io"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/flow"
	"tcptrace/analyzer/internal/intake"
	"tcptrace/analyzer/internal/reading"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/wire"
)

// Inline is an analysis that does everything in the goroutine of its caller. Reset begins it.
type Inline struct {
	driver
	merger *flow.Merger
	batch  batch
	source packet.Batch // of Run
}

// Reset begins an analysis anew; only memory is kept of the one before.
func (a *Inline) Reset(opts Options, sink flow.Sink) {
	a.driver = newDriver(opts, sink)
	a.merger = flow.NewMerger(len(a.trackers), sink)
	if a.batch.byWorker == nil {
		a.batch.byWorker, a.batch.asides = make([][]Task, 1), make([][]aside, 1)
	}
	if n := len(a.trackers); n > cap(a.batch.outs) {
		a.batch.outs, a.batch.owner = make([]flow.Output, n), make([]uint16, n)
	} else {
		a.batch.outs = a.batch.outs[:n]
	}
	for i := range a.batch.outs { // a sink that failed left something
		a.batch.outs[i].Discard()
	}
}

// Tracker is number i of the trackers.
func (a *Inline) Tracker(i int) *flow.Tracker { return a.trackers[i] }

// Watch has f told of every segment.
func (a *Inline) Watch(f func(*reading.Reading)) {
	for _, t := range a.trackers {
		t.Watch(f)
	}
}

// Batch analyzes packets. An error is the sink's.
func (a *Inline) Batch(packets *packet.Batch) error {
	for i := 0; i < len(packets.Packets); {
		i = a.decode(packets, i, &a.batch)
		a.track(&a.batch, 0)
		if err := a.merger.Batch(a.batch.outs); err != nil {
			return &SinkError{err}
		}
	}
	return nil
}

// Expire hands out what is over by the latest time of the packets so far. An error is the sink's.
func (a *Inline) Expire() error {
	for i, t := range a.trackers {
		t.Now = max(t.Now, a.Summary.End)
		t.Expire(a.Summary.End, a.Summary.Packets, &a.batch.outs[i])
	}
	if err := a.merger.Batch(a.batch.outs); err != nil {
		return &SinkError{err}
	}
	return nil
}

// Foresee hands out the conversations that are open and wanted as they are at a later time, or before that when they are over, if no more is heard of them;
// it ends the analysis. An error is the sink's.
func (a *Inline) Foresee(at conn.Time, wanted func(wire.Key) bool) error {
	return a.handOut(func(t *flow.Tracker, out *flow.Output, each func() error) error {
		return t.Foresee(at, wanted, out, each)
	})
}

// FinishAll hands out what is open and wanted, as Finish does, and ends the analysis. An error is the sink's.
func (a *Inline) FinishAll(wanted func(wire.Key) bool) error {
	return a.handOut(func(t *flow.Tracker, out *flow.Output, each func() error) error {
		return t.FinishAll(a.Summary.End, wanted, out, each)
	})
}

// handOut has each tracker hand conversations out, some at a time.
func (a *Inline) handOut(of func(t *flow.Tracker, out *flow.Output, each func() error) error) error {
	n := 0
	for i, t := range a.trackers {
		err := of(t, &a.batch.outs[i], func() error {
			if n++; n%GroupSize != 0 {
				return nil
			}
			return a.merger.Batch(a.batch.outs)
		})
		if err != nil {
			return &SinkError{err}
		}
	}
	if err := a.merger.Batch(a.batch.outs); err != nil {
		return &SinkError{err}
	}
	return nil
}

// Trackers are all of them.
func (a *Inline) Trackers() []*flow.Tracker { return a.trackers }

// Finish hands out what is open and ends the analysis.
func (a *Inline) Finish() (intake.Summary, error) {
	sum := a.Summary
	if err := a.merger.Finish(a.trackers, &sum); err != nil {
		return sum, &SinkError{err}
	}
	return sum, nil
}

// Read analyzes all packets of src, without an end. An error is ctx's, src's or the sink's.
func (a *Inline) Read(ctx context.Context, src packet.Source) error {
	a.expect(src)
	for {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if err := src.Next(&a.source); err != nil {
			if err == io.EOF {
				return nil
			}
			return err
		}
		if err := a.Batch(&a.source); err != nil {
			return err
		}
	}
}

// Run is Run in one goroutine.
func (a *Inline) Run(ctx context.Context, src packet.Source) (intake.Summary, error) {
	readErr := a.Read(ctx, src)
	if _, ok := errors.AsType[*SinkError](readErr); ok {
		return a.Summary, readErr
	}
	sum, err := a.Finish()
	drops(src, &sum)
	return sum, errors.Join(readErr, err)
}
