package plot

import (
	"strings"

	"tcptrace/analyzer"
	"tcptrace/internal/plot/paint"
	"tcptrace/report"
)

// sequence is the time-sequence graph of what one side sent: its segments as bars from the first number to the last, and the line of
// what its peer acknowledged, and of the end of the window that it offered.
type sequence struct {
	*Stream
	side              analyzer.Side
	fresh, again, out series
	sacks             series
	acked, edge       sampled
	marks             [len(markKinds)]series
	ack               int64 // the highest
}

// markKind is a mark that those know who use Ostermann's tcptrace.
type markKind struct {
	text  string
	name  string
	color paint.Color
}

const (
	markSYN = iota
	markFIN
	markRST
	markAgain
	markLate
	markSACK
	markTriple
	markZero
	markProbe
	markUrgent
	markECN
	markStrange
)

// markKinds are in order of importance: of two in one place the first is drawn.
var markKinds = [...]markKind{
	markSYN: {"SYN", "SYN", paint.Ink}, markFIN: {"FIN", "FIN", paint.Ink}, markRST: {"RST", "RST", paint.Red},
	markAgain: {"R", "retransmission", paint.Red}, markLate: {"O", "out of order", paint.Purple}, markSACK: {"S", "SACK", paint.Violet},
	markTriple: {"3", "third duplicate ACK", paint.Green}, markZero: {"Z", "zero window", paint.Orange}, markProbe: {"P", "probe", paint.Orange},
	markUrgent: {"U", "urgent", paint.Red}, markECN: {"CE", "congestion mark", paint.Yellow}, markStrange: {"×", "not accepted", paint.Gray},
}

func newSequence(s *Stream, side analyzer.Side) *sequence {
	q := &sequence{Stream: s, side: side, fresh: s.series(joined), again: s.series(joined), out: s.series(joined), sacks: s.series(joined),
		acked: s.sampled(), edge: s.sampled()}
	for i := range q.marks {
		q.marks[i] = s.series(letters)
	}
	return q
}

func (q *sequence) mark(kind int, v *analyzer.SegmentView, y int64, text string) {
	if !q.shows(timeOf(v)) {
		return
	}
	if text == "" {
		text = markKinds[kind].text
	}
	q.marks[kind].add(paint.Datum{At: timeOf(v), Y: float64(y), Text: text, Below: kind == markProbe || kind == markTriple})
}

func (q *sequence) segment(v *analyzer.SegmentView, r *analyzer.Reading) {
	if v.From == q.side {
		q.sent(v)
	}
	if v.From != q.side || q.c.Self() {
		q.received(v, r)
	}
}

// sent is a segment of the side.
func (q *sequence) sent(v *analyzer.SegmentView) {
	syn, fin := strings.Contains(v.Flags, "S"), strings.Contains(v.Flags, "F")
	end := v.Seq + int64(v.Len)
	if syn {
		end++
	}
	if fin {
		end++
	}
	again := ""
	switch v.Kind {
	case analyzer.KindUnacceptable:
		q.mark(markStrange, v, v.Seq, "")
		return
	case analyzer.KindCaptureDuplicate:
		return
	case analyzer.KindRST:
		q.mark(markRST, v, v.Seq, "")
		return
	case analyzer.KindRetransmission:
		again = "R "
	}
	switch {
	case syn:
		q.mark(markSYN, v, end, again+"SYN")
	case fin:
		q.mark(markFIN, v, end, again+"FIN")
	case again != "":
		q.mark(markAgain, v, end, "")
	case v.Kind == analyzer.KindOutOfOrder:
		q.mark(markLate, v, end, "")
	case v.Kind == analyzer.KindZeroWindowProbe, v.Kind == analyzer.KindKeepAlive:
		q.mark(markProbe, v, end, "")
	}
	if has(v, "urgent") && v.Len > 0 {
		q.mark(markUrgent, v, end, "")
	}
	if has(v, "ecn-ce") {
		q.mark(markECN, v, v.Seq, "")
	}
	if end > v.Seq && q.shows(timeOf(v)) {
		q.bars(v.Kind).add(paint.Datum{At: timeOf(v), Y0: float64(v.Seq), Y: float64(end)})
	}
}

