package plot

import (
	"math"
	"slices"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/internal/plot/paint"
)

// TestSeriesBounded holds that a million data are thinned, and that extremes and marks survive.
func TestSeriesBounded(t *testing.T) {
	s := stretch{0, 1e6, 500}
	line, bars, marks, spots := s.series(outline), s.series(joined), s.series(letters), s.series(spread)
	for i := range int64(1e6) {
		y := float64(i % 1000)
		if i == 654_321 {
			y = 5000
		}
		line.add(paint.Datum{At: i, Y: y})
		spots.add(paint.Datum{At: i, Y: y})
		bars.add(paint.Datum{At: i, Y0: float64(i), Y: float64(i) + 1})
		text := "R"
		if i == 123_456 {
			text = "RST"
		}
		marks.add(paint.Datum{At: i, Y: y, Text: text})
	}
	for name, series := range map[string]*series{"line": &line, "bars": &bars, "marks": &marks, "spots": &spots} {
		if n := len(series.list); n >= mostData || n < 500 {
			t.Errorf("%s: %d data are kept", name, n)
		}
	}
	for name, series := range map[string]*series{"line": &line, "spots": &spots, "marks": &marks} {
		if _, high, _ := extent(series.list); high != 5000 {
			t.Errorf("%s: the highest is %v", name, high)
		}
	}
	is := func(text string) func(paint.Datum) bool { return func(d paint.Datum) bool { return d.Text == text } }
	if !slices.ContainsFunc(marks.list, is("RST")) {
		t.Error("the only RST is lost among a million marks")
	}
	marks.shrink()
	columns := map[int]bool{}
	for _, d := range marks.list {
		if d.Text == "R" {
			columns[marks.column(d.At)] = true
		}
	}
	if len(columns) < 500 {
		t.Errorf("of 500 columns %d have their R", len(columns))
	}
	lo, _, _ := extent(bars.list)
	if lo != 1 && bars.list[0].Y0 != 0 {
		t.Errorf("the first bar is gone: %v", bars.list[0])
	}
}

