package plot

import (
	"fmt"
	"math"
	"strings"
	"time"

	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/internal/plot/paint"
	"tcptrace/report"
)

// ladder is the segments as arrows between the endpoints, each from when its sender sent it to when its receiver got it, as far as the distances
// of the endpoints are known. Time goes down, but not evenly: pauses are cut, and every arrow has its room.
type ladder struct {
	*Stream
	rungs  []rung
	held   []rung // ordinary ones that may fold
	folded rung
	length int // of the run of ordinary ones
	hidden uint64
	state  [2]fsm.State
	way    [2]int64 // from the tap to each side, ns
}

// rung is a segment, or several that are folded.
type rung struct {
	at       int64 // ns, at the tap
	frame    uint64
	from     analyzer.Side
	kind     analyzer.Kind
	seq, end int64
	label    report.SegmentLabel
	lost     bool
	syn      bool
	refused  bool      // a SYN, by an RST
	enters   [2]string // by side: the state that it brings
	segments uint64    // folded
	bytes    [2]uint64
}

const (
	mostRungs  = 80
	wholeRungs = 40 // a conversation of so many is not folded
	foldLead   = 2
	foldLeast  = 4
	pause      = int64(time.Second) // from so much on it is said
)

func newLadder(s *Stream) *ladder {
	l := &ladder{Stream: s}
	for side := range l.way {
		l.way[side] = int64(s.c.Sides[s.c.ClientDir^uint8(side)].Distance) / 2
	}
	for side, steps := range s.judgment.Trajectory {
		if len(steps) > 0 && steps[0].State == fsm.Listen {
			l.state[side] = fsm.Listen
		}
	}
	return l
}

func (l *ladder) segment(v *analyzer.SegmentView, _ *analyzer.Reading) {
	r := rung{at: timeOf(v), frame: v.Frame, from: v.From, kind: v.Kind, seq: v.Seq, end: v.Seq + int64(v.Len), syn: strings.Contains(v.Flags, "S")}
	for side, state := range v.State {
		if state != l.state[side] {
			r.enters[side] = l.entered(analyzer.Side(side), state, v.Frame)
			l.state[side] = state
		}
	}
	if v.Kind == analyzer.KindRetransmission && !v.Spurious {
		l.lose(&r)
	}
	if v.HasAck && strings.Contains(v.Flags, "R") {
		l.refuse(&r, v.Ack)
	}
	switch {
	case !l.shows(r.at):
		return
	case len(l.rungs) == mostRungs:
		l.hidden++
		return
	}
	r.label = report.NewSegmentLabel(v)
	if !r.label.Ordinary || r.enters != [2]string{} || l.c.Packets() <= wholeRungs {
		l.unfold()
		l.put(r)
		return
	}
	l.fold(r, v.Len)
}

// entered is a state, with a question mark if it is assumed.
func (l *ladder) entered(side analyzer.Side, state fsm.State, frame uint64) string {
	for _, step := range l.judgment.Trajectory[side] {
		if step.State == state && step.Frame == frame && step.Evidence == analyzer.EvidenceAssumed {
			return state.String() + " ?"
		}
	}
	return state.String()
}

// lose marks what r, which was needed, repeats.
func (l *ladder) lose(r *rung) {
	for _, list := range [][]rung{l.rungs, l.held} {
		for i := range list {
			if old := &list[i]; old.from == r.from && old.segments == 0 && old.kind != analyzer.KindUnacceptable && !old.refused && repeats(old, r) {
				old.lost = true
			}
		}
	}
}

// refuse marks the SYN that an RST, r, refuses: it arrived.
func (l *ladder) refuse(r *rung, ack int64) {
	for _, list := range [][]rung{l.rungs, l.held} {
		for i := range list {
			if old := &list[i]; old.syn && old.from != r.from && old.seq+1 == ack {
				old.refused = true
			}
		}
	}
}

// repeats reports whether r has what begins old, be it a SYN or FIN without data.
func repeats(old, r *rung) bool {
	if old.end == old.seq {
		return r.end == r.seq && old.seq == r.seq && !old.label.Ordinary && old.kind != analyzer.KindDuplicateACK
	}
	return r.seq <= old.seq && old.seq < r.end
}

func (l *ladder) put(r rung) {
	if len(l.rungs) == mostRungs {
		l.hidden += max(r.segments, 1)
		return
	}
	l.rungs = append(l.rungs, r)
}

func (l *ladder) fold(r rung, payload uint32) {
	l.length++
	switch f := &l.folded; {
	case l.length <= foldLead:
		l.put(r)
	case len(l.held) < foldLeast && f.segments == 0:
		l.held = append(l.held, r)
	default:
		for _, h := range l.held {
			f.add(h, uint64(h.end-h.seq))
		}
		l.held = l.held[:0]
		f.add(r, uint64(payload))
	}
}

