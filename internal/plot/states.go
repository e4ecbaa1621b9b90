package plot

import (
	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/internal/plot/paint"
)

// states are lanes of time, one for each endpoint, coloured by its states.
type states struct{ *Stream }

func (states) segment(*analyzer.SegmentView, *analyzer.Reading) {}

func (states) height() int { return 480 }

// stateColors are alike for states that are alike: opening, open, closed by oneself, closed by the peer, gone.
var stateColors = map[fsm.State]paint.Color{
	fsm.Unknown: paint.Gray, fsm.Closed: paint.Gray, fsm.Listen: paint.Gray,
	fsm.SynSent: paint.Sky, fsm.SynRcvd: paint.Sky, fsm.Established: paint.Green,
	fsm.FinWait1: paint.Blue, fsm.FinWait2: paint.Violet, fsm.Closing: paint.Purple, fsm.TimeWait: paint.Yellow,
	fsm.CloseWait: paint.Orange, fsm.LastAck: paint.Red,
}

// stay is a state and how long it lasts.
type stay struct {
	analyzer.Step
	from, to int64 // ns
	first    bool  // it was there before the capture began
}

// stays are those of a side, up to where the picture ends.
func (p *states) stays(side analyzer.Side) (list []stay) {
	steps := p.judgment.Trajectory[side]
	at := int64(p.c.Start)
	for i := range steps {
		if steps[i].Time != 0 {
			at = max(at, int64(steps[i].Time)) // what happened behind another does not count sooner
		}
		one := stay{Step: steps[i], from: at, to: p.to}
		if i == 0 && steps[i].State == fsm.Listen {
			one.from, one.first = int64(p.c.Start), true
			at = one.from
		}
		if n := len(list); n > 0 {
			list[n-1].to = one.from
		}
		list = append(list, one)
	}
	return list
}

const (
	laneHeight  = 64.0
	whisker     = 9.0 // below a lane
	laneLabel   = 64.0
	rowHeight   = 15.0
	leastInside = 6.0
)

func (p *states) draw(c *paint.Canvas) {
	title, subtitle := p.title()
	top := c.Header(title, subtitle)
	axis := p.axis()
	top = p.key(c, top)
	bottom := c.H - 46
	lane := min(laneHeight, (bottom-top)/5)
	plotted := timeline{c: c, x: 14 + laneLabel, w: c.W - 28 - laneLabel, axis: &axis}
	gap := (bottom - top - 2*lane) / 2
	first, second := top+gap*0.62, top+gap*1.38+lane
	plotted.grid(top, bottom)
	for side, y := range [2]float64{first, second} {
		p.lane(&plotted, analyzer.Side(side), y, lane)
	}
}

// key explains what is drawn.
func (p *states) key(c *paint.Canvas, y float64) float64 {
	y += 14
	x := 14.0
	entry := func(text string, draw func(x, y float64)) {
		draw(x, y-10)
		c.Text(x+28, y, text, paint.SmallFont, paint.Ink, paint.Left)
		x += 28 + c.Width(text, paint.SmallFont) + 20
	}
	entry("proved by what the endpoint sent", func(x, y float64) { c.Rect(x, y, 22, 12, paint.Green, 1) })
	entry("assumed: nothing proves it", func(x, y float64) {
		c.Rect(x, y, 22, 12, paint.Green, 0.35)
		c.Hatch(x, y, 22, 12, 5, paint.Pen{Color: paint.Green, Width: 1.4})
	})
	entry("by time alone", func(x, y float64) { dotted(c, x, y, 22, 12, paint.Green) })
	entry("the endpoint entered it within", func(x, y float64) {
		bracket(c, paint.Green, x+2, x+20, y+6)
	})
	return y + 6
}

// dotted is a rectangle of what time alone tells.
func dotted(c *paint.Canvas, x, y, w, h float64, color paint.Color) {
	c.Rect(x, y, w, h, color, 0.35)
	var dots []paint.Point
	for dy := 3.0; dy < h; dy += 6 {
		for dx := 3.0; dx < w && len(dots) < 4000; dx += 6 {
			dots = append(dots, paint.Point{X: x + dx, Y: y + dy})
		}
	}
	c.Dots(dots, 1, color, 1)
}

// bracket is a whisker from one x to another.
func bracket(c *paint.Canvas, color paint.Color, from, to, y float64) {
	c.Lines(paint.Pen{Color: color, Width: 2}, []paint.Point{{X: from, Y: y - 4}, {X: from, Y: y + 4}}, []paint.Point{{X: from, Y: y}, {X: to, Y: y}}, []paint.Point{{X: to, Y: y - 4}, {X: to, Y: y + 4}})
}

// timeline is where times are.
type timeline struct {
	c    *paint.Canvas
	x, w float64
	axis *paint.TimeAxis
}

// px is where a time is, at the edge if it is not on the axis.
func (t *timeline) px(at int64) float64 {
	if t.axis.To <= t.axis.From {
		return t.x
	}
	return t.x + t.w*min(max(float64(at-t.axis.From)/float64(t.axis.To-t.axis.From), 0), 1)
}

