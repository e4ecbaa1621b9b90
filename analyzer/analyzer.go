package analyzer

import (
	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"tcptrace/internal/wire"
)

// Analyzer takes frames and hands conversations to a Sink. It belongs to one goroutine.
type Analyzer struct {
	intake   Intake
	trackers []*Tracker
	outs     []Output
	merger   *Merger
	segment  wire.Segment
}

// New returns an Analyzer that hands every conversation to sink once it is over.
func New(opts Options, sink Sink) *Analyzer {
	a := &Analyzer{
		trackers: make([]*Tracker, opts.Partitions()),
		outs:     make([]Output, opts.Partitions()),
	}
	for i := range a.trackers {
		a.trackers[i] = NewTracker(opts, sink)
	}
	a.merger = NewMerger(len(a.trackers), sink)
	return a
}

// Watch has f told of every segment, in order of frames but for those of a SYN of which it is not clear
// for a while whether it opens a connection. The Reading is valid during the call.
func (a *Analyzer) Watch(f func(r *Reading)) {
	for _, t := range a.trackers {
		t.Watch(f)
	}
}

// Frame analyzes one captured frame. ci gives its time and its length on the wire;
// data is what was captured of it, from the link-layer header that link names. Frames come
// in the order of the capture. data may be reused afterwards. An error is the sink's.
func (a *Analyzer) Frame(link layers.LinkType, ci gopacket.CaptureInfo, data []byte) error {
	wireLen := uint32(max(ci.Length, len(data)))
	if !a.intake.Frame(wire.LinkType(link), data, wireLen, ci.Timestamp.UnixNano(), &a.segment) {
		return nil
	}
	i := a.segment.Key.Partition(len(a.trackers))
	a.trackers[i].Segment(&a.segment, Hash(&a.segment.Key), &a.outs[i])
	if len(a.outs[i].Events) == 0 {
		return nil
	}
	return a.merger.Batch(a.outs)
}

// Close hands out the conversations that are still open and returns the summary.
// The Analyzer can not be used afterwards.
func (a *Analyzer) Close() (Summary, error) {
	err := a.merger.Finish(a.trackers, &a.intake.Summary)
	return a.intake.Summary, err
}