func (f *rung) add(r rung, payload uint64) {
	if f.segments == 0 {
		f.at, f.frame = r.at, r.frame
	}
	f.segments++
	f.bytes[r.from] += payload
}

// unfold ends a run.
func (l *ladder) unfold() {
	for _, h := range l.held {
		l.put(h)
	}
	if l.folded.segments > 0 {
		l.put(l.folded)
	}
	l.held, l.folded, l.length = l.held[:0], rung{}, 0
}

// text is what is folded.
func (f *rung) text() string {
	text := report.Counted(f.segments, "ordinary segment")
	for side, n := range f.bytes {
		if n > 0 {
			text += fmt.Sprintf(", %s from the %s", report.HumanBytes(n), analyzer.Side(side))
		}
	}
	return text
}

const (
	ladderTop   = 104.0
	stateRoom   = 116.0
	rulerBottom = 30.0
)

// height is what the ladder needs.
func (l *ladder) height() int {
	l.unfold()
	_, _, bottom := l.place(ladderTop)
	return int(bottom + rungRoom + rulerBottom + 24)
}

func (l *ladder) draw(c *paint.Canvas) {
	l.unfold()
	title, subtitle := l.title()
	c.Header(title, subtitle)
	l.key(c, 62)
	stamps := l.stampRoom(c)
	left, right := stamps+stateRoom, c.W-stateRoom-14
	sent, got, bottom := l.place(ladderTop)
	room := c.H - rulerBottom - rungRoom
	scale := 1.0
	if bottom > room {
		scale = (room - ladderTop) / (bottom - ladderTop)
	}
	for i := range sent {
		sent[i], got[i] = ladderTop+(sent[i]-ladderTop)*scale, ladderTop+(got[i]-ladderTop)*scale
	}
	end := min(bottom, room) + rungRoom
	for side, x := range [2]float64{left, right} {
		c.Text(x, ladderTop-16, analyzer.Side(side).String(), paint.TextFont, sideColors[side], paint.Center)
		c.Lines(paint.Pen{Color: paint.Gray, Width: 1.5}, []paint.Point{{X: x, Y: ladderTop - 8}, {X: x, Y: end}})
	}
	c.Text(16, ladderTop-16, "time", paint.SmallFont, paint.Muted, paint.Left)
	c.Text(stamps-16, ladderTop-16, "frame", paint.SmallFont, paint.Muted, paint.Right)
	d := rungDrawer{l, c, left, right, stamps - 16, math.Inf(-1)}
	for i := range l.rungs {
		d.draw(&l.rungs[i], sent[i], got[i])
		if i > 0 && l.rungs[i].at-l.rungs[i-1].at >= pause && sent[i]-sent[i-1] > 24 {
			d.pause(l.rungs[i].at-l.rungs[i-1].at, (max(sent[i-1], got[i-1])+sent[i])/2)
		}
	}
	for i := range l.rungs {
		if r := &l.rungs[i]; r.segments > 0 {
			d.folded(r, sent[i])
		}
	}
	if l.hidden > 0 {
		c.Text((left+right)/2, c.H-12, report.Counted(l.hidden, "more segment")+": --begin and --end choose", paint.TextFont, paint.Muted, paint.Center)
	}
}

// folded says what is not drawn.
func (d *rungDrawer) folded(r *rung, y float64) {
	text := "· · ·   " + r.text() + "   · · ·"
	mid, width := (d.left+d.right)/2, d.c.Width(text, paint.SmallFont)
	d.c.Rect(mid-width/2-4, y-9, width+8, 17, paint.Paper, 0.9)
	d.c.Text(mid, y+4, text, paint.SmallFont, paint.Muted, paint.Center)
}

// stampRoom is what times and frames take.
func (l *ladder) stampRoom(c *paint.Canvas) float64 {
	room := 0.0
	for i := range l.rungs {
		r := &l.rungs[i]
		room = max(room, c.Width(l.stamp(r), paint.SmallFont)+c.Width(fmt.Sprint(r.frame), paint.SmallFont))
	}
	return max(room, 70) + 46
}

// stamp is when r was captured, in seconds since the first packet.
func (l *ladder) stamp(r *rung) string {
	return fmt.Sprintf("%.6f", time.Duration(r.at-int64(l.c.Start)).Seconds())
}

