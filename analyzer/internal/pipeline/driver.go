package pipeline

import (
	"sync"

	"tcptrace/analyzer/internal/flow"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/wire"
)

// Decoder makes segments of packets, and counts what becomes of them. It belongs to one goroutine.
type Decoder struct {
	flow.Intake
	Filter func(link packet.LinkType, frame []byte, wireLen uint32) bool // nil: every packet passes
}

// Packet counts a packet, of which data was captured. passed says that the filter lets it through, tcp that s is a segment now: the
// one that is in it, or one of which it has the last fragment.
func (d *Decoder) Packet(p *packet.Packet, data []byte, s *wire.Segment) (passed, tcp bool) {
	if d.Filter != nil && !d.Filter(p.Link, data, p.WireLen) {
		d.Filtered(p.WireLen, p.Time)
		return false, false
	}
	return true, d.Frame(p.Link, data, p.WireLen, p.Time, s)
}

// Task is a segment of several, the tracker it goes to, and the hash of its key.
type Task struct {
	Segment, Tracker uint16
	Hash             uint32
}

// NewTask is for segment number i, and tracker number t.
func NewTask(i, t int, s *wire.Segment) Task { return Task{uint16(i), uint16(t), flow.Hash(&s.Key)} }

// GroupSize is for how many segments cache misses overlap.
const GroupSize = 32

// Touch brings a group of segments, GroupSize at most, and what their trackers know of their conversations into the processor's cache.
func Touch(trackers []*flow.Tracker, segments []wire.Segment, group []Task) {
	var blocks [GroupSize]uint32
	for _, t := range group {
		trackers[t.Tracker].Touch(t.Hash, &segments[t.Segment])
	}
	for i, t := range group {
		blocks[i] = trackers[t.Tracker].TouchConn(t.Hash, segments[t.Segment].Dir)
	}
	for i, t := range group {
		trackers[t.Tracker].TouchFacts(blocks[i])
	}
}

// batch is the segments of a batch of packets and what is done with them.
type batch struct {
	segments []wire.Segment
	byWorker [][]Task
	outs     []flow.Output  // one for each tracker
	pending  sync.WaitGroup // workers that are not done with it
}

// maxPackets bounds the packets of a batch that are decoded at once, so that a task's index fits.
const maxPackets = 1024

// driver is what every analysis has: trackers, and the decoder in front of them.
type driver struct {
	trackers []*flow.Tracker
	only     []bool // by tracker: it is wanted; nil: all are

	// What the reader writes for every packet, a cache line away from what the workers read for every segment.
	_ [64]byte
	Decoder
}

func newDriver(opts Options, sink flow.Sink) driver {
	o := Tracking(opts)
	d := driver{trackers: make([]*flow.Tracker, o.Partitions()), Decoder: Decoder{Filter: opts.Filter}}
	for i := range d.trackers {
		d.trackers[i] = flow.NewTracker(o, sink)
	}
	return d
}

// decode fills b with the segments of packets[from:], up to maxPackets of them, and returns behind which packet it stopped.
func (d *driver) decode(packets *packet.Batch, from int, b *batch) (next int) {
	for w := range b.byWorker {
		b.byWorker[w] = b.byWorker[w][:0]
	}
	next = min(len(packets.Packets), from+maxPackets)
	if n := next - from; n > len(b.segments) { // a small capture needs little
		b.segments = make([]wire.Segment, min(maxPackets, max(n, 2*len(b.segments))))
	}
	n := 0
	for i := from; i < next; i++ {
		s := &b.segments[n]
		if _, tcp := d.Packet(&packets.Packets[i], packets.Data(i), s); !tcp {
			continue
		}
		tracker := s.Key.Partition(len(d.trackers))
		if d.only != nil && !d.only[tracker] {
			continue
		}
		w := tracker % len(b.byWorker)
		b.byWorker[w] = append(b.byWorker[w], NewTask(n, tracker, s))
		n++
	}
	return next
}

// track has the trackers of a worker track their segments of b.
func (d *driver) track(b *batch, worker int) {
	for tasks := b.byWorker[worker]; len(tasks) > 0; {
		group := tasks[:min(GroupSize, len(tasks))]
		tasks = tasks[len(group):]
		Touch(d.trackers, b.segments, group)
		for _, t := range group {
			d.trackers[t.Tracker].Segment(&b.segments[t.Segment], t.Hash, &b.outs[t.Tracker])
		}
	}
}

// drops adds to sum what src says was lost.
func drops(src packet.Source, sum *flow.Summary) {
	if r, ok := src.(packet.Reporter); ok {
		stats := r.Stats()
		sum.Drops, sum.DropsKnown = stats.Drops, stats.Drop
	}
}