func (t *timeline) grid(top, bottom float64) {
	var lines [][]paint.Point
	for _, tick := range t.axis.Ticks(max(2, int(t.w/95))) {
		x := t.px(tick.At)
		lines = append(lines, []paint.Point{{X: x, Y: top}, {X: x, Y: bottom}})
		t.c.Text(min(x, t.x+t.w-t.c.Width(tick.Text, paint.SmallFont)/2), bottom+16, tick.Text, paint.SmallFont, paint.Muted, paint.Center)
	}
	t.c.Lines(paint.Pen{Color: paint.Grid, Width: 1}, lines...)
	t.c.Lines(paint.Pen{Color: paint.Gray, Width: 1}, []paint.Point{{X: t.x, Y: bottom}, {X: t.x + t.w, Y: bottom}})
	t.c.Text(t.x+t.w/2, bottom+34, t.axis.Label(), paint.SmallFont, paint.Muted, paint.Center)
}

func (p *states) lane(t *timeline, side analyzer.Side, y, h float64) {
	c := t.c
	c.Text(14, y+h/2+5, side.String(), paint.TitleFont, paint.Ink, paint.Left)
	list := p.stays(side)
	if len(list) == 0 {
		c.Text(t.x+t.w/2, y+h/2+4, "nothing is known of this endpoint", paint.TextFont, paint.Muted, paint.Center)
		return
	}
	var narrow []stay
	brackets := 0
	for _, s := range list {
		if s.to < p.from || s.from > p.to {
			continue
		}
		x, end := t.px(s.from), t.px(s.to)
		w := max(end-x, 1.2)
		color := stateColors[s.State]
		switch s.Evidence {
		case analyzer.EvidenceAssumed:
			c.Rect(x, y, w, h, color, 0.35)
			c.Hatch(x, y, w, h, 8, paint.Pen{Color: color, Width: 2})
		case analyzer.EvidenceTimer:
			dotted(c, x, y, w, h, color)
		default:
			c.Rect(x, y, w, h, color, 1)
		}
		c.Lines(paint.Pen{Color: paint.Paper, Width: 1}, []paint.Point{{X: x, Y: y}, {X: x, Y: y + h}})
		p.name(t, &s, x, y, w, h, &narrow)
		if s.NotBefore != 0 && s.NotAfter > s.NotBefore && !s.first {
			if a, b := t.px(int64(s.NotBefore)), t.px(int64(s.NotAfter)); b-a >= 3 {
				bracket(c, stateColors[s.State], a, b, y+h+whisker+float64(brackets%3)*11)
				brackets++
			}
		}
	}
	p.leaders(t, narrow, y, h)
}

// name writes the state into its stay, or leaves it to leaders.
func (p *states) name(t *timeline, s *stay, x, y, w, h float64, narrow *[]stay) {
	name := s.State.String()
	room := t.c.Width(name, paint.MarkFont) + 2*leastInside
	if w < room {
		*narrow = append(*narrow, *s)
		return
	}
	if s.Evidence == analyzer.EvidenceAssumed || s.Evidence == analyzer.EvidenceTimer {
		t.c.Rect(x+w/2-room/2, y+h/2-9, room, 18, paint.Paper, 0.85)
		t.c.Text(x+w/2, y+h/2+4, name, paint.MarkFont, paint.Ink, paint.Center)
		return
	}
	t.c.TextOn(x+w/2, y+h/2+4, name, paint.MarkFont, stateColors[s.State], paint.Center)
}

// leaders writes the names of stays that are too narrow above their lane, each on the lowest row that is free, with a line to it. In the left
// half they stand to the right of their lines, in the right half to the left: no line crosses a name.
func (p *states) leaders(t *timeline, narrow []stay, y, h float64) {
	middle := func(s *stay) float64 { return (t.px(s.from) + t.px(s.to)) / 2 }
	n := 0
	for n < len(narrow) && middle(&narrow[n]) <= t.x+t.w/2 {
		n++
	}
	left, right := ends{}, ends{}
	for i := n - 1; i >= 0; i-- {
		p.leader(t, narrow[i].State.String(), middle(&narrow[i]), y, 1, &left)
	}
	for i := n; i < len(narrow); i++ {
		p.leader(t, narrow[i].State.String(), middle(&narrow[i]), y, -1, &right)
	}
}

// ends are how far rows of names reach, as seen from where they begin.
type ends [7]float64

// leader writes a name beside a line that ends at x: to the right of it (1), or the left (-1).
func (p *states) leader(t *timeline, name string, x, y, direction float64, taken *ends) {
	width := t.c.Width(name, paint.SmallFont) + 12
	row := 0
	for row < len(taken) && taken[row] != 0 && direction*(taken[row]-x) < width {
		row++
	}
	if row == len(taken) {
		return
	}
	taken[row] = x
	base := y - 10 - float64(row)*rowHeight
	t.c.Lines(paint.Pen{Color: paint.Muted, Width: 1}, []paint.Point{{X: x, Y: y}, {X: x, Y: base - 8}})
	if direction > 0 {
		t.c.Text(x+4, base, name, paint.SmallFont, paint.Ink, paint.Left)
	} else {
		t.c.Text(x-4, base, name, paint.SmallFont, paint.Ink, paint.Right)
	}
}
