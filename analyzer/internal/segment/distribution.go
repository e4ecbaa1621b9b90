package segment

import (
	"math"
	"time"

	"tcptrace/analyzer/internal/conn"
)

// distribution is how times are distributed, without quantiles.
type distribution struct {
	n             uint32
	min, max, sum conn.Time
	squares       float64
}

func (s *distribution) add(d conn.Time) {
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

func (s *distribution) report() conn.Times {
	if s.n == 0 {
		return conn.Times{}
	}
	return conn.Times{
		Samples: uint64(s.n), Min: time.Duration(s.min), Avg: time.Duration(s.sum) / time.Duration(s.n), Max: time.Duration(s.max),
		Stdev: deviation(uint64(s.n), float64(s.sum), s.squares),
	}
}

// deviation is the standard deviation of n samples (n-1), by their sum and the sum of their squares.
func deviation(n uint64, sum, squares float64) time.Duration {
	return time.Duration(math.Sqrt(max(0, squares-sum*sum/float64(n)) / float64(max(1, n-1))))
}
