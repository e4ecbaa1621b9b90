package plot

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/dimension"
	"tcptrace/internal/plot/paint"
	"tcptrace/report"
)

// Capture plots a whole capture. It is a sink of conversations, and where Reads says so it wants to see every reading, too. Its intervals
// grow with the capture, so that there are never more than a picture can show.
type Capture struct {
	o        *Options
	sum      *analyzer.Summary
	judgment analyzer.Judgment
	grid
	bins []bin
}

// grid is equal intervals of time that begin with the first thing that happens.
type grid struct {
	from  int64 // ns
	width int64 // ns; 0: nothing has happened
}

// bin is what happens in an interval.
type bin struct {
	opened, ended, failed int64
	gone                  int64 // conversations that were not over when they were last heard
	data                  int64 // segments with payload
	again                 [analyzer.NumCauses]int64
	rtts                  *histogram
}

const (
	shownBins  = 300 // in a picture
	mostBins   = 1 << 10
	firstWidth = int64(time.Millisecond)
)

// NewCapture plots what o says.
func NewCapture(o *Options) *Capture { return &Capture{o: o} }

// Reads reports whether it wants to see every reading.
func (p *Capture) Reads() bool { return p.o.Kind != "connections" }

// at is the bin of a time.
func (p *Capture) at(t int64) *bin {
	if p.width == 0 {
		p.from, p.width = t, firstWidth
	}
	if t < p.from {
		p.back((p.from - t + p.width - 1) / p.width)
		if t < p.from { // what is that far back is at the beginning
			t = p.from
		}
	}
	for (t-p.from)/p.width >= mostBins {
		p.widen()
	}
	i := int((t - p.from) / p.width)
	for len(p.bins) <= i {
		p.bins = append(p.bins, bin{})
	}
	return &p.bins[i]
}

// back puts n intervals in front of the first, as far as there is room for them: conversations come in the order of their ends.
func (p *Capture) back(n int64) {
	for n+int64(len(p.bins)) > mostBins && p.width < math.MaxInt64/16 {
		step := int64(p.step())
		p.widen()
		n = (n + step - 1) / step
	}
	p.bins = append(make([]bin, n), p.bins...)
	p.from -= n * p.width
}

// widen makes one interval of two or five, so that the lengths are 1 ms, 2 ms, 10 ms, 20 ms and so on.
func (p *Capture) widen() {
	n := p.step()
	fewer := p.bins[:0]
	for i, b := range p.bins {
		if i%n == 0 {
			fewer = append(fewer, b)
		} else {
			fewer[len(fewer)-1].add(&b)
		}
	}
	clear(p.bins[len(fewer):])
	p.bins, p.width = fewer, p.width*int64(n)
}

// step is how many intervals make the next longer one.
func (g *grid) step() int {
	width := g.width
	for width%10 == 0 {
		width /= 10
	}
	if width == 1 {
		return 2
	}
	return 5
}

func (b *bin) add(other *bin) {
	b.opened, b.ended, b.failed, b.gone, b.data = b.opened+other.opened, b.ended+other.ended, b.failed+other.failed, b.gone+other.gone, b.data+other.data
	for i, n := range other.again {
		b.again[i] += n
	}
	switch {
	case b.rtts == nil:
		b.rtts = other.rtts
	case other.rtts != nil:
		b.rtts.merge(other.rtts)
	}
}

// Conversation takes one that is over.
func (p *Capture) Conversation(c *analyzer.Conversation) error {
	if p.o.Kind != "connections" {
		return nil
	}
	p.judgment.Judge(c)
	p.at(int64(c.Start)).opened++
	end := p.at(int64(max(c.End, c.Start)))
	if c.Outcome == analyzer.Open || c.Outcome == analyzer.Closing || c.Outcome == analyzer.HalfOpen {
		end.gone++
	} else {
		end.ended++
	}
	if dimension.Failed(c, &p.judgment) != dimension.NoFailure {
		p.at(int64(max(c.End, c.Start))).failed++
	}
	return nil
}

// Reading takes a segment.
func (p *Capture) Reading(r *analyzer.Reading) {
	if r.Amends != 0 || r.Kind == analyzer.KindCaptureDuplicate || r.Kind == analyzer.KindUnacceptable {
		return
	}
	switch {
	case p.o.Kind == "rtt":
		if r.RTT > 0 {
			b := p.at(r.Segment.Time)
			if b.rtts == nil {
				b.rtts = &histogram{}
			}
			b.rtts.sample(int64(r.RTT))
		}
	case r.Kind == analyzer.KindRetransmission:
		b := p.at(r.Segment.Time)
		b.again[r.Cause]++
		if r.Segment.Len > 0 {
			b.data++
		}
	case r.Segment.Len > 0:
		p.at(r.Segment.Time).data++
	}
}

