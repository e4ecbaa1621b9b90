package findings

import (
	"cmp"
	"math/bits"
	"net/netip"
	"slices"

	"tcptrace/analyzer"
	"tcptrace/internal/histogram"
)

// tally counts conversations, and what they cost.
type tally struct {
	n        uint64
	failed   uint64
	waited   uint64 // ns
	again    uint64 // bytes
	near     [2]uint64
	first    analyzer.Time // the earliest start
	last     analyzer.Time // the latest start
	happened histogram.Span
	worst    example
	spread   uint64 // a bit for each 64th of the services that were met
}

// example is a conversation to look at, and how much it cost.
type example struct {
	order   uint64 // of all conversations: that of their numbers
	stream  uint64
	addr    [2]netip.AddrPort
	service uint32 // a hash of the address and port of the server
	failed  bool
	waited  uint64
	again   uint64
	at      analyzer.Time // when it happened; 0: that is not known
	seen    *anomalySeen  // what tells of it; nil: no anomaly does
	told    *Evidence     // in place of seen, if that is elsewhere
}

// before reports whether x is the better example.
func (x example) before(y example) bool {
	if x.failed != y.failed {
		return x.failed
	}
	return cmp.Or(-cmp.Compare(x.waited, y.waited), -cmp.Compare(x.again, y.again), cmp.Compare(x.order, y.order)) < 0
}

// add counts a conversation that began at start, and reports whether it is the best example so far.
func (t *tally) add(x example, near [2]uint64, start analyzer.Time) (best bool) {
	if t.n == 0 {
		t.first, t.last = start, start
	}
	if best = t.n == 0 || x.before(t.worst); best {
		t.worst = x
	}
	t.n++
	if x.failed {
		t.failed++
	}
	t.waited += x.waited
	t.again += x.again
	t.near[0] += near[0]
	t.near[1] += near[1]
	t.first, t.last = min(t.first, start), max(t.last, start)
	t.happened.Add(x.at)
	t.spread |= 1 << (x.service & 63)
	return best
}

// scans reports whether many services were met.
func (t *tally) scans() bool { return bits.OnesCount64(t.spread) >= many }

// merge adds what others counted of other conversations.
func (t *tally) merge(o *tally) {
	if o.n == 0 {
		return
	}
	if t.n == 0 {
		*t = *o
		return
	}
	if o.worst.before(t.worst) {
		t.worst = o.worst
	}
	t.n += o.n
	t.failed += o.failed
	t.waited += o.waited
	t.again += o.again
	t.near[0] += o.near[0]
	t.near[1] += o.near[1]
	t.first, t.last = min(t.first, o.first), max(t.last, o.last)
	t.happened.Merge(&o.happened)
	t.spread |= o.spread
}

// less takes away what others counted of the same conversations. When the rest began, and what happened to it when, is not known.
func (t *tally) less(o *tally) {
	t.n -= o.n
	t.failed -= o.failed
	t.waited -= o.waited
	t.again -= o.again
	t.near[0] -= o.near[0]
	t.near[1] -= o.near[1]
}

// sketch counts by values, of which there may be any number, in bounded memory: when it is full, those that were met least go. What was
// met often stays, and a value that never went is counted exactly (after Misra and Gries, "Finding repeated elements", 1982).
type sketch[T any] struct {
	limit   int
	entries []entry[T]
	index   []spot // of entries, with linear probing: at most half full
	last    int    // the entry that was met last
	floor   uint64 // how often a value that is not there was met at most
}

// spot is where an entry is. With some of its hash, so that those of others on the way to it need not be looked at.
type spot struct {
	hash  uint32
	entry int32 // its number, from 1
}

// entry is a value's count.
type entry[T any] struct {
	key    key
	n      uint64 // how often it was met since it came
	missed uint64 // how often before that, at most
	count  T
}

// fewest is how many entries a new sketch has room for.
const fewest = 8

func newSketch[T any](limit int) sketch[T] {
	return sketch[T]{limit: limit, index: make([]spot, 2*fewest)}
}

// clone is a copy that may be changed, whose counts hold no pointers that are.
func (s *sketch[T]) clone() sketch[T] {
	o := *s
	o.entries, o.index = slices.Clone(s.entries), slices.Clone(s.index)
	return o
}

// place is where the index has a value with that hash, or has room for it.
func (s *sketch[T]) place(k *key, hash uint32) *spot {
	mask := uint32(len(s.index) - 1)
	for i := hash; ; i++ {
		if e := &s.index[i&mask]; e.entry == 0 || e.hash == hash && s.entries[e.entry-1].key.same(k) {
			return e
		}
	}
}

// at is the entry of a value, which is met once more. It is valid until the next call.
func (s *sketch[T]) at(k *key) *entry[T] {
	if s.last < len(s.entries) && s.entries[s.last].key.same(k) {
		s.entries[s.last].n++
		return &s.entries[s.last]
	}
	hash := k.hash()
	e := s.place(k, hash)
	if e.entry == 0 {
		e = s.enter(k, hash)
	}
	s.last = int(e.entry - 1)
	s.entries[s.last].n++
	return &s.entries[s.last]
}

// enter makes an entry for a value that has none, and returns where the index has it.
func (s *sketch[T]) enter(k *key, hash uint32) *spot {
	switch {
	case len(s.entries) == s.limit:
		s.shrink()
	case 2*len(s.entries) == len(s.index):
		s.index = make([]spot, 2*len(s.index))
		s.enterAll()
	}
	s.entries = append(s.entries, entry[T]{key: *k, missed: s.floor})
	e := s.place(k, hash)
	*e = spot{hash, int32(len(s.entries))}
	return e
}

// enterAll fills an index that is empty.
func (s *sketch[T]) enterAll() {
	for i := range s.entries {
		hash := s.entries[i].key.hash()
		*s.place(&s.entries[i].key, hash) = spot{hash, int32(i + 1)}
	}
}

// get is the entry of a value, nil if there is none.
func (s *sketch[T]) get(k *key) *entry[T] {
	if e := s.place(k, k.hash()); e.entry != 0 {
		return &s.entries[e.entry-1]
	}
	return nil
}

// shrink lets go of the half that was met least, and of all that was met as seldom.
func (s *sketch[T]) shrink() {
	counts := make([]uint64, len(s.entries))
	for i := range s.entries {
		counts[i] = s.entries[i].most()
	}
	slices.Sort(counts)
	s.floor = counts[(len(counts)-1)/2]
	kept := s.entries[:0]
	for i := range s.entries {
		if s.entries[i].most() > s.floor {
			kept = append(kept, s.entries[i])
		}
	}
	clear(s.entries[len(kept):])
	s.entries = kept
	clear(s.index)
	s.enterAll()
}

// most is how often the value was met at most.
func (e *entry[T]) most() uint64 { return e.n + e.missed }

// moments is when conversations with a value began. Most values have few.
type moments struct {
	few  [4]analyzer.Time
	many *histogram.Times
}

// add adds what is the nth.
func (m *moments) add(n uint64, t analyzer.Time) {
	switch {
	case m.many != nil:
		m.many.Add(t)
	case n <= uint64(len(m.few)):
		m.few[n-1] = t
	default:
		m.many = &histogram.Times{}
		for _, early := range m.few {
			m.many.Add(early)
		}
		m.many.Add(t)
	}
}

// Outside is that of [histogram.Times]; of few it is not asked.
func (m *moments) Outside(first, last analyzer.Time) (before, after uint64) {
	if m.many == nil {
		return 0, 0
	}
	return m.many.Outside(first, last)
}
