package pipeline

import (
	"context"
	"errors"
	"io"

	"tcptrace/analyzer/internal/flow"
	"tcptrace/analyzer/internal/reading"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/wire"
)

// Frame is a captured frame of a conversation that was chosen. It is valid during the call that gets it.
type Frame struct {
	Conversation int    // in the order in which they were taken
	Number       uint64 // of the frame in the capture, from 1
	Packet       *packet.Packet
	Data         []byte        // what was captured of the frame
	Segment      *wire.Segment // found in Data, or put together from fragments of which the last is in it; nil: Data is an ICMP error (Choice.ICMP)
	Payload      []byte        // what was captured of the segment's payload: Segment.Len bytes, unless the frame was cut
	Fragments    []Fragment    // the frames of the others
	Reading      reading.Reading
}

// Fragment is a frame that has part of a segment.
type Fragment struct {
	Packet packet.Packet
	Data   []byte
	Frame  uint64
}

// ErrChanged says that a second pass met an input with fewer packets than the first.
var ErrChanged = errors.New("the input changed while it was read: it has fewer packets than in the first pass")

// Watch is a second pass: it reads src, which has the same packets as in the first, and shows the frames of
// the chosen conversations to see, in their order. It ends when there
// is nothing more to show, when ctx is cancelled (then the cause is returned), or when see fails, with its error.
//
// Which conversation a segment belongs to depends on the others in its partition: on which of them
// were evicted, say. So the trackers of the partitions that matter see all of their segments again, and the
// others none. Memory is bounded as in the first pass.
func (c *Choice) Watch(ctx context.Context, src packet.Source, see func(*Frame) error) error {
	opts := c.Options
	opts.Quick, opts.NoNames = false, true // a Reading of each segment is what it is for
	w := watcher{driver: newDriver(opts, nil), choice: c, see: see}
	w.expect(src)
	w.only = c.wanted()
	for _, t := range w.trackers {
		t.Watch(w.read)
	}
	if !c.ICMP || !c.errors {
		w.lone = c.lone.newFilter(w.trackers)
	}
	var packets packet.Batch
	for w.Number() < c.last || c.ICMP && c.errors {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if err := src.Next(&packets); err == io.EOF && w.Number() >= c.last {
			return nil
		} else if err == io.EOF {
			return ErrChanged
		} else if err != nil {
			return err
		}
		for i := range packets.Packets {
			if err := w.packet(&packets.Packets[i], packets.Data(i)); err != nil {
				return err
			}
		}
	}
	return nil
}

type watcher struct {
	driver
	choice  *Choice
	see     func(*Frame) error
	lone    filter
	out     flow.Output
	segment wire.Segment
	frame   Frame
	parts   parts
}

func (w *watcher) packet(p *packet.Packet, data []byte) error {
	s, f := &w.segment, &w.frame
	if passed, tcp := w.Packet(p, data, s); !tcp {
		if passed && w.Waits() {
			w.parts.keep(p, data, w.Number())
		}
		return w.icmp(p, data)
	}
	tracker := s.Key.Partition(len(w.trackers))
	if !w.only[tracker] {
		return nil
	}
	place, ok := w.track(s, tracker)
	if !ok {
		return nil
	}
	n, ok := w.choice.find(place)
	if !ok || s.Frame > w.choice.last {
		return nil
	}
	if rev, ok := w.choice.revisions[s.Frame]; ok {
		f.Reading.Kind, f.Reading.Cause, f.Reading.Spurious = rev.Kind, rev.Cause, rev.Spurious
		f.Reading.Notes = f.Reading.Notes.Amended(rev.Kind, rev.Notes)
		if rev.RTT != 0 {
			f.Reading.RTT = max(rev.RTT, 0)
		}
	}
	f.Conversation, f.Number, f.Packet, f.Data, f.Segment = n, s.Frame, p, data, s
	f.Payload = w.Payload(s, data)
	if s.Flags.Any(wire.RST) {
		f.Reading.Text = f.Payload
	}
	f.Fragments = w.parts.find(f.Fragments[:0], w.Intake.Fragments(s))
	return w.see(f)
}

// track tracks a segment, and reports where it belongs, if that may be to a conversation that was chosen.
func (w *watcher) track(s *wire.Segment, tracker int) (place flow.Place, ok bool) {
	t, hash, last := w.trackers[tracker], flow.Hash(&s.Key), uint64(0)
	if w.lone.by != nil && w.lone.by[tracker] {
		of, ok := w.lone.find(s, hash)
		if !ok {
			t.Skip(s)
			return place, false
		}
		last = of.last
	}
	w.frame.Reading = reading.Reading{Segment: s, Kind: kindOfSYN(s)} // it may be held, and read later
	place = t.Place(t.Segment(s, hash, &w.out))
	if s.Frame == last {
		reading := w.frame.Reading
		t.Forget(&s.Key, s.Frame, &w.out)
		w.frame.Reading = reading
	}
	w.out.Discard()
	return place, true
}

// icmp shows a packet that is an ICMP error about a segment of a conversation that was chosen, if such are wanted.
func (w *watcher) icmp(p *packet.Packet, data []byte) error {
	for i := range w.Notices() {
		n := &w.Notices()[i]
		tracker := n.Key.Partition(len(w.trackers))
		if !w.choice.ICMP || n.Kind != flow.NoticeICMP || !w.only[tracker] {
			continue
		}
		place, ok := w.trackers[tracker].PlaceNotice(n, &w.out)
		w.out.Discard()
		if !ok {
			continue
		}
		if at, ok := w.choice.find(place); ok {
			w.frame = Frame{Conversation: at, Number: n.Frame, Packet: p, Data: data, Fragments: w.frame.Fragments[:0]}
			return w.see(&w.frame)
		}
	}
	return nil
}

// read takes what a tracker says of the segment at hand.
func (w *watcher) read(r *reading.Reading) {
	if r.Amends == 0 && r.Segment == &w.segment {
		w.frame.Reading = *r
	}
}

func kindOfSYN(s *wire.Segment) reading.Kind {
	if s.Flags.Has(wire.ACK) {
		return reading.KindSYNACK
	}
	return reading.KindSYN
}
