package sums

import (
	"encoding/binary"
	"math"
	"slices"
	"time"

	"github.com/DataDog/sketches-go/ddsketch/mapping"
	"github.com/DataDog/sketches-go/ddsketch/store"

	"tcptrace/internal/octets"
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

// merge adds the times of others.
func (s *sketch) merge(o *sketch) {
	if o.n == 0 {
		return
	}
	if s.n == 0 {
		*s = *o
		return
	}
	s.counts.MergeWith(o.counts)
	s.n += o.n
	s.least, s.most = min(s.least, o.least), max(s.most, o.most)
}

// append appends s: its bins, as differences, and how many times each has.
func (s *sketch) append(b []byte) []byte {
	b = binary.AppendUvarint(b, s.n)
	if s.n == 0 {
		return b
	}
	b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(s.least)), uint64(s.most))
	type bin struct {
		index int
		n     uint64
	}
	var list []bin
	s.counts.ForEach(func(index int, n float64) bool {
		list = append(list, bin{index, uint64(n)})
		return false
	})
	slices.SortFunc(list, func(a, b bin) int { return a.index - b.index })
	b = binary.AppendUvarint(b, uint64(len(list)))
	last := 0
	for _, x := range list {
		b = binary.AppendUvarint(binary.AppendVarint(b, int64(x.index-last)), x.n)
		last = x.index
	}
	return b
}

// read reads what append appended.
func (s *sketch) read(r *octets.Reader) {
	*s = sketch{n: r.Uvarint()}
	if s.n == 0 {
		return
	}
	s.counts = store.NewBufferedPaginatedStore()
	s.least, s.most = time.Duration(r.Uvarint()), time.Duration(r.Uvarint())
	index, all := 0, uint64(0)
	lowest, highest := bins.Index(1), bins.Index(longest)
	for range r.Count(2) {
		index += int(r.Varint())
		n := r.Uvarint()
		if index < lowest || index > highest {
			r.Bad = true
			return
		}
		s.counts.AddWithCount(index, float64(n))
		all += n
	}
	r.Bad = r.Bad || all != s.n
}