// Finish draws or writes all of it. sum is what was read.
func (p *Capture) Finish(w io.Writer, sum *analyzer.Summary, name string) error {
	p.sum = sum
	out := bufio.NewWriter(w)
	if !p.o.picture() {
		p.csv(out)
		return out.Flush()
	}
	for len(p.bins) > shownBins {
		p.widen()
	}
	title, subtitle := name, p.subtitle()
	c := paint.New(p.o.Format, title+". "+subtitle, p.o.w, p.o.h, p.o.Theme == "dark")
	chart := paint.Chart{Title: title, Subtitle: subtitle, Panels: p.panels()}
	from, to := sum.Start, max(sum.End, sum.Start)
	chart.X = p.o.axis(int64(from), int64(to), from, "the first packet of the capture")
	chart.Draw(c)
	if _, err := c.WriteTo(out); err != nil {
		return err
	}
	return out.Flush()
}

func (p *Capture) subtitle() string {
	what := map[string]string{"connections": "Connections", "loss": "Retransmissions", "rtt": "Round trip times of all connections"}[p.o.Kind]
	s := p.sum
	text := fmt.Sprintf("%s; %s in %s, %s", what, report.Counted(s.Conversations, "conversation"), report.HumanDuration(max(0, s.End.Sub(s.Start))), report.Counted(s.TCP, "TCP packet"))
	if s.Packets > 0 {
		text += " from " + s.Start.Time().Format("2006-01-02 15:04:05") + " UTC on"
	}
	return text
}

// every is the length of an interval, for labels.
func (p *Capture) every() string {
	return "in intervals of " + paint.Duration.Text(time.Duration(p.width).Seconds())
}

func (p *Capture) panels() []paint.Panel {
	switch {
	case len(p.bins) == 0:
		what := map[string]string{"connections": "no connections", "loss": "no data", "rtt": "no round trip was measured"}[p.o.Kind]
		return []paint.Panel{{Weight: 1, Empty: what}}
	case p.o.Kind == "connections":
		return p.connections()
	case p.o.Kind == "loss":
		return p.losses()
	}
	return p.roundTrips()
}

// values are those of all bins, as steps.
func (p *Capture) values(of func(*bin) float64) (list []paint.Datum) {
	for i := range p.bins {
		list = append(list, paint.Datum{At: p.start(i), Y: of(&p.bins[i])})
	}
	return append(list, paint.Datum{At: min(p.start(len(p.bins)), int64(max(p.sum.End, p.sum.Start))), Y: list[len(list)-1].Y})
}

func (p *Capture) start(i int) int64 { return max(p.from+int64(i)*p.width, int64(p.sum.Start)) }

func (p *Capture) connections() []paint.Panel {
	open := int64(0)
	there := p.values(func(b *bin) float64 {
		open += b.opened
		now := open
		open -= b.ended + b.gone
		return float64(now)
	})
	opened := p.values(func(b *bin) float64 { return float64(b.opened) })
	ended := p.values(func(b *bin) float64 { return float64(b.ended) })
	failed := p.values(func(b *bin) float64 { return float64(b.failed) })
	one := paint.Panel{Label: "connections between their first packet and their last, " + p.every(), Unit: paint.Count, Weight: 1, Layers: []paint.Layer{
		{Name: "there", Style: paint.Filled, Color: paint.Blue, Points: there}}}
	two := paint.Panel{Label: "opened, ended and failed, " + p.every(), Unit: paint.Count, Weight: 1, Layers: []paint.Layer{
		{Name: "opened", Style: paint.Steps, Color: paint.Sky, Points: opened},
		{Name: "ended", Style: paint.Steps, Thin: true, Color: paint.Muted, Dash: 3, Points: ended},
		{Name: "failed", Style: paint.Filled, Color: paint.Red, Points: failed}}}
	_, top, _ := extent(there)
	one.Fit(0, max(top, 1))
	_, top, _ = extent(opened, ended)
	two.Fit(0, max(top, 1))
	return []paint.Panel{one, two}
}

// causeColors are by analyzer.Cause.
var causeColors = [analyzer.NumCauses]paint.Color{
	analyzer.CauseNone: paint.Gray, analyzer.CauseTimeout: paint.Red, analyzer.CauseFast: paint.Blue, analyzer.CauseSACK: paint.Green,
	analyzer.CauseTailProbe: paint.Purple, analyzer.CauseUnknown: paint.Gray,
}

