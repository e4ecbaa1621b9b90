package findings

import (
	"encoding/binary"

	"tcptrace/analyzer"
	"tcptrace/internal/bitset"
	"tcptrace/internal/histogram"
	"tcptrace/internal/octets"
)

// Append appends all that k took, for Merge.
func (k *Collector) Append(b []byte) []byte {
	b = binary.AppendUvarint(binary.AppendUvarint(binary.AppendUvarint(b, k.total), k.warned), k.mildly)
	b = k.start.Append(b)
	for f := range k.all {
		var c octets.Clock
		b = k.all[f].append(b, func(b []byte, e *entry[moments]) []byte { return e.count.append(b, e.n, &c) })
	}
	for i := range k.affected {
		a := &k.affected[i]
		b = a.told.Append(b)
		if a.by == nil {
			b = append(b, 0)
			continue
		}
		w := tallyWriter{places: map[exampleKey]uint64{}}
		b = w.append(append(b, 1), &a.tally)
		for f := range a.by {
			b = a.by[f].append(b, func(b []byte, e *entry[tally]) []byte { return w.append(b, &e.count) })
		}
	}
	b = append(b, 0)
	if k.flooded {
		b[len(b)-1] = 1
	}
	b = k.strays.Append(b)
	b = binary.AppendUvarint(b, uint64(len(k.stalls)))
	for i := range k.stalls {
		b = k.stalls[i].append(b)
	}
	return k.paths.Append(b)
}

// Merge takes what another collector took, as it was appended. Whatever the order, and however conversations are divided among collectors, the findings are
// the same, as long as the sketches have room for all values (mostValues, mostAffected); where they have not, what is counted exactly may differ.
func (k *Collector) Merge(b []byte) error {
	r := &octets.Reader{Left: b}
	k.total += r.Uvarint()
	k.warned += r.Uvarint()
	k.mildly += r.Uvarint()
	start := histogram.Read(r)
	k.start.Merge(&start)
	for f := range k.all {
		var c octets.Clock
		o := readSketch(r, mostValues, func(e *entry[moments]) { e.count.read(r, e.n, &c) })
		k.all[f].merge(&o, func(e, of *entry[moments]) { e.count.merge(e.n, &of.count, of.n) })
	}
	for i := range k.affected {
		a := &k.affected[i]
		a.told.Join(bitset.Read(r))
		if r.Byte() == 0 {
			continue
		}
		if a.by == nil {
			a.by = tallies()
		}
		t := tallyReader{r: r}
		all := t.read()
		a.tally.merge(&all)
		for f := range a.by {
			o := readSketch(r, mostAffected, func(e *entry[tally]) { e.count = t.read() })
			a.by[f].merge(&o, func(e, of *entry[tally]) { e.count.merge(&of.count) })
		}
	}
	k.flooded = r.Byte() != 0 || k.flooded
	strays := histogram.Read(r)
	k.strays.Merge(&strays)
	for range r.Count(leastEntry) {
		var s stall
		if s.read(r); r.Bad {
			break
		}
		k.keep(&s)
	}
	if k.flooded {
		k.letGo()
	}
	if k.paths.Merge(r); !r.Done() {
		return errNote
	}
	return nil
}

// append appends s; count appends the count of an entry. What is alike is side by side, so that it is compressed well: all keys, all numbers, all counts.
func (s *sketch[T]) append(b []byte, count func([]byte, *entry[T]) []byte) []byte {
	b = binary.AppendUvarint(b, s.floor)
	b = binary.AppendUvarint(b, uint64(len(s.entries)))
	for i := range s.entries {
		b = s.entries[i].key.append(b)
	}
	for i := range s.entries {
		e := &s.entries[i]
		b = binary.AppendUvarint(binary.AppendUvarint(b, e.n), e.missed)
	}
	for i := range s.entries {
		b = count(b, &s.entries[i])
	}
	return b
}

// leastEntry is how many octets an entry has at least.
const leastEntry = 4

// mostCount is more than is ever met. Numbers stop there, so that those of damaged files do not overflow.
const mostCount = 1 << 62

// readSketch reads what append appended; count reads the count of an entry.
func readSketch[T any](r *octets.Reader, limit int, count func(e *entry[T])) sketch[T] {
	s := newSketch[T](limit)
	s.floor = r.Uvarint()
	n := r.Count(leastEntry)
	if n > limit || s.floor > mostCount {
		r.Bad = true
		return s
	}
	for range n {
		key := readKey(r)
		if r.Bad || s.get(&key) != nil {
			r.Bad = true
			return s
		}
		s.enter(&key, key.hash())
	}
	for i := range s.entries {
		e := &s.entries[i]
		e.n, e.missed = r.Uvarint(), r.Uvarint()
		r.Bad = r.Bad || e.n > mostCount || e.missed > mostCount
	}
	for i := range s.entries {
		count(&s.entries[i])
	}
	return s
}

// merge adds what o counted (after Agarwal et al., "Mergeable summaries", 2012); add adds the count of one entry to that of another, before their
// numbers are added.
func (s *sketch[T]) merge(o *sketch[T], add func(e, of *entry[T])) {
	limit := s.limit
	s.limit = len(s.entries) + len(o.entries)
	for i := range s.entries {
		if o.get(&s.entries[i].key) == nil {
			s.entries[i].missed = min(s.entries[i].missed+o.floor, mostCount)
		}
	}
	for i := range o.entries {
		of := &o.entries[i]
		hash := of.key.hash()
		at := s.place(&of.key, hash)
		if at.entry == 0 {
			at = s.enter(&of.key, hash)
		}
		e := &s.entries[at.entry-1]
		add(e, of)
		e.n, e.missed = min(e.n+of.n, mostCount), min(e.missed+of.missed, mostCount)
	}
	s.floor = min(s.floor+o.floor, mostCount)
	for s.limit = limit; len(s.entries) > limit; {
		s.shrink()
	}
}

// held is how many times are kept one by one, of n.
func (m *moments) held(n uint64) uint64 {
	if m.many != nil {
		return 0
	}
	return min(n, uint64(len(m.few)))
}

// append appends m, of n conversations.
func (m *moments) append(b []byte, n uint64, c *octets.Clock) []byte {
	if m.many != nil {
		return m.many.Append(append(b, 1))
	}
	b = append(b, 0)
	for _, t := range m.few[:m.held(n)] {
		b = c.Append(b, int64(t))
	}
	return b
}

func (m *moments) read(r *octets.Reader, n uint64, c *octets.Clock) {
	if r.Byte() != 0 {
		many := histogram.Read(r)
		m.many = &many
		return
	}
	for i := range m.few[:m.held(n)] {
		m.few[i] = analyzer.Time(c.Read(r))
	}
}

// merge adds o, which is of so many, to m, which is of n.
func (m *moments) merge(n uint64, o *moments, of uint64) {
	if o.many == nil {
		for i, t := range o.few[:o.held(of)] {
			m.add(n+uint64(i)+1, t)
		}
		return
	}
	all := *o.many
	if m.many != nil {
		all.Merge(m.many)
	}
	for _, t := range m.few[:m.held(n)] {
		all.Add(t)
	}
	m.many = &all
}
