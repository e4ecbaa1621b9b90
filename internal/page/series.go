package page

import (
	"math"

	"tcptrace/analyzer"
)

// mostBuckets is how many parts a timeline has at most.
const mostBuckets = 512

// series is amounts over time, in buckets of 2^shift ns that become wider as time goes on. The zero value is empty.
type series struct {
	shift   uint
	first   int64 // number of the first bucket
	buckets []float64
}

// copyTo copies it.
func (s *series) copyTo(dst *series) {
	buckets := dst.buckets[:0]
	*dst = *s
	dst.buckets = append(buckets, s.buckets...)
}

// firstShift makes the narrowest buckets 2^10 ns wide, about a microsecond.
const firstShift = 10

// add adds an amount at a time.
func (s *series) add(t analyzer.Time, amount float64) {
	if i := int64(t)>>s.shift - s.first; i >= 0 && i < int64(len(s.buckets)) {
		s.buckets[i] += amount
		return
	}
	s.reach(t)
	s.buckets[int64(t)>>s.shift-s.first] += amount
}

// reach makes a bucket for t.
func (s *series) reach(t analyzer.Time) {
	if s.buckets == nil {
		s.shift = firstShift
		s.first, s.buckets = int64(t)>>s.shift, make([]float64, 1, mostBuckets)
		return
	}
	for {
		at := int64(t) >> s.shift
		first, last := min(s.first, at), max(s.first+int64(len(s.buckets))-1, at)
		if last-first < mostBuckets {
			wider := make([]float64, last-first+1, mostBuckets)
			copy(wider[s.first-first:], s.buckets)
			s.first, s.buckets = first, wider
			return
		}
		s.fold()
	}
}

// fold doubles the width of the buckets.
func (s *series) fold() {
	last := s.first + int64(len(s.buckets)) - 1
	folded := make([]float64, last>>1-s.first>>1+1, mostBuckets)
	for i, amount := range s.buckets {
		folded[(s.first+int64(i))>>1-s.first>>1] += amount
	}
	s.first, s.buckets, s.shift = s.first>>1, folded, s.shift+1
}

// fewest is up to how many things are spread one by one.
const fewest = 64

// spread adds an amount evenly from one time to another.
func (s *series) spread(from, to analyzer.Time, amount float64) {
	if to = max(from, to); amount <= fewest {
		for i := range int64(amount) {
			s.add(from+analyzer.Time((int64(to-from)/int64(amount))*i), 1)
		}
		return
	}
	s.add(from, 0)
	s.add(to, 0) // may have made the buckets wider
	first, last := int64(from)>>s.shift, int64(to)>>s.shift
	for i := first; i <= last; i++ {
		s.buckets[i-s.first] += amount / float64(last-first+1)
	}
}

// addAll adds an amount, divided as another series is, of which it takes the middles of the buckets.
func (s *series) addAll(o *series, amount float64) {
	sum := 0.0
	for _, n := range o.buckets {
		sum += n
	}
	for i, n := range o.buckets {
		if n > 0 {
			s.add(analyzer.Time((o.first+int64(i))<<o.shift+1<<o.shift/2), amount*n/sum)
		}
	}
}

// widen makes the buckets as wide as those of another.
func (s *series) widen(shift uint) {
	for s.buckets != nil && s.shift < shift {
		s.fold()
	}
}

// align makes all series alike: the same buckets, none missing.
func align(list []*series) {
	shift, first, last := uint(0), int64(math.MaxInt64), int64(math.MinInt64)
	for _, s := range list {
		shift = max(shift, s.shift)
	}
	for {
		for _, s := range list {
			if s.widen(shift); s.buckets != nil {
				first, last = min(first, s.first), max(last, s.first+int64(len(s.buckets))-1)
			}
		}
		if first > last || last-first < mostBuckets {
			break
		}
		shift, first, last = shift+1, math.MaxInt64, math.MinInt64
	}
	for _, s := range list {
		if first > last {
			return
		}
		whole := make([]float64, last-first+1)
		if s.buckets != nil {
			copy(whole[s.first-first:], s.buckets)
		}
		s.shift, s.first, s.buckets = shift, first, whole
	}
}
