package pipeline

import (
	"sort"
	"sync"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/flow"
	"tcptrace/analyzer/internal/intake"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/names"
	"tcptrace/internal/wire"
)

// Decoder makes segments of packets, and counts what becomes of them. It belongs to one goroutine.
type Decoder struct {
	intake.Intake
	filter  func(link packet.LinkType, frame []byte, wireLen uint32) bool // nil: every packet passes
	names   *names.Observer                                               // nil: nobody wants to know names
	notices []flow.Notice                                                 // of the latest packet
}

// NewDecoder returns a Decoder that has seen nothing.
func NewDecoder(o Options) Decoder {
	d := Decoder{filter: o.Filter}
	if !o.NoNames {
		d.names = names.New()
	}
	return d
}

// Packet counts a packet, of which data was captured. passed says that the filter lets it through, tcp that s is a segment now: the
// one that is in it, or one of which it has the last fragment.
func (d *Decoder) Packet(p *packet.Packet, data []byte, s *wire.Segment) (passed, tcp bool) {
	d.Summary.OtherFrames += uint64(p.Behind)
	if d.filter != nil && !d.filter(p.Link, data, p.WireLen) {
		d.Filtered(p.WireLen, p.Time)
		return false, false
	}
	if len(d.notices) > 0 {
		d.notices = d.notices[:0]
	}
	tcp = d.Frame(p.Link, data, p.WireLen, p.Time, s)
	s.Iface = p.Iface
	switch {
	case !tcp:
		if g := d.Datagram(); g != nil {
			d.datagram(g, p.Time, d.Number())
		}
	case d.names != nil && (s.PayloadCap > 0 || s.Flags.Any(wire.SYN)):
		d.name(s, data)
	}
	return true, tcp
}

// datagram looks at what a frame holds, which came at a time.
func (d *Decoder) datagram(g *wire.Datagram, at int64, frame uint64) {
	if d.names != nil && g.Proto == wire.ProtoUDP {
		d.names.Datagram(g)
	}
	e, ok := g.ICMPError()
	if !ok {
		return
	}
	d.Summary.ICMPErrors++
	d.notices = append(d.notices, flow.Notice{
		Kind: flow.NoticeICMP, Key: e.Key, Dir: e.Dir, Net: g.Net, Frame: frame, Time: conn.Time(conn.Admit(at)), ICMP: e,
	})
}

// name looks for names in the latest segment.
func (d *Decoder) name(s *wire.Segment, data []byte) {
	for _, found := range d.names.Segment(s, d.Payload(s, data)) {
		d.notices = append(d.notices, flow.Notice{
			Kind: flow.NoticeName, Key: s.Key, Dir: s.Dir, Net: s.Net, Frame: s.Frame, Time: conn.Time(s.Time), Name: found,
		})
	}
}

// Notices are what the latest packet tells beside being a segment. They are valid until the next one.
func (d *Decoder) Notices() []flow.Notice { return d.notices }

// Task is a segment of several, the tracker it goes to, and what leads to its conversation there.
type Task struct {
	Segment uint16
	Tracker uint8
	Hash    uint32 // of its key
}

// NewTask is for segment number i, and tracker number t.
func NewTask(i, t int, s *wire.Segment) Task {
	return Task{uint16(i), uint8(t), flow.Hash(&s.Key)}
}

// GroupSize is for how many conversations cache misses overlap.
const GroupSize = 32

// aside is a notice, and when it is to be given to its tracker.
type aside struct {
	flow.Notice
	tracker, behind int // how many of the worker's segments come before it
}

// batch is the segments of a batch of packets and what is done with them.
type batch struct {
	segments []wire.Segment
	byWorker [][]Task
	owner    []uint16       // by tracker: its worker
	asides   [][]aside      // by worker, in order
	outs     []flow.Output  // one for each tracker
	pending  sync.WaitGroup // workers that are not done with it
	ahead    ahead          // of several goroutines that decode
}

// maxPackets bounds the packets of a batch that are decoded at once, so that a task's index fits.
const maxPackets = 1024

// driver is what every analysis has: trackers, and the decoder in front of them.
type driver struct {
	trackers []*flow.Tracker
	only     []bool // by tracker: it is wanted; nil: all are

	// Heard is told of all notices; nil: nobody wants to know.
	Heard func(n *flow.Notice)

	// What the reader writes for every packet, a cache line away from what the workers read for every segment.
	_ [64]byte
	Decoder
}

