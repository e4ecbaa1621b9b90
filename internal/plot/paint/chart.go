package paint

import (
	"math"
	"slices"
)

// Fonts of all pictures.
var (
	TitleFont = Font{Size: 16, Bold: true}
	TextFont  = Font{Size: 12.5}
	SmallFont = Font{Size: 11.5}
	MarkFont  = Font{Size: 11.5, Bold: true}
)

// Chart is panels one above the other, over one axis of time.
type Chart struct {
	Title, Subtitle string
	X               TimeAxis
	Panels          []Panel
}

// Panel is one of a chart: what it shows, over a range of values.
type Panel struct {
	Label  string
	Unit   Unit
	Lo, Hi float64 // of values; with Log both are positive
	Log    bool
	Weight float64 // its share of the height
	Layers []Layer
	Empty  string // said in place of data that are not there
}

// Style is how a layer is drawn.
type Style uint8

// The styles.
const (
	Line    Style = iota // from point to point
	Steps                // as Line, each value up to the next
	Filled               // Steps, and what is below
	Spots                // a disc at each point
	Bars                 // from value to value
	Letters              // a text at each point
	Columns              // from value to value, Wide to the right
	Strips               // Bars that are broad and pale, for what lies behind others
)

// Layer is data drawn in one way.
type Layer struct {
	Name   string // in the legend; empty: it has no entry
	Style  Style
	Color  Color
	Points []Datum // in order of time
	Wide   int64   // of Columns: ns
	Dash   float64
	Thin   bool
}

// Datum is a value at a time, or the values between two. A value that is not a number ends a line.
type Datum struct {
	At    int64 // ns
	Y, Y0 float64
	Text  string // of Letters
	Below bool   // where that stands
}

const (
	margin    = 14.0
	tickRoom  = 8.0
	axisRoom  = 44.0
	panelHead = 20.0
	panelGap  = 12.0
)

// Header draws what every picture has on top, and returns where it ends.
func (c *Canvas) Header(title, subtitle string) float64 {
	y := margin + 14
	c.Text(margin, y, c.Fit(title, TitleFont, c.W-2*margin), TitleFont, Ink, Left)
	if subtitle != "" {
		y += 19
		c.Text(margin, y, c.Fit(subtitle, TextFont, c.W-2*margin), TextFont, Muted, Left)
	}
	return y + 8
}

// Draw draws the chart.
func (ch *Chart) Draw(c *Canvas) {
	top := c.Header(ch.Title, ch.Subtitle)
	top = ch.legend(c, top)
	left, weights := 0.0, 0.0
	for i := range ch.Panels {
		for _, v := range ch.Panels[i].ticks(c.H / float64(len(ch.Panels))) {
			left = max(left, c.Width(ch.Panels[i].Unit.Text(v), SmallFont))
		}
		weights += ch.Panels[i].Weight
	}
	left += margin + tickRoom
	room := c.H - axisRoom - top - panelGap*float64(len(ch.Panels)-1)
	for i := range ch.Panels {
		h := room * ch.Panels[i].Weight / weights
		f := frame{c: c, x: left, y: top + panelHead, w: c.W - left - margin - 8, h: h - panelHead, chart: ch, panel: &ch.Panels[i]}
		f.draw()
		top += h + panelGap
	}
}

// legend draws the names of all layers in rows.
func (ch *Chart) legend(c *Canvas, y float64) float64 {
	x, seen, drawn := margin, map[string]bool{}, false
	y += 12
	for i := range ch.Panels {
		for j := range ch.Panels[i].Layers {
			l := &ch.Panels[i].Layers[j]
			if l.Name == "" || seen[l.Name] {
				continue
			}
			seen[l.Name], drawn = true, true
			width := 24 + c.Width(l.Name, SmallFont) + 18
			if x+width > c.W-margin && x > margin {
				x, y = margin, y+17
			}
			l.swatch(c, x, y)
			c.Text(x+24, y, l.Name, SmallFont, Ink, Left)
			x += width
		}
	}
	if !drawn {
		return y - 8
	}
	return y + 8
}

func (l *Layer) swatch(c *Canvas, x, y float64) {
	mid := y - 4
	switch l.Style {
	case Spots:
		c.Dots([]Point{{x + 10, mid}}, 3, l.Color, 1)
	case Bars:
		c.Lines(Pen{Color: l.Color, Width: 2}, []Point{{x + 6, mid - 5}, {x + 6, mid + 5}}, []Point{{x + 13, mid - 5}, {x + 13, mid + 5}})
	case Columns:
		c.Rect(x+3, mid-5, 14, 10, l.Color, 0.9)
	case Filled:
		c.Rect(x, mid-4, 20, 9, l.Color, 0.25)
		c.Lines(Pen{Color: l.Color, Width: 1.6}, []Point{{x, mid - 4}, {x + 20, mid - 4}})
	case Letters:
		c.Text(x+10, y, l.sample(), MarkFont, l.Color, Center)
	default:
		c.Lines(Pen{Color: l.Color, Width: 1.8, Dash: l.Dash}, []Point{{x, mid}, {x + 20, mid}})
	}
}

