package findings

import (
	"encoding/binary"

	"tcptrace/analyzer"
	"tcptrace/internal/octets"
)

// Append appends all that k took, for Merge.
func (k *Collector) Append(b []byte) []byte {
	b = binary.AppendUvarint(b, k.total)
	b = k.start.append(b)
	for f := range k.all {
		b = k.all[f].append(b, func(b []byte, e *entry[moments]) []byte { return e.count.append(b, e.n) })
	}
	for i := range k.affected {
		a := &k.affected[i]
		b = a.told.append(b)
		if a.by == nil {
			b = append(b, 0)
			continue
		}
		b = a.tally.append(append(b, 1))
		for f := range a.by {
			b = a.by[f].append(b, func(b []byte, e *entry[tally]) []byte { return e.count.append(b) })
		}
	}
	b = append(b, 0)
	if k.flooded {
		b[len(b)-1] = 1
	}
	b = binary.AppendUvarint(b, uint64(len(k.stalls)))
	for i := range k.stalls {
		b = k.stalls[i].append(b)
	}
	return b
}

// Merge takes what another collector took, as it was appended. Whatever the order, and however conversations are divided among collectors, the findings are
// the same, as long as the sketches have room for all values (mostValues, mostAffected); where they have not, what is counted exactly may differ.
func (k *Collector) Merge(b []byte) error {
	r := &octets.Reader{Left: b}
	k.total += r.Uvarint()
	start := readStarts(r)
	k.start.merge(&start)
	for f := range k.all {
		o := readSketch(r, mostValues, func(e *entry[moments]) { e.count.read(r, e.n) })
		k.all[f].merge(&o, func(e, of *entry[moments]) { e.count.merge(e.n, &of.count, of.n) })
	}
	for i := range k.affected {
		a := &k.affected[i]
		a.told.join(readKindSet(r))
		if r.Byte() == 0 {
			continue
		}
		if a.by == nil {
			a.by = tallies()
		}
		var all tally
		all.read(r)
		a.tally.merge(&all)
		for f := range a.by {
			o := readSketch(r, mostAffected, func(e *entry[tally]) { e.count.read(r) })
			a.by[f].merge(&o, func(e, of *entry[tally]) { e.count.merge(&of.count) })
		}
	}
	k.flooded = r.Byte() != 0 || k.flooded
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
	if !r.Done() {
		return errNote
	}
	return nil
}

// append appends s; count appends the count of an entry.
func (s *sketch[T]) append(b []byte, count func([]byte, *entry[T]) []byte) []byte {
	b = binary.AppendUvarint(b, s.floor)
	b = binary.AppendUvarint(b, uint64(len(s.entries)))
	for i := range s.entries {
		e := &s.entries[i]
		b = e.key.append(b)
		b = binary.AppendUvarint(b, e.n)
		b = binary.AppendUvarint(b, e.missed)
		b = count(b, e)
	}
	return b
}

// leastEntry is how many octets an entry has at least.
const leastEntry = 6

// readSketch reads what append appended; count reads the count of an entry.
func readSketch[T any](r *octets.Reader, limit int, count func(e *entry[T])) sketch[T] {
	s := newSketch[T](limit)
	s.floor = r.Uvarint()
	n := r.Count(leastEntry)
	if n > limit {
		r.Bad = true
		return s
	}
	for range n {
		e := entry[T]{key: readKey(r), n: r.Uvarint(), missed: r.Uvarint()}
		count(&e)
		if r.Bad || s.get(&e.key) != nil {
			r.Bad = true
			return s
		}
		s.entries[s.enter(&e.key, e.key.hash()).entry-1] = e
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
			s.entries[i].missed += o.floor
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
		e.n, e.missed = e.n+of.n, e.missed+of.missed
	}
	s.floor += o.floor
	for s.limit = limit; len(s.entries) > limit; {
		s.shrink()
	}
}

func (k *key) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, k.addr[0]), k.addr[1])
	return octets.AppendText(binary.AppendUvarint(b, k.rest), k.text)
}

func readKey(r *octets.Reader) (k key) {
	if b := r.Bytes(16); len(b) == 16 {
		k.addr = [2]uint64{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}
	}
	k.rest, k.text = r.Uvarint(), r.Text()
	return k
}

func (t *tally) append(b []byte) []byte {
	for _, v := range [...]uint64{t.n, t.failed, t.waited, t.again, t.near[0], t.near[1], t.spread} {
		b = binary.AppendUvarint(b, v)
	}
	b = binary.AppendVarint(b, int64(t.first))
	b = binary.AppendVarint(b, int64(t.last-t.first))
	return t.worst.append(b)
}

