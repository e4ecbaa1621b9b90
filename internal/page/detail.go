package page

import (
	"time"

	"tcptrace/analyzer"
)

// detail is a conversation that is shown segment by segment.
type detail struct {
	rank
	taken    int
	missing  uint64 // segments before those that are known, of a live capture
	c        analyzer.Conversation
	timeline analyzer.Timeline
	levels   []thinner    // the coarsest first
	waits    [2][]waiting // by Side: what was sent and not acknowledged, in order, for round trips
	reached  [2]int64     // by Side: the end of what was sent
	flight   analyzer.Flight
	again    [2]series // by Side: when it sent again what had been lost
}

// segment is what the page has of a segment.
type segment struct {
	since     time.Duration
	frame     uint64
	seq, ack  int64
	window    uint64
	roundTrip time.Duration // that its acknowledgment shows, at the tap; 0: none
	len       uint32
	code      uint32
	notes     uint32 // a set of notes, 0: none
	sacks     [4][2]int64
	nsack     uint8
	side      analyzer.Side
	mark      mark
	flight    [2]int64 // bytes that are in flight behind it, by Side; -1: not known
	packets   uint32   // that it stands for, of its side: itself and those left out before it
	bytes     uint64   // of payload, in these
}

// mark is whether a segment is drawn with a mark of its own.
type mark uint8

const (
	unmarked mark = iota
	special
	noted // there is only something to say of it
)

// code is what many segments have in common.
type code struct {
	side     analyzer.Side
	flags    string
	kind     analyzer.Kind
	cause    analyzer.Cause
	spurious bool
	unscaled bool
}

// add adds the segment that p.view shows, of which r is the reading.
func (d *detail) add(p *Page, r *analyzer.Reading) {
	v, s := &p.view, r.Segment
	x := segment{
		since: v.Since, frame: v.Frame, seq: v.Seq, len: v.Len, window: v.Window, side: v.From,
		code:    p.codes.of(code{v.From, v.Flags, v.Kind, v.Cause, v.Kind == analyzer.KindRetransmission && v.Spurious, v.Unscaled}),
		packets: 1, bytes: uint64(v.Len),
	}
	switch v.Kind {
	case analyzer.KindData, analyzer.KindACK, analyzer.KindDuplicateACK, analyzer.KindWindowUpdate:
		if len(v.Notes) > 0 {
			x.mark = noted
		}
	default:
		x.mark = special
	}
	if v.HasAck {
		x.ack = v.Ack
		for i := range min(int(s.NSack), len(s.Sack)) {
			x.sacks[i] = [2]int64{v.Ack + int64(int32(s.Sack[i][0]-s.Ack)), v.Ack + int64(int32(s.Sack[i][1]-s.Ack))}
		}
		x.nsack = min(s.NSack, uint8(len(s.Sack)))
	}
	if len(v.Notes) > 0 || v.Text != "" {
		text := ""
		for _, n := range v.Notes {
			text += n + " "
		}
		if v.Text != "" && len(v.Text) <= p.room {
			p.room -= len(v.Text)
			text += `"` + v.Text + `"`
		}
		if text != "" {
			x.notes = p.notes.of(text) + 1
		}
	}
	if v.Kind == analyzer.KindRetransmission && !v.Spurious {
		d.again[v.From].add(v.Time, 1)
	}
	d.flight.Segment(r)
	for side := range x.flight {
		x.flight[side] = -1
		if n, known := d.flight.Bytes(analyzer.Side(side), &analyzer.EndpointMoment{State: v.State[side]}); known {
			x.flight[side] = int64(n)
		}
	}
	x.roundTrip = d.roundTrip(v, int64(s.SeqLen()))
	for i := range d.levels {
		d.levels[i].add(&x)
	}
}

// waiting is a segment that waits for its acknowledgment.
type waiting struct {
	end   int64
	at    time.Duration
	again bool // it was sent more than once: its round trip is not known (Karn)
}

// mostWaiting bounds what is remembered of what nobody acknowledges.
const mostWaiting = 1024

// roundTrip is the time from the latest segment that v acknowledges to v, 0 if it is not known. length is what v takes of the sequence space.
func (d *detail) roundTrip(v *analyzer.SegmentView, length int64) (trip time.Duration) {
	if v.HasAck && v.Kind != analyzer.KindUnacceptable && v.Kind != analyzer.KindRST {
		list := d.waits[1-v.From]
		n := 0
		for n < len(list) && list[n].end <= v.Ack {
			if n++; !list[n-1].again {
				trip = v.Since - list[n-1].at
			} else {
				trip = 0
			}
		}
		d.waits[1-v.From] = list[n:]
	}
	end, list := v.Seq+length, d.waits[v.From]
	switch {
	case length == 0 || v.Kind == analyzer.KindUnacceptable || v.Kind == analyzer.KindRST:
	case end <= d.reached[v.From]:
		for i := range list {
			if list[i].end > v.Seq {
				list[i].again = true
			}
		}
	case len(list) < mostWaiting:
		d.waits[v.From] = append(list, waiting{end, v.Since, v.Kind == analyzer.KindRetransmission})
	}
	d.reached[v.From] = max(d.reached[v.From], end)
	return max(trip, 0)
}

// distances are the times that a segment takes between the tap and either endpoint, by Side, half of the least round trip; 0: not known.
func distances(c *analyzer.Conversation) (d [2]time.Duration) {
	for side := range c.Sent {
		s := &c.Sent[side]
		least := s.HandshakeRTT
		if s.RTT.Samples > 0 && (least == 0 || s.RTT.Min < least) {
			least = s.RTT.Min
		}
		d[1-side] = least / 2
	}
	return d
}