func newDriver(opts Options, sink flow.Sink) driver {
	o := Tracking(opts)
	d := driver{trackers: make([]*flow.Tracker, o.Partitions()), Decoder: NewDecoder(opts)}
	for i := range d.trackers {
		d.trackers[i] = flow.NewTracker(o, sink)
	}
	return d
}

// expect prepares for the packets of src.
func (d *driver) expect(src packet.Source) {
	if namer, ok := src.(packet.Namer); ok {
		for _, t := range d.trackers {
			t.NameInterfaces(namer.Interface)
		}
	}
	if snapper, ok := src.(packet.Snapper); ok {
		for _, t := range d.trackers {
			t.SnapLens(snapper.SnapLen)
		}
	}
}

// decode fills b with the segments of packets[from:], up to maxPackets of them, and returns behind which packet it stopped.
func (d *driver) decode(packets *packet.Batch, from int, b *batch) (next int) {
	next = min(len(packets.Packets), from+maxPackets)
	b.begin(next - from)
	n := 0
	for i := from; i < next; i++ {
		s := &b.segments[n]
		_, tcp := d.Packet(&packets.Packets[i], packets.Data(i), s)
		if tcp {
			if tracker := s.Key.Partition(len(d.trackers)); d.wants(tracker) {
				b.add(n, tracker)
				n++
			}
		}
		if len(d.notices) > 0 {
			d.aside(b, n)
		}
	}
	return next
}

// begin makes room for the segments of so many packets.
func (b *batch) begin(packets int) {
	for w := range b.byWorker {
		b.byWorker[w], b.asides[w] = b.byWorker[w][:0], b.asides[w][:0]
	}
	if packets > len(b.segments) { // a small capture needs little
		b.segments = make([]wire.Segment, min(maxPackets, max(packets, 2*len(b.segments))))
	}
}

func (d *driver) wants(tracker int) bool { return d.only == nil || d.only[tracker] }

// add gives the i-th segment of b to the worker of a tracker.
func (b *batch) add(i, tracker int) {
	w := b.owner[tracker]
	b.byWorker[w] = append(b.byWorker[w], NewTask(i, tracker, &b.segments[i]))
}

// aside puts the notices of a packet, up to which there are so many segments in b, beside these.
func (d *driver) aside(b *batch, segments int) {
	for i := range d.notices {
		n := &d.notices[i]
		if d.Heard != nil {
			d.Heard(n)
		}
		if tracker := n.Key.Partition(len(d.trackers)); d.wants(tracker) {
			w := b.owner[tracker]
			tasks := b.byWorker[w]
			behind := sort.Search(len(tasks), func(i int) bool { return int(tasks[i].Segment) >= segments })
			b.asides[w] = append(b.asides[w], aside{*n, tracker, behind})
		}
	}
}

// track has the trackers of a worker track their segments of b, and tells them what there is to notice.
func (d *driver) track(b *batch, worker int) {
	tasks, asides := b.byWorker[worker], b.asides[worker]
	trackers, segments, outs := d.trackers, b.segments, b.outs
	asides = d.notice(asides, 0, flow.Placement{}, outs)
	for i := range tasks {
		t := &tasks[i]
		at := trackers[t.Tracker].Segment(&segments[t.Segment], t.Hash, &outs[t.Tracker])
		if len(asides) > 0 {
			asides = d.notice(asides, i+1, at, outs)
		}
	}
}

// notice gives their trackers the notices that come behind so many segments, the last of which went to at. It returns the others.
func (d *driver) notice(asides []aside, done int, at flow.Placement, outs []flow.Output) []aside {
	for len(asides) > 0 && asides[0].behind == done {
		a := &asides[0]
		d.trackers[a.tracker].Notice(&a.Notice, at, &outs[a.tracker])
		asides = asides[1:]
	}
	return asides
}

// drops adds to sum what src says was lost, and what it has behind the last packet.
func drops(src packet.Source, sum *intake.Summary) {
	if r, ok := src.(packet.Reporter); ok {
		stats := r.Stats()
		sum.Drops, sum.DropsKnown = stats.Drops, stats.Drop
		sum.OtherFrames = max(sum.OtherFrames, stats.OtherFrames)
	}
}