func (x *example) append(b []byte) []byte {
	flags, evidence := uint8(0), x.evidence()
	if x.failed {
		flags |= noteFailed
	}
	if evidence != nil {
		flags |= noteEvidence
	}
	b = append(b, flags)
	for _, v := range [...]uint64{x.order, x.stream, x.waited, x.again} {
		b = binary.AppendUvarint(b, v)
	}
	for _, a := range x.addr {
		b = appendAddr(b, a)
	}
	if evidence != nil {
		b = appendEvidence(b, evidence)
	}
	return b
}

func (t *tally) read(r *octets.Reader) {
	*t = tally{n: r.Uvarint(), failed: r.Uvarint(), waited: r.Uvarint(), again: r.Uvarint(), near: [2]uint64{r.Uvarint(), r.Uvarint()}, spread: r.Uvarint()}
	t.first = analyzer.Time(r.Varint())
	t.last = t.first + analyzer.Time(r.Varint())
	t.worst.read(r)
}

func (x *example) read(r *octets.Reader) {
	flags := r.Byte()
	*x = example{failed: flags&noteFailed != 0, order: r.Uvarint(), stream: r.Uvarint(), waited: r.Uvarint(), again: r.Uvarint()}
	for i := range x.addr {
		x.addr[i] = readAddr(r)
	}
	if flags&noteEvidence != 0 {
		x.told = readEvidence(r)
	}
}

func (s *stall) append(b []byte) []byte {
	b = appendTimes(binary.AppendVarint(b, int64(s.start)), s.times)
	for f := range s.keys {
		b = s.keys[f].append(b)
	}
	b = append(b, uint8(len(s.parts)))
	for _, p := range append([]stallPart{s.all}, s.parts...) {
		b = p.x.append(append(b, uint8(p.kind)))
		for _, v := range [...]uint64{uint64(p.x.service), p.near[0], p.near[1]} {
			b = binary.AppendUvarint(b, v)
		}
	}
	return b
}

func (s *stall) read(r *octets.Reader) {
	s.start, s.times = analyzer.Time(r.Varint()), readTimes(r)
	for f := range s.keys {
		s.keys[f] = readKey(r)
	}
	parts := int(r.Byte())
	r.Bad = r.Bad || len(s.times) == 0
	for i := 0; i <= parts && !r.Bad; i++ {
		p := stallPart{kind: int(r.Byte())}
		p.x.read(r)
		p.x.service = uint32(r.Uvarint())
		p.near = [2]uint64{r.Uvarint(), r.Uvarint()}
		if r.Bad = r.Bad || p.kind >= len(kinds); i == 0 {
			s.all = p
		} else {
			s.parts = append(s.parts, p)
		}
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
func (m *moments) append(b []byte, n uint64) []byte {
	if m.many != nil {
		return m.many.append(append(b, 1))
	}
	b = append(b, 0)
	for _, t := range m.few[:m.held(n)] {
		b = binary.AppendVarint(b, int64(t))
	}
	return b
}

func (m *moments) read(r *octets.Reader, n uint64) {
	if r.Byte() != 0 {
		many := readStarts(r)
		m.many = &many
		return
	}
	for i := range m.few[:m.held(n)] {
		m.few[i] = analyzer.Time(r.Varint())
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
		all.merge(m.many)
	}
	for _, t := range m.few[:m.held(n)] {
		all.add(t)
	}
	m.many = &all
}

// merge adds o. The stretches are as long as if all had been added to one.
func (h *starts) merge(o *starts) {
	if o.used == 0 {
		return
	}
	if h.used == 0 {
		*h = *o
		return
	}
	other := *o
	for h.shift < other.shift {
		h.coarsen()
	}
	for other.shift < h.shift {
		other.coarsen()
	}
	for max(h.low+int64(h.used), other.low+int64(other.used))-min(h.low, other.low) > stretches {
		h.coarsen()
		other.coarsen()
	}
	all := starts{shift: h.shift, low: min(h.low, other.low)}
	for _, x := range [...]*starts{h, &other} {
		at := int(x.low - all.low)
		for i, n := range x.n[:x.used] {
			all.n[at+i] += n
		}
		all.used = max(all.used, at+x.used)
	}
	*h = all
}

func (h *starts) append(b []byte) []byte {
	b = append(b, uint8(h.used))
	if h.used == 0 {
		return b
	}
	b = binary.AppendVarint(append(b, h.shift), h.low)
	for _, n := range h.n[:h.used] {
		b = binary.AppendUvarint(b, uint64(n))
	}
	return b
}

// farthest is beyond the number of any stretch.
const farthest = 1 << 62

func readStarts(r *octets.Reader) (h starts) {
	h.used = int(r.Byte())
	if h.used == 0 {
		return h
	}
	if h.used > stretches {
		r.Bad, h.used = true, 0
		return h
	}
	h.shift, h.low = r.Byte(), r.Varint()
	if h.shift > 63 || h.low < -farthest || h.low > farthest {
		r.Bad = true
		return starts{}
	}
	for i := range h.n[:h.used] {
		h.n[i] = uint32(r.Uvarint())
	}
	return h
}
