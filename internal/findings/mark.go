package findings

import (
	"hash/maphash"
	"slices"
)

// Mark says which findings a conversation will belong to, when they are made. It is only of use with findings of the same collector.
type Mark struct {
	kinds  kindSet
	values []uint64 // of its factors; nil: no kind affects it
}

// Mark is the mark of the conversation that was taken last, which must be as it was then.
func (k *Collector) Mark() Mark {
	m := k.mark
	if m.kinds != 0 {
		m.values = make([]uint64, len(factors))
		for f := range factors {
			of := factors[f].key(k.newest)
			m.values[f] = valueOf(f, &of)
		}
	}
	return m
}

// Affected reports whether any finding may be about the conversation.
func (m *Mark) Affected() bool { return m.kinds != 0 }

var valueSeed = maphash.MakeSeed()

// valueOf stands for a value of a factor. It is never 0.
func valueOf(factor int, value *key) uint64 {
	return maphash.Comparable(valueSeed, struct {
		factor int
		key
	}{factor, *value}) | 1
}

// selector selects the conversations of a finding by their marks, as its Where does by their records.
type selector struct {
	kind int
	only uint64   // a value that all of them have; 0: they need not have any in common
	not  []uint64 // values that none of them has
}

func (r ranked) selecting(s selector) ranked {
	r.of = s
	return r
}

// Has reports whether the finding is about the conversation with that mark.
func (f *Finding) Has(m *Mark) bool {
	if f.Conversations == 0 || m.kinds>>f.of.kind&1 == 0 {
		return false
	}
	if f.of.only != 0 && !slices.Contains(m.values, f.of.only) {
		return false
	}
	return !slices.ContainsFunc(f.of.not, func(v uint64) bool { return slices.Contains(m.values, v) })
}
