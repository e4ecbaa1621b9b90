package paint

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Unit is what the numbers of an axis are.
type Unit uint8

// The units.
const (
	Count    Unit = iota
	Bytes         // decimal units
	Rate          // bytes a second
	Duration      // seconds
	Percent
)

var prefixes = [...]struct {
	size float64
	name string
}{{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}}

// Text is v in the unit.
func (u Unit) Text(v float64) string {
	switch u {
	case Percent:
		return short(v) + " %"
	case Duration:
		return durationText(v)
	}
	suffix := [...]string{Count: "", Bytes: "B", Rate: "B/s"}[u]
	for _, p := range prefixes {
		if math.Abs(v) >= p.size && (u != Count || v >= 10_000) {
			return strings.TrimSpace(short(v/p.size) + " " + p.name + suffix)
		}
	}
	return strings.TrimSpace(short(v) + " " + suffix)
}

// short is v with as many digits as a tick needs.
func short(v float64) string { return strconv.FormatFloat(math.Round(v*1e6)/1e6+0, 'f', -1, 64) } // -0 becomes 0

func durationText(s float64) string {
	switch abs := math.Abs(s); {
	case s == 0:
		return "0"
	case abs < 1e-6:
		return short(s*1e9) + " ns"
	case abs < 1e-3:
		return short(s*1e6) + " us"
	case abs < 1:
		return short(s*1e3) + " ms"
	}
	return short(s) + " s"
}

// step is a round number of which about n go into span.
func step(span float64, n int) float64 {
	if !(span > 0) || n < 1 {
		return 1
	}
	rough := span / float64(n)
	size := math.Pow(10, math.Floor(math.Log10(rough)))
	for _, m := range []float64{1, 2, 5} {
		if m*size >= rough*0.999 {
			return m * size
		}
	}
	return 10 * size
}

// ticks are the multiples of s from lo to hi.
func ticks(lo, hi, s float64) (list []float64) {
	for i := math.Ceil(lo/s - 1e-9); i*s <= hi+s*1e-9 && len(list) < 100; i++ {
		list = append(list, i*s)
	}
	return list
}

// logTicks are the powers of ten, with their multiples by 2 and 5 if they are few, from lo to hi.
func logTicks(lo, hi float64) (list []float64) {
	multiples := []float64{1, 2, 5}
	if hi/lo > 1e4 {
		multiples = []float64{1}
	}
	for p := math.Pow(10, math.Floor(math.Log10(lo))); p <= hi; p *= 10 {
		for _, m := range multiples {
			if m*p >= lo*0.999 && m*p <= hi*1.001 {
				list = append(list, m*p)
			}
		}
	}
	return list
}

// TimeAxis is a stretch of time.
type TimeAxis struct {
	From, To int64          // ns
	Zero     int64          // what is counted from
	Zone     *time.Location // nil: times are counted from Zero; else they are times of day there
	Of       string         // what is at Zero
}

// spans are what times are counted in.
var spans = [...]struct {
	size float64 // ns
	name string
	more float64 // used from so many on
}{{86400e9, "d", 3}, {3600e9, "h", 3}, {60e9, "min", 4}, {1e9, "s", 2}, {1e6, "ms", 2}, {1e3, "us", 2}, {1, "ns", 0}}

// daySteps are distances of times of day, in seconds.
var daySteps = [...]float64{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 3 * 3600, 6 * 3600, 12 * 3600, 86400, 2 * 86400, 7 * 86400}

// Label says what the numbers are.
func (a *TimeAxis) Label() string {
	if a.Zone != nil {
		from := time.Unix(0, a.From).In(a.Zone)
		zone, _ := from.Zone()
		return "time of day (" + zone + "), " + from.Format("2006-01-02")
	}
	return "time since " + a.Of + ", in " + spans[a.span()].name
}

func (a *TimeAxis) span() int {
	length := float64(a.To - a.From)
	for i, s := range spans {
		if length >= s.size*s.more {
			return i
		}
	}
	return len(spans) - 1
}

// TimeTick is a time that is marked.
type TimeTick struct {
	At   int64 // ns
	Text string
}

// Ticks are about n times.
func (a *TimeAxis) Ticks(n int) (list []TimeTick) {
	if a.Zone != nil {
		return a.clock(n)
	}
	unit := spans[a.span()].size
	s := max(step(float64(a.To-a.From)/unit, n), 1/unit)
	for _, v := range ticks(float64(a.From-a.Zero)/unit, float64(a.To-a.Zero)/unit, s) {
		list = append(list, TimeTick{a.Zero + int64(math.Round(v*unit)), short(v)})
	}
	return list
}

// clock are times of day.
func (a *TimeAxis) clock(n int) (list []TimeTick) {
	length := float64(a.To-a.From) / 1e9
	s := daySteps[len(daySteps)-1]
	if length/float64(n) < 1 {
		s = step(length, n)
	} else {
		for i := len(daySteps) - 1; i >= 0 && daySteps[i] >= length/float64(n); i-- {
			s = daySteps[i]
		}
	}
	layout := "15:04:05"
	switch {
	case s >= 86400:
		layout = "01-02"
	case s >= 60:
		layout = "15:04"
	case s < 1:
		layout += "." + strings.Repeat("0", min(9, int(math.Ceil(-math.Log10(s)-1e-9))))
	}
	from := time.Unix(0, a.From).In(a.Zone)
	midnight := time.Date(from.Year(), from.Month(), from.Day(), 0, 0, 0, 0, a.Zone).UnixNano()
	for _, v := range ticks(float64(a.From-midnight)/1e9, float64(a.To-midnight)/1e9, s) {
		at := midnight + int64(math.Round(v*1e9))
		list = append(list, TimeTick{at, time.Unix(0, at).In(a.Zone).Format(layout)})
	}
	return list
}