func TestThinning(t *testing.T) {
	bar := func(lo, hi float64) paint.Datum { return paint.Datum{Y0: lo, Y: hi} }
	values := func(list []paint.Datum) (y []float64) {
		for _, d := range list {
			y = append(y, d.Y0, d.Y)
		}
		return y
	}
	for _, test := range []struct {
		name string
		in   []paint.Datum
		want []float64
	}{
		{"four bars stay", []paint.Datum{bar(0, 1), bar(2, 3), bar(4, 5), bar(6, 7)}, []float64{0, 1, 2, 3, 4, 5, 6, 7}},
		{"of five the nearest become one", []paint.Datum{bar(0, 1), bar(1.5, 3), bar(4, 5), bar(6, 7), bar(8, 9)}, []float64{0, 3, 4, 5, 6, 7, 8, 9}},
		{"those that touch become one first", []paint.Datum{bar(0, 1), bar(1, 3), bar(3, 5), bar(6, 7), bar(8, 9)}, []float64{0, 5, 6, 7, 8, 9}},
		{"one within another", []paint.Datum{bar(0, 9), bar(1, 3), bar(3, 5), bar(6, 7), bar(12, 13)}, []float64{0, 9, 12, 13}},
	} {
		if test.name == "of five the nearest become one" { // all gaps but one are alike
			test.in[2], test.in[3], test.in[4] = bar(5, 6), bar(8, 9), bar(11, 12)
			test.want = []float64{0, 3, 5, 6, 8, 9, 11, 12}
		}
		if got := values(joined(test.in)); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
	point := func(y float64) paint.Datum { return paint.Datum{Y: y} }
	in := []paint.Datum{point(3), point(9), point(5), point(1), point(4)}
	if got := outline(in); len(got) != 4 || got[0].Y != 3 || got[1].Y != 9 || got[2].Y != 1 || got[3].Y != 4 {
		t.Errorf("an outline is %v", got)
	}
}

// TestSampled holds what a line shows that was there before the stretch and goes on behind it.
func TestSampled(t *testing.T) {
	s := stretch{100, 200, 50}.sampled()
	for _, d := range [][2]float64{{50, 1}, {80, 2}, {100, 3}, {150, 3}, {200, 4}, {201, 5}} {
		s.add(int64(d[0]), d[1])
	}
	s.until(200)
	want := []paint.Datum{{At: 100, Y: 2}, {At: 100, Y: 3}, {At: 200, Y: 4}}
	if !slices.Equal(s.list, want) {
		t.Errorf("%v, want %v", s.list, want)
	}
}

// TestBins holds that intervals grow with the capture, keep their sums, and take what is before the first.
func TestBins(t *testing.T) {
	p := NewCapture(&Options{Kind: "connections"})
	total := int64(0)
	for i := range int64(5000) {
		at := int64(time.Hour) + i*int64(time.Second)
		if i%3 == 0 {
			at = int64(time.Hour) - i*int64(time.Millisecond)
		}
		p.at(at).opened++
		total++
	}
	sum := int64(0)
	for i := range p.bins {
		sum += p.bins[i].opened
	}
	if sum != total || len(p.bins) > mostBins || p.from > int64(time.Hour)-4998*int64(time.Millisecond) {
		t.Errorf("%d of %d in %d intervals from %d on", sum, total, len(p.bins), p.from)
	}
	if p.width != int64(10*time.Second) {
		t.Errorf("the intervals are of %v", time.Duration(p.width))
	}
	far := NewCapture(&Options{Kind: "connections"})
	for _, at := range []int64{0, math.MaxInt64 / 4, -math.MaxInt64 / 4, 1} {
		far.at(at).opened++
	}
	if len(far.bins) > mostBins {
		t.Errorf("%d intervals", len(far.bins))
	}
}

func TestHistogram(t *testing.T) {
	var h, other histogram
	for i := range int64(1000) {
		h.sample((i + 1) * 1000)
	}
	other.sample(int64(time.Hour))
	h.merge(&other)
	for share, want := range map[float64]float64{0.5: 500e-6, 0.95: 950e-6, 1: 3600} {
		if got := h.quantile(share); math.Abs(got/want-1) > 1.0/16 {
			t.Errorf("%v are within %v s, want %v", share, got, want)
		}
	}
	for _, ns := range []int64{1, 15, 16, 17, 1000, math.MaxInt64} {
		if got := decoded(code(ns)); math.Abs(got*1e9/float64(ns)-1) > 1.0/16 {
			t.Errorf("%d ns come back as %v s", ns, got)
		}
	}
}

func TestRoundSpan(t *testing.T) {
	for span, want := range map[int64]int64{0: 1000, 150_000: 1000, 150_001: 2000, 15e9: 100e6, 16e9: 200e6, 31e9: 500e6} {
		if got := roundSpan(span, 150); got != want {
			t.Errorf("%d: %d, want %d", span, got, want)
		}
	}
}

// TestRepeats holds which segments one repeats, just inside and outside.
func TestRepeats(t *testing.T) {
	old := &rung{seq: 100, end: 200}
	for _, test := range []struct {
		seq, end int64
		want     bool
	}{{100, 200, true}, {100, 101, true}, {99, 100, false}, {99, 101, true}, {101, 200, false}} {
		if got := repeats(old, &rung{seq: test.seq, end: test.end}); got != test.want {
			t.Errorf("%d:%d repeats 100:200: %v", test.seq, test.end, got)
		}
	}
	syn := &rung{kind: analyzer.KindSYN}
	if !repeats(syn, &rung{kind: analyzer.KindRetransmission}) || repeats(syn, &rung{seq: 1, end: 1}) {
		t.Error("a SYN that comes again")
	}
}