func (q *sequence) bars(k analyzer.Kind) *series {
	switch k {
	case analyzer.KindRetransmission:
		return &q.again
	case analyzer.KindOutOfOrder:
		return &q.out
	}
	return &q.fresh
}

// received is a segment of the peer.
func (q *sequence) received(v *analyzer.SegmentView, r *analyzer.Reading) {
	switch {
	case v.Kind == analyzer.KindUnacceptable || v.Kind == analyzer.KindCaptureDuplicate:
		return
	case v.Kind == analyzer.KindRST:
		at := q.ack
		if v.HasAck {
			at = v.Ack
		}
		q.mark(markRST, v, at, "")
		return
	case !v.HasAck:
		return
	}
	if q.ack = max(q.ack, v.Ack); q.ack == v.Ack { // not one that was overtaken
		q.acked.add(timeOf(v), float64(v.Ack))
		q.edge.add(timeOf(v), float64(v.Ack+int64(v.Window)))
		if v.Window == 0 {
			q.mark(markZero, v, v.Ack, "")
		}
	}
	if r.Third {
		q.mark(markTriple, v, v.Ack, "")
	}
	top := int64(0)
	for left, right := range blocks(v, r.Segment) {
		if q.shows(timeOf(v)) {
			q.sacks.add(paint.Datum{At: timeOf(v), Y0: float64(left), Y: float64(right)})
		}
		top = max(top, right)
	}
	if top > 0 {
		q.mark(markSACK, v, top, "")
	}
}

// blocks are the SACK blocks of a segment, relative as its ACK is.
func blocks(v *analyzer.SegmentView, s *analyzer.Segment) func(func(left, right int64) bool) {
	return func(yield func(left, right int64) bool) {
		for _, b := range s.Sack[:min(int(s.NSack), len(s.Sack))] {
			left, right := v.Ack+int64(int32(b[0]-s.Ack)), v.Ack+int64(int32(b[1]-s.Ack))
			if right > left && !yield(left, right) {
				return
			}
		}
	}
}

// ceiling is how far a window may be above all else and be shown: that many times its height.
const ceiling = 1.2

func (q *sequence) panel() paint.Panel {
	q.acked.until(q.to)
	q.edge.until(q.to)
	p := paint.Panel{Label: "sequence number of the " + q.side.String() + ", relative", Unit: paint.Bytes, Weight: 1}
	lo, hi, any := extent(q.fresh.list, q.again.list, q.out.list, q.acked.list)
	for _, list := range [][]paint.Datum{q.fresh.list, q.again.list, q.out.list} {
		for _, d := range list {
			lo = min(lo, d.Y0)
		}
	}
	if !any {
		p.Empty = "the " + q.side.String() + " sent nothing here"
		return p
	}
	edge := "window edge"
	if _, top, ok := extent(q.edge.list); ok && top > hi {
		if top-lo <= ceiling*2*(hi-lo) {
			hi = top
		} else {
			edge = "window edge (up to " + report.HumanBytes(uint64(top)) + ", above the picture)"
		}
	}
	span := max(hi-lo, 1)
	p.Lo, p.Hi = lo-0.04*span, hi+0.07*span
	if lo >= 0 {
		p.Lo = max(p.Lo, 0)
	}
	p.Layers = []paint.Layer{
		{Style: paint.Strips, Color: paint.Violet, Points: q.sacks.list},
		{Name: edge, Style: paint.Steps, Color: paint.Orange, Points: q.edge.list},
		{Name: "acknowledged", Style: paint.Steps, Color: paint.Green, Points: q.acked.list},
		{Name: "segment", Style: paint.Bars, Color: paint.Blue, Points: q.fresh.list},
	}
	for _, l := range []paint.Layer{
		{Style: paint.Bars, Color: paint.Purple, Points: q.out.list},
		{Style: paint.Bars, Color: paint.Red, Points: q.again.list},
	} {
		if len(l.Points) > 0 {
			p.Layers = append(p.Layers, l)
		}
	}
	for i, k := range markKinds {
		if len(q.marks[i].list) > 0 {
			name := k.name
			if name == k.text {
				name = ""
			}
			p.Layers = append(p.Layers, paint.Layer{Name: name, Style: paint.Letters, Color: k.color, Points: q.marks[i].list})
		}
	}
	return p
}