func (l *ladder) key(c *paint.Canvas, y float64) {
	text := "× lost, it or its ACK: it was sent again, and that was needed.   ? assumed.   Slopes: the way from the capture to "
	for side, way := range l.way {
		if side > 0 {
			text += ", "
		}
		text += analyzer.Side(side).String() + " "
		if way == 0 {
			text += "not known"
		} else {
			text += report.HumanDuration(time.Duration(way))
		}
	}
	c.Text(14, y+6, c.Fit(text, paint.SmallFont, c.W-28), paint.SmallFont, paint.Muted, paint.Left)
}

// rungDrawer draws the rungs of a ladder between its rails.
type rungDrawer struct {
	*ladder
	c           *paint.Canvas
	left, right float64
	frames      float64 // where their column ends
	stamped     float64 // where the last time is
}

// pause says how long nothing was sent.
func (d *rungDrawer) pause(length int64, y float64) {
	text := report.HumanDuration(time.Duration(length)) + " of silence"
	mid, half := (d.left+d.right)/2, d.c.Width(text, paint.SmallFont)/2+8
	d.c.Lines(paint.Pen{Color: paint.Gray, Width: 1, Dash: 3}, []paint.Point{{X: d.left + 12, Y: y}, {X: mid - half, Y: y}}, []paint.Point{{X: mid + half, Y: y}, {X: d.right - 12, Y: y}})
	d.c.Text(mid, y+4, text, paint.SmallFont, paint.Muted, paint.Center)
}

func (d *rungDrawer) draw(r *rung, sent, got float64) {
	c := d.c
	if r.segments > 0 {
		return // drawn last, over the arrows
	}
	from, to, leaves, comes := d.left, d.right, r.enters[analyzer.Client], r.enters[analyzer.Server]
	if r.from == analyzer.Server {
		from, to, leaves, comes = d.right, d.left, comes, leaves
	}
	if sent-d.stamped >= 11 {
		c.Text(16, sent+4, d.stamp(r), paint.SmallFont, paint.Muted, paint.Left)
		c.Text(d.frames, sent+4, fmt.Sprint(r.frame), paint.SmallFont, paint.Muted, paint.Right)
		d.stamped = sent
	}
	d.enters(leaves, r.from, sent)
	d.enters(comes, r.from.Peer(), got)
	d.arrow(r, paint.Point{X: from, Y: sent}, paint.Point{X: to, Y: got})
}

// enters writes a state outside the rail.
func (d *rungDrawer) enters(state string, side analyzer.Side, y float64) {
	if side == analyzer.Client {
		d.c.Text(d.left-8, y+4, state, paint.MarkFont, paint.Ink, paint.Right)
	} else {
		d.c.Text(d.right+8, y+4, state, paint.MarkFont, paint.Ink, paint.Left)
	}
}

func (d *rungDrawer) arrow(r *rung, from, to paint.Point) {
	pen := paint.Pen{Color: sideColors[r.from], Width: 1.4}
	switch r.kind {
	case analyzer.KindRST, analyzer.KindRetransmission:
		pen.Color = paint.Red
	case analyzer.KindUnacceptable, analyzer.KindCaptureDuplicate:
		pen.Color = paint.Gray
	}
	part := func(share float64) paint.Point {
		return paint.Point{X: from.X + (to.X-from.X)*share, Y: from.Y + (to.Y-from.Y)*share}
	}
	switch {
	case r.lost:
		d.c.Lines(pen, []paint.Point{from, part(0.6)})
		d.c.Cross(paint.Pen{Color: paint.Red, Width: 2}, part(0.6), 5)
	case r.kind == analyzer.KindUnacceptable:
		d.c.Lines(pen, []paint.Point{from, to})
		d.c.Cross(paint.Pen{Color: paint.Gray, Width: 2}, to, 5)
	default:
		d.c.Arrow(pen, from, to)
	}
	text := r.label.Text
	if r.label.What != "" {
		text += " · " + r.label.What
	}
	text = d.c.Fit(text, paint.SmallFont, (d.right-d.left)-28)
	color := paint.Ink
	if pen.Color == paint.Red {
		color = paint.Red
	}
	d.c.TextAlong(from, to, 14, 3.5, text, paint.SmallFont, color)
}

// ladder is the table of the arrows: all segments, none folded.
func (p *rows) ladder() {
	p.table = newTable(p.out, "t_s", "frame", "from", "sent_s", "received_s", "kind", "label", "what")
	way := newLadder(p.Stream).way
	p.each = func(v *analyzer.SegmentView, _ *analyzer.Reading) {
		if !p.begin(v) {
			return
		}
		since := timeOf(v) - int64(p.c.Start)
		p.seconds(since - way[v.From])
		p.seconds(since + way[v.From.Peer()])
		p.text(v.Kind.String())
		label := report.NewSegmentLabel(v)
		p.text(label.Text)
		p.text(label.What)
		p.end()
	}
}
