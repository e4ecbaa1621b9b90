package conn

import (
	"math"
	"time"
)

// Distribution is how times are distributed, without quantiles.
type Distribution struct {
	n             uint32
	min, max, sum Time
	squares       float64
}

// Add adds a time; one below 0 counts as 0.
func (s *Distribution) Add(d Time) {
	d = max(d, 0)
	if s.n == 0 {
		s.min = d
	}
	if s.n < math.MaxUint32 {
		s.n++
	}
	s.min, s.max = min(s.min, d), max(s.max, d)
	s.sum = s.sum.Add(time.Duration(d))
	s.squares += float64(d) * float64(d)
}

// Report is what there is to say of them.
func (s *Distribution) Report() Times {
	if s.n == 0 {
		return Times{}
	}
	return Times{
		Samples: uint64(s.n), Min: time.Duration(s.min), Avg: time.Duration(s.sum) / time.Duration(s.n), Max: time.Duration(s.max),
		Stdev: Deviation(uint64(s.n), float64(s.sum), s.squares),
	}
}

// Deviation is the standard deviation of n samples (n-1), by their sum and the sum of their squares.
func Deviation(n uint64, sum, squares float64) time.Duration {
	return time.Duration(math.Sqrt(max(0, squares-sum*sum/float64(n)) / float64(max(1, n-1))))
}
