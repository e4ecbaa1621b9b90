package plot

import (
	"math"
	"time"

	"tcptrace/analyzer"
	"tcptrace/internal/plot/paint"
	"tcptrace/report"
)

// window is what one side has in flight, and the window that its peer offers.
type window struct {
	*Stream
	side          analyzer.Side
	flight        analyzer.Flight
	bytes, offers sampled
	again, zero   series
}

func newWindow(s *Stream, side analyzer.Side) *window {
	return &window{Stream: s, side: side, flight: analyzer.NewFlight(&s.c), bytes: s.sampled(), offers: s.sampled(), again: s.series(letters), zero: s.series(letters)}
}

// inFlight is what a side has in flight when v, which is told of here, has passed.
func inFlight(f *analyzer.Flight, side analyzer.Side, v *analyzer.SegmentView, r *analyzer.Reading) (n uint64, known bool) {
	f.Segment(r)
	return f.Bytes(side, &analyzer.EndpointMoment{State: v.State[side]})
}

// offered is the window that v offers, if it does.
func offered(v *analyzer.SegmentView) (n uint64, ok bool) {
	return v.Window, v.HasAck && v.Kind != analyzer.KindRST && v.Kind != analyzer.KindUnacceptable && v.Kind != analyzer.KindCaptureDuplicate
}

func (w *window) segment(v *analyzer.SegmentView, r *analyzer.Reading) {
	at := timeOf(v)
	n, known := inFlight(&w.flight, w.side, v, r)
	if known {
		w.bytes.add(at, float64(n))
	}
	mine := v.From == w.side
	if mine && v.Kind == analyzer.KindRetransmission && w.shows(at) {
		w.again.add(paint.Datum{At: at, Y: float64(n), Text: "R"})
	}
	if size, ok := offered(v); ok && (!mine || w.c.Self()) {
		w.offers.add(at, float64(size))
		if size == 0 && w.shows(at) {
			w.zero.add(paint.Datum{At: at, Text: "Z"})
		}
	}
}

func (w *window) panel() paint.Panel {
	w.bytes.until(w.to)
	w.offers.until(w.to)
	p := paint.Panel{Label: "bytes that the " + w.side.String() + " has in flight, as seen where it was captured", Unit: paint.Bytes, Weight: 1}
	_, top, any := extent(w.bytes.list)
	if !any {
		p.Empty = "what is in flight is not known here"
		return p
	}
	offers := "window that the " + w.side.Peer().String() + " offers"
	if _, most, _ := extent(w.offers.list); most <= max(top, 1)*8 {
		top = max(top, most)
	} else {
		offers += " (up to " + report.HumanBytes(uint64(most)) + ", above the picture)"
	}
	p.Hi = max(top, 1) * 1.1
	p.Layers = []paint.Layer{
		{Name: "in flight", Style: paint.Filled, Color: paint.Blue, Points: w.bytes.list},
		{Name: offers, Style: paint.Steps, Color: paint.Orange, Points: w.offers.list},
	}
	for i, l := range []*series{&w.again, &w.zero} {
		if kind := markKinds[[]int{markAgain, markZero}[i]]; len(l.list) > 0 {
			p.Layers = append(p.Layers, paint.Layer{Name: kind.name, Style: paint.Letters, Color: kind.color, Points: l.list})
		}
	}
	return p
}

var sideColors = [2]paint.Color{analyzer.Client: paint.Blue, analyzer.Server: paint.Orange}

// roundTrips are round trip times, of the data of both sides or of one.
type roundTrips struct {
	*Stream
	samples [2]series // by the side whose segments were acknowledged
}

func newRoundTrips(s *Stream) *roundTrips {
	return &roundTrips{Stream: s, samples: [2]series{s.series(spread), s.series(spread)}}
}

func (t *roundTrips) segment(v *analyzer.SegmentView, r *analyzer.Reading) {
	if r.RTT > 0 && t.shows(timeOf(v)) {
		t.samples[t.of(v)].add(paint.Datum{At: timeOf(v), Y: r.RTT.Seconds()})
	}
}

// of is whose segments v acknowledges.
func (t *roundTrips) of(v *analyzer.SegmentView) analyzer.Side {
	if t.c.Self() {
		return analyzer.Client
	}
	return v.From.Peer()
}

