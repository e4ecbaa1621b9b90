package sums

import (
	"time"

	"github.com/DataDog/sketches-go/ddsketch/mapping"
	"github.com/DataDog/sketches-go/ddsketch/store"
)

// Accuracy bounds the error of quantiles, relative to the value.
const Accuracy = 0.01

// bins are the intervals of time that a sketch does not tell apart.
var bins = func() *mapping.LogarithmicMapping {
	m, err := mapping.NewLogarithmicMapping(Accuracy)
	if err != nil {
		panic(err) // the accuracy is a constant between 0 and 1
	}
	return m
}()

// sketch is how times are distributed. All are above 0: of a nanosecond to 292 years there are 2,200 bins.
type sketch struct {
	counts *store.BufferedPaginatedStore // nil: there are none
	n      uint64
}

// add takes a time into account; what took no time took a nanosecond.
func (s *sketch) add(d time.Duration) {
	if s.counts == nil {
		s.counts = store.NewBufferedPaginatedStore()
	}
	s.counts.Add(bins.Index(float64(max(d, 1))))
	s.n++
}

// quantile is the time that a share of q, from 0 to 1, of all times does not exceed: the lowest such, within Accuracy; 0 if there are none.
func (s *sketch) quantile(q float64) time.Duration {
	if s.n == 0 {
		return 0
	}
	return time.Duration(bins.Value(s.counts.KeyAtRank(q * float64(s.n-1))))
}