func (p *Capture) losses() []paint.Panel {
	count := paint.Panel{Label: "segments sent again, by what made their senders do so, " + p.every(), Unit: paint.Count, Weight: 1}
	sums := make([]float64, len(p.bins))
	for cause := range analyzer.NumCauses {
		var list []paint.Datum
		for i := range p.bins {
			if n := float64(p.bins[i].again[cause]); n > 0 {
				list = append(list, paint.Datum{At: p.start(i), Y0: sums[i], Y: sums[i] + n})
				sums[i] += n
			}
		}
		if len(list) > 0 {
			count.Layers = append(count.Layers, paint.Layer{Name: cause.String(), Style: paint.Columns, Wide: p.width, Color: causeColors[cause], Points: list})
		}
	}
	top := 0.0
	for _, n := range sums {
		top = max(top, n)
	}
	count.Fit(0, top)
	if top == 0 {
		count.Empty = "nothing was sent again"
	}
	share := paint.Panel{Label: "share of all segments with data", Unit: paint.Percent, Weight: 0.7}
	list := p.values(func(b *bin) float64 {
		n := int64(0)
		for _, k := range b.again {
			n += k
		}
		if n == 0 {
			return 0
		}
		return 100 * float64(n) / float64(max(b.data, n))
	})
	share.Layers = []paint.Layer{{Name: "share", Style: paint.Filled, Color: paint.Red, Points: list}}
	_, high, _ := extent(list)
	share.Fit(0, max(high, 0.1))
	return []paint.Panel{count, share}
}

func (p *Capture) roundTrips() []paint.Panel {
	panel := paint.Panel{Label: "from a segment to its acknowledgment, both as they passed the capture, " + p.every(), Unit: paint.Duration, Weight: 1}
	lo, hi := math.Inf(1), 0.0
	for _, q := range []struct {
		name  string
		share float64
		color paint.Color
		thin  bool
	}{{"99 % within", 0.99, paint.Red, true}, {"95 % within", 0.95, paint.Orange, false}, {"median", 0.5, paint.Blue, false}} {
		list := p.values(func(b *bin) float64 {
			if b.rtts == nil {
				return math.NaN()
			}
			v := b.rtts.quantile(q.share)
			lo, hi = min(lo, v), max(hi, v)
			return v
		})
		panel.Layers = append(panel.Layers, paint.Layer{Name: q.name, Style: paint.Steps, Color: q.color, Thin: q.thin, Points: list})
	}
	panel.Fit(lo, hi)
	return []paint.Panel{panel}
}

func (p *Capture) csv(w io.Writer) {
	columns := map[string][]string{
		"connections": {"t_s", "opened", "ended", "failed"},
		"loss":        {"t_s", "data_segments"},
		"rtt":         {"t_s", "samples", "min_s", "p50_s", "p95_s", "p99_s", "max_s"},
	}[p.o.Kind]
	if p.o.Kind == "loss" {
		for cause := analyzer.CauseNone + 1; cause < analyzer.NumCauses; cause++ {
			columns = append(columns, cause.String())
		}
	}
	t := newTable(w, columns...)
	for i := range p.bins {
		b := &p.bins[i]
		t.seconds(p.start(i) - int64(p.sum.Start))
		switch p.o.Kind {
		case "connections":
			t.int(b.opened)
			t.int(b.ended)
			t.int(b.failed)
		case "loss":
			t.int(b.data)
			for cause := analyzer.CauseNone + 1; cause < analyzer.NumCauses; cause++ {
				t.int(b.again[cause])
			}
		default:
			t.distribution(b.rtts)
		}
		t.end()
	}
	t.w.Flush()
}

func (t *table) distribution(h *histogram) {
	if h == nil {
		h = &histogram{}
	}
	t.int(int64(h.total))
	for _, v := range []float64{float64(h.lo) / 1e9, h.quantile(0.5), h.quantile(0.95), h.quantile(0.99), float64(h.hi) / 1e9} {
		if h.total == 0 {
			v = math.NaN()
		}
		t.float(v)
	}
}

// Run reads a capture. Where readings are wanted everything is done in one goroutine.
func (p *Capture) Run(ctx context.Context, src packet.Source, opts analyzer.Options) (analyzer.Summary, error) {
	if !p.Reads() {
		return analyzer.Run(ctx, src, opts, p)
	}
	a := analyzer.New(opts, p)
	a.Watch(p.Reading)
	return a.Run(ctx, src)
}
