package page

import (
	"math"
	"testing"

	"tcptrace/analyzer"
)

func (s *series) total() (sum float64) {
	for _, n := range s.buckets {
		sum += n
	}
	return sum
}

// TestSeries: nothing gets lost, however far apart and in whatever order times come, and the buckets stay few.
func TestSeries(t *testing.T) {
	for name, times := range map[string][]analyzer.Time{
		"one":       {5},
		"forward":   {0, 1 << 20, 1 << 40, 1 << 60},
		"backward":  {1 << 60, 1 << 40, 1 << 20, 0},
		"at bounds": {0, (mostBuckets - 1) << firstShift, mostBuckets << firstShift},
	} {
		var s series
		for _, at := range times {
			s.add(at, 2)
			if got := s.buckets[int64(at)>>s.shift-s.first]; got < 2 {
				t.Errorf("%s: %d is not in its bucket", name, at)
			}
		}
		if s.total() != 2*float64(len(times)) || len(s.buckets) > mostBuckets {
			t.Errorf("%s: %v in %d buckets", name, s.total(), len(s.buckets))
		}
	}
}

// TestSeriesWidens: the buckets become wider for the first time that does not fit, not before.
func TestSeriesWidens(t *testing.T) {
	var s series
	s.add(0, 1)
	s.add((mostBuckets-1)<<firstShift, 1)
	if s.shift != firstShift {
		t.Error("wider although all fits")
	}
	s.add(mostBuckets<<firstShift, 1)
	if s.shift != firstShift+1 {
		t.Error("not wider although not all fits")
	}
}

func TestSeriesSpread(t *testing.T) {
	for _, n := range []float64{1, fewest, fewest + 1, 1000} {
		var s series
		s.spread(1000, 1<<30, n)
		if math.Abs(s.total()-n) > 1e-6 || s.buckets[0] == 0 {
			t.Errorf("%v: %v, first %v", n, s.total(), s.buckets[0])
		}
		s.spread(1<<30, 0, n) // the clock was set back
		if math.Abs(s.total()-2*n) > 1e-6 {
			t.Errorf("%v back in time: %v", n, s.total())
		}
	}
}

func TestAlign(t *testing.T) {
	var narrow, wide, none series
	narrow.add(0, 3)
	narrow.add(2000, 4)
	wide.add(1<<40, 5)
	wide.add(1<<50, 6)
	align([]*series{&narrow, &wide, &none})
	if len(narrow.buckets) != len(wide.buckets) || len(wide.buckets) != len(none.buckets) || len(none.buckets) > mostBuckets {
		t.Fatalf("%d, %d, %d buckets", len(narrow.buckets), len(wide.buckets), len(none.buckets))
	}
	if narrow.total() != 7 || wide.total() != 11 || none.total() != 0 || narrow.buckets[0] != 7 {
		t.Error(narrow.total(), wide.total(), none.total(), narrow.buckets[0])
	}
	var empty [2]series
	align([]*series{&empty[0], &empty[1]})
	if len(empty[0].buckets) != 0 {
		t.Error("buckets of nothing")
	}
}

func TestShare(t *testing.T) {
	for _, test := range []struct {
		wanted     []uint64
		room, most uint64
	}{
		{nil, 10, 10}, {[]uint64{3, 4}, 10, 10}, {[]uint64{5, 5}, 10, 10}, {[]uint64{5, 6}, 10, 5}, {[]uint64{1, 100, 100}, 10, 4}, {[]uint64{9}, 0, 0},
	} {
		if got := share(test.wanted, test.room); got != test.most {
			t.Errorf("%v in %d: %d, want %d", test.wanted, test.room, got, test.most)
		}
	}
}

// TestLossesWhereTheyWere: of a conversation in detail they are where they were sent again, of another spread, and none is missing.
func TestLossesWhereTheyWere(t *testing.T) {
	const second = analyzer.Time(1e9)
	for name, test := range map[string]struct {
		details []*detail
		late    float64 // behind nine seconds
	}{
		"in detail":              {[]*detail{{c: analyzer.Conversation{Stream: 7}}}, 6},
		"not in detail":          {nil, 0}, // one by one from the first: the last is at 8.75 s
		"another one in detail":  {[]*detail{{c: analyzer.Conversation{Stream: 8}}}, 0},
		"nothing was sent again": {[]*detail{{c: analyzer.Conversation{Stream: 7}}}, 0},
	} {
		p := New(Options{})
		p.losses = []losses{{7, analyzer.Server, 0, 10 * second, 8}}
		for _, d := range test.details {
			if name == "nothing was sent again" {
				break
			}
			d.again[analyzer.Server].add(second, 1)
			for range 3 {
				d.again[analyzer.Server].add(95*second/10, 1)
			}
		}
		p.spreadLosses(test.details)
		s, late := &p.events[lost], 0.0
		for i, n := range s.buckets {
			if (s.first+int64(i))<<s.shift >= 9*int64(second) {
				late += n
			}
		}
		if math.Abs(s.total()-8) > 1e-9 || math.Abs(late-test.late) > 1e-9 {
			t.Errorf("%s: %v, of which %v late, want %v", name, s.total(), late, test.late)
		}
	}
}