// sample is what a layer of letters has for the legend.
func (l *Layer) sample() string {
	if len(l.Points) == 0 {
		return ""
	}
	return l.Points[0].Text
}

func (p *Panel) ticks(height float64) []float64 {
	if p.Log {
		return logTicks(p.Lo, p.Hi)
	}
	s := step(p.Hi-p.Lo, max(2, int(height/48)))
	if p.Unit == Count || p.Unit == Bytes {
		s = max(s, 1)
	}
	return ticks(p.Lo, p.Hi, s)
}

// frame is where a panel is drawn.
type frame struct {
	c          *Canvas
	x, y, w, h float64
	chart      *Chart
	panel      *Panel
	taken      map[[2]int]bool // where letters are
}

func (f *frame) px(at int64) float64 {
	a := &f.chart.X
	if a.To <= a.From {
		return f.x
	}
	return f.x + float64(at-a.From)/float64(a.To-a.From)*f.w
}

func (f *frame) py(v float64) float64 {
	p := f.panel
	share := 0.0
	switch {
	case p.Log:
		share = math.Log(max(v, p.Lo)/p.Lo) / math.Log(p.Hi/p.Lo)
	case p.Hi > p.Lo:
		share = (v - p.Lo) / (p.Hi - p.Lo)
	}
	return f.y + f.h - min(max(share, 0), 1)*f.h
}

func (f *frame) draw() {
	f.grid()
	if f.panel.Empty != "" {
		f.c.Text(f.x+f.w/2, f.y+f.h/2, f.panel.Empty, TextFont, Muted, Center)
		return
	}
	f.taken = map[[2]int]bool{}
	for i := range f.panel.Layers {
		f.layer(&f.panel.Layers[i])
	}
}

func (f *frame) grid() {
	c, p := f.c, f.panel
	c.Text(f.x, f.y-7, p.Label, SmallFont, Muted, Left)
	var lines [][]Point
	if p.Empty == "" {
		for _, v := range p.ticks(f.h) {
			y := f.py(v)
			lines = append(lines, []Point{{f.x, y}, {f.x + f.w, y}})
			c.Text(f.x-tickRoom, y+4, p.Unit.Text(v), SmallFont, Muted, Right)
		}
	}
	marks := f.chart.X.Ticks(max(2, int(f.w/95)))
	last := f.panel == &f.chart.Panels[len(f.chart.Panels)-1]
	edge := math.Inf(-1)
	for _, t := range marks {
		x := f.px(t.At)
		lines = append(lines, []Point{{x, f.y}, {x, f.y + f.h}})
		if half := c.Width(t.Text, SmallFont) / 2; last && x-half > edge && x+half < c.W {
			c.Text(x, f.y+f.h+16, t.Text, SmallFont, Muted, Center)
			edge = x + half + 4
		}
	}
	c.Lines(Pen{Color: Grid, Width: 1}, lines...)
	c.Lines(Pen{Color: Gray, Width: 1}, []Point{{f.x, f.y + f.h}, {f.x + f.w, f.y + f.h}})
	if last {
		c.Text(f.x+f.w/2, f.y+f.h+34, f.chart.X.Label(), SmallFont, Muted, Center)
	}
}

func (f *frame) layer(l *Layer) {
	switch l.Style {
	case Line, Steps, Filled:
		f.line(l)
	case Spots:
		points := make([]Point, len(l.Points))
		for i, d := range l.Points {
			points[i] = Point{f.px(d.At), f.py(d.Y)}
		}
		radius := 2.6
		if len(points) > 500 {
			radius = 1.6
		}
		f.c.Dots(points, radius, l.Color, 0.75)
	case Bars:
		f.bars(l)
	case Strips:
		for _, d := range l.Points {
			x, low, high := f.px(d.At), f.py(d.Y0), f.py(d.Y)
			f.c.Rect(x-4, high, 8, max(low-high, 1.5), l.Color, 0.4)
		}
	case Columns:
		for _, d := range l.Points {
			x, y := f.px(d.At), f.py(d.Y)
			f.c.Rect(x, y, max(f.px(d.At+l.Wide)-x-0.4, 0.6), f.py(d.Y0)-y, l.Color, 0.9)
		}
	case Letters:
		f.letters(l)
	}
}

