package sums

import (
	"math"
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

// longest is the longest time of a sketch, 146 years: one percent more is a time, too.
const longest = 1 << 62

// sketch is how times are distributed. All are above 0: from a nanosecond to the longest there are 2,200 bins.
type sketch struct {
	counts      *store.BufferedPaginatedStore // nil: there are none
	n           uint64
	least, most time.Duration
}

// add takes a time into account; what took no time took a nanosecond.
func (s *sketch) add(d time.Duration) {
	if s.counts == nil {
		s.counts = store.NewBufferedPaginatedStore()
	}
	d = min(max(d, 1), longest)
	if s.n == 0 || d < s.least {
		s.least = d
	}
	s.most = max(s.most, d)
	s.counts.Add(bins.Index(float64(d)))
	s.n++
}

// quantile is the shortest of the times that so many percent of all, from 1 to 100, do not exceed, within Accuracy and between the shortest and
// the longest of them; 0 if there are none.
func (s *sketch) quantile(percent uint64) time.Duration {
	if s.n == 0 {
		return 0
	}
	rank := (s.n*percent+99)/100 - 1
	return min(max(time.Duration(math.Round(bins.Value(s.counts.KeyAtRank(float64(rank))))), s.least), s.most)
}