func (t *roundTrips) panel() paint.Panel {
	p := paint.Panel{Label: "from a segment to its acknowledgment, both as they passed the capture", Unit: paint.Duration, Weight: 1}
	var lists [][]paint.Datum
	for _, side := range t.sides() {
		list := t.samples[side].list
		if len(list) == 0 {
			continue
		}
		lists = append(lists, list)
		rtt := &t.c.Sent[side].RTT
		name := "data of the " + side.String() + " (median " + report.HumanDuration(rtt.P50) + ", 95 % within " + report.HumanDuration(rtt.P95) + ")"
		p.Layers = append(p.Layers,
			paint.Layer{Style: paint.Line, Dash: 5, Thin: true, Color: sideColors[side], Points: []paint.Datum{{At: t.from, Y: rtt.P50.Seconds()}, {At: t.to, Y: rtt.P50.Seconds()}}},
			paint.Layer{Name: name, Style: paint.Spots, Color: sideColors[side], Points: list})
	}
	lo, hi, any := extent(lists...)
	if !any {
		p.Empty = "no round trip was measured here"
		return p
	}
	p.Fit(lo, hi)
	return p
}

// binned counts bytes in intervals.
type binned struct {
	from  int64
	width int64 // ns
	sums  []float64
}

// roundSpan is a round length of time of which at most n are in span.
func roundSpan(span int64, n int64) int64 {
	for size := int64(1000); ; size *= 10 { // ns
		for _, m := range []int64{1, 2, 5} {
			if m*size*n >= span || size > math.MaxInt64/100 {
				return m * size
			}
		}
	}
}

func newBinned(s stretch, n int64) binned {
	width := roundSpan(s.to-s.from, n)
	return binned{from: s.from, width: width, sums: make([]float64, (s.to-s.from)/width+1)}
}

func (b *binned) add(at int64, n float64) {
	if i := (at - b.from) / b.width; at >= b.from && i < int64(len(b.sums)) {
		b.sums[i] += n
	}
}

// rates are the sums a second, as steps.
func (b *binned) rates(to int64) (list []paint.Datum) {
	for i, n := range b.sums {
		list = append(list, paint.Datum{At: b.from + int64(i)*b.width, Y: n / time.Duration(b.width).Seconds()})
	}
	return append(list, paint.Datum{At: to, Y: list[len(list)-1].Y})
}

// throughput is the payload that one side sent, over time.
type throughput struct {
	*Stream
	side       analyzer.Side
	all, again binned
}

const intervals = 150

func newThroughput(s *Stream, side analyzer.Side) *throughput {
	return &throughput{Stream: s, side: side, all: newBinned(s.stretch, intervals), again: newBinned(s.stretch, intervals)}
}

func (t *throughput) segment(v *analyzer.SegmentView, _ *analyzer.Reading) {
	if v.From != t.side || v.Kind == analyzer.KindCaptureDuplicate {
		return
	}
	t.all.add(timeOf(v), float64(v.Len))
	if v.Kind == analyzer.KindRetransmission {
		t.again.add(timeOf(v), float64(v.Len))
	}
}

func (t *throughput) panel() paint.Panel {
	width := time.Duration(t.all.width)
	p := paint.Panel{Label: "payload of the " + t.side.String() + " a second, in intervals of " + paint.Duration.Text(width.Seconds()), Unit: paint.Rate, Weight: 1}
	rates, again := t.all.rates(t.to), t.again.rates(t.to)
	_, top, _ := extent(rates)
	switch {
	case top == 0:
		p.Empty = "the " + t.side.String() + " sent no payload here"
		return p
	case t.to == t.from:
		p.Empty = "all packets have the same time"
		return p
	}
	p.Hi = top * 1.08
	total := 0.0
	for _, n := range t.all.sums {
		total += n
	}
	mean := total / time.Duration(t.to-t.from).Seconds()
	p.Layers = []paint.Layer{
		{Name: "sent by the " + t.side.String(), Style: paint.Filled, Color: sideColors[t.side], Points: rates},
		{Name: "mean: " + report.HumanBytes(uint64(mean)) + "/s", Style: paint.Line, Color: paint.Muted, Dash: 5, Thin: true, Points: []paint.Datum{{At: t.from, Y: mean}, {At: t.to, Y: mean}}},
	}
	if _, n, _ := extent(again); n > 0 {
		p.Layers = append(p.Layers, paint.Layer{Name: "of that sent again", Style: paint.Filled, Color: paint.Red, Points: again})
	}
	return p
}