// line draws a line, which is broken where it leaves the top.
func (f *frame) line(l *Layer) {
	var lists [][]Point
	var now []Point
	end := func() {
		if len(now) > 0 {
			lists = append(lists, now)
		}
		now = nil
	}
	for _, d := range l.Points {
		if math.IsNaN(d.Y) || d.Y > f.panel.Hi*1.0001 {
			if n := len(now); n > 0 && l.Style != Line {
				now = append(now, Point{f.px(d.At), now[n-1].Y})
			}
			end()
			continue
		}
		at := Point{f.px(d.At), f.py(d.Y)}
		if n := len(now); n > 0 && l.Style != Line && now[n-1].Y != at.Y {
			now = append(now, Point{at.X, now[n-1].Y})
		}
		now = append(now, at)
	}
	end()
	if l.Style == Filled {
		for _, points := range lists {
			f.c.Below(points, f.y+f.h, l.Color, 0.18)
		}
	}
	width := 1.7
	if l.Thin {
		width = 1.1
	}
	f.c.Lines(Pen{Color: l.Color, Width: width, Dash: l.Dash}, lists...)
	if l.Style == Steps {
		f.c.Dots(specks(lists), 2.2, l.Color, 1)
	}
}

// leastPiece is how wide a level piece of a line must be to be seen.
const leastPiece = 4

// specks are the middles of level pieces of which nothing would be seen.
func specks(pieces [][]Point) (list []Point) {
	for _, piece := range pieces {
		first, last := piece[0], piece[len(piece)-1]
		level := !slices.ContainsFunc(piece, func(p Point) bool { return p.Y != first.Y })
		if level && last.X-first.X < leastPiece {
			list = append(list, Point{(first.X + last.X) / 2, first.Y})
		}
	}
	return list
}

// bars draws segments; the ends of those that are long enough are marked.
func (f *frame) bars(l *Layer) {
	var lines, ends [][]Point
	for _, d := range l.Points {
		x, low, high := f.px(d.At), f.py(d.Y0), f.py(d.Y)
		if low-high < 1.5 {
			mid := (low + high) / 2
			low, high = mid+0.75, mid-0.75
		}
		lines = append(lines, []Point{{x, low}, {x, high}})
		if low-high > 7 {
			ends = append(ends, []Point{{x - 2.5, low}, {x + 2.5, low}}, []Point{{x - 2.5, high}, {x + 2.5, high}})
		}
	}
	f.c.Lines(Pen{Color: l.Color, Width: 2}, lines...)
	f.c.Lines(Pen{Color: l.Color, Width: 1.3}, ends...)
}

// letters writes a text at each point, but not two on top of each other: the first stands for both.
func (f *frame) letters(l *Layer) {
	const cellW, cellH = 9, 12
	for _, d := range l.Points {
		x, y := f.px(d.At), f.py(d.Y)-5
		if d.Below {
			y += 18
		}
		half := f.c.Width(d.Text, MarkFont) / 2
		x = min(max(x, f.x+half), f.x+f.w-half)
		y = min(max(y, f.y+9), f.y+f.h-2)
		for tries := 0; ; tries++ {
			if f.free(x, y, half, cellW, cellH) {
				f.c.Rect(x-half-1, y-9, 2*half+2, 11, Paper, 0.7)
				f.c.Text(x, y, d.Text, MarkFont, l.Color, Center)
				break
			}
			if y -= cellH; tries == 1 || y < f.y+9 {
				break
			}
		}
	}
}

// free takes a place for a text, if none is there.
func (f *frame) free(x, y, half float64, cellW, cellH int) bool {
	row := int(y) / cellH
	first, last := int(x-half)/cellW, int(x+half)/cellW
	for i := first; i <= last; i++ {
		if f.taken[[2]int{i, row}] || f.taken[[2]int{i, row + 1}] && int(y)%cellH > 9 {
			return false
		}
	}
	for i := first; i <= last; i++ {
		f.taken[[2]int{i, row}] = true
	}
	return true
}

// Fit has the panel show values, none negative, from lo to hi: by their logarithms if they are very different.
func (p *Panel) Fit(lo, hi float64) {
	if lo > 0 && hi/lo > 30 {
		p.Log, p.Lo, p.Hi = true, lo/1.3, hi*1.3
		if p.Unit == Duration {
			p.Lo = max(p.Lo, min(1e-6, hi/10)) // what is below is due to the clock
		}
		return
	}
	p.Lo, p.Hi = 0, hi*1.1
	if hi <= 0 {
		p.Hi = 1
	}
}
