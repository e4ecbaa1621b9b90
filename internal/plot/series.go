package plot

import (
	"cmp"
	"math"
	"slices"

	"tcptrace/internal/plot/paint"
)

// mostData is how many data of a series are kept before they are thinned.
const mostData = 1 << 15

// series is data over a stretch of time that is known beforehand. Of more than a picture can show it keeps what is seen: in each column
// of pixels, the highest and lowest, the first and the last.
type series struct {
	from, to int64 // ns
	columns  int
	thin     func(column []paint.Datum) []paint.Datum
	list     []paint.Datum
}

func (s *series) add(d paint.Datum) {
	s.list = append(s.list, d)
	if len(s.list) >= mostData {
		s.shrink()
	}
}

// column is in which one a time is.
func (s *series) column(at int64) int {
	if s.to <= s.from {
		return 0
	}
	share := float64(at-s.from) / float64(s.to-s.from)
	return int(min(max(share, 0), 1) * float64(s.columns))
}

// shrink thins every column.
func (s *series) shrink() {
	slices.SortStableFunc(s.list, func(a, b paint.Datum) int { return cmp.Compare(s.column(a.At), s.column(b.At)) })
	out := s.list[:0]
	for i := 0; i < len(s.list); {
		n := i + 1
		for n < len(s.list) && s.column(s.list[n].At) == s.column(s.list[i].At) {
			n++
		}
		out = append(out, s.thin(s.list[i:n:n])...)
		i = n
	}
	s.list = out
}

// outline keeps the first, the lowest, the highest and the last of a line.
func outline(column []paint.Datum) []paint.Datum {
	if len(column) <= 4 {
		return column
	}
	low, high := 0, 0
	for i := range column {
		if column[i].Y < column[low].Y {
			low = i
		}
		if column[i].Y > column[high].Y {
			high = i
		}
	}
	keep := []int{0, low, high, len(column) - 1}
	slices.Sort(keep)
	keep = slices.Compact(keep)
	out := make([]paint.Datum, len(keep))
	for i, k := range keep {
		out[i] = column[k]
	}
	return out
}

// spread keeps eight values, the lowest and the highest among them.
func spread(column []paint.Datum) []paint.Datum {
	const most = 8
	if len(column) <= most {
		return column
	}
	slices.SortStableFunc(column, func(a, b paint.Datum) int { return cmp.Compare(a.Y, b.Y) })
	out := make([]paint.Datum, most)
	for i := range out {
		out[i] = column[i*(len(column)-1)/(most-1)]
	}
	return out
}

// joined keeps four bars: those that touch become one, then those nearest to each other.
func joined(column []paint.Datum) []paint.Datum {
	const most = 4
	if len(column) <= most {
		return column
	}
	slices.SortStableFunc(column, func(a, b paint.Datum) int { return cmp.Compare(a.Y0, b.Y0) })
	var gaps []float64
	out := joinWithin(column, 0)
	for i := 1; i < len(out); i++ {
		gaps = append(gaps, out[i].Y0-out[i-1].Y)
	}
	if len(out) <= most {
		return out
	}
	slices.Sort(gaps)
	return joinWithin(out, gaps[len(gaps)-most])
}

// joinWithin joins bars, in order of where they begin, with gaps between them up to one.
func joinWithin(bars []paint.Datum, gap float64) (out []paint.Datum) {
	for _, b := range bars {
		if n := len(out) - 1; n >= 0 && b.Y0-out[n].Y <= gap {
			out[n].Y = max(out[n].Y, b.Y)
			continue
		}
		out = append(out, b)
	}
	return out
}

// letters keeps, of each letter, the lowest and the highest.
func letters(column []paint.Datum) (out []paint.Datum) {
	if len(column) <= 2 {
		return column
	}
	type ends struct{ low, high int }
	byText := map[string]ends{}
	var order []string
	for i, d := range column {
		e, ok := byText[d.Text]
		if !ok {
			e = ends{i, i}
			order = append(order, d.Text)
		}
		if d.Y < column[e.low].Y {
			e.low = i
		}
		if d.Y > column[e.high].Y {
			e.high = i
		}
		byText[d.Text] = e
	}
	for _, text := range order {
		e := byText[text]
		out = append(out, column[e.low])
		if e.high != e.low {
			out = append(out, column[e.high])
		}
	}
	return out
}

// sampled is a value that holds until the next: a step outside the stretch that is shown counts at its edge.
type sampled struct {
	series
	last    paint.Datum
	started bool
}

func (s *sampled) add(at int64, y float64) {
	switch {
	case at > s.to:
		return
	case at < s.from:
		s.last, s.started = paint.Datum{At: s.from, Y: y}, true
		s.list = append(s.list[:0], s.last)
		return
	case s.started && y == s.last.Y:
		return
	}
	s.last, s.started = paint.Datum{At: at, Y: y}, true
	s.series.add(s.last)
}

// until ends the line at a time.
func (s *sampled) until(at int64) {
	if s.started && !math.IsNaN(s.last.Y) && at > s.last.At {
		s.series.add(paint.Datum{At: at, Y: s.last.Y})
	}
}

// extent is the lowest and the highest value of some data.
func extent(lists ...[]paint.Datum) (lo, hi float64, any bool) {
	for _, list := range lists {
		for _, d := range list {
			if math.IsNaN(d.Y) {
				continue
			}
			if !any {
				lo, hi, any = d.Y, d.Y, true
			}
			lo, hi = min(lo, d.Y), max(hi, d.Y)
		}
	}
	return lo, hi, any
}
