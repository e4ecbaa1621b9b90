package findings

import (
	"cmp"
	"net/netip"
	"slices"

	"tcptrace/analyzer"
)

// tally counts conversations, and what they cost.
type tally struct {
	n      uint64
	failed uint64
	waited uint64 // ns
	again  uint64 // bytes
	near   [2]uint64
	first  analyzer.Time // the earliest start
	last   analyzer.Time // the latest start
	worst  example
}

// example is a conversation to look at, and how much it cost.
type example struct {
	stream uint64
	addr   [2]netip.AddrPort
	failed bool
	waited uint64
	again  uint64
}

// before reports whether x is the better example.
func (x example) before(y example) bool {
	if x.failed != y.failed {
		return x.failed
	}
	return cmp.Or(-cmp.Compare(x.waited, y.waited), -cmp.Compare(x.again, y.again), cmp.Compare(x.stream, y.stream)) < 0
}

// add counts a conversation that began at start.
func (t *tally) add(x example, near [2]uint64, start analyzer.Time) {
	if t.n == 0 {
		t.first, t.last, t.worst = start, start, x
	} else if x.before(t.worst) {
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
}

// less takes away what others counted of the same conversations. When the rest began is not known.
func (t *tally) less(o *tally) {
	t.n -= o.n
	t.failed -= o.failed
	t.waited -= o.waited
	t.again -= o.again
	t.near[0] -= o.near[0]
	t.near[1] -= o.near[1]
}

// sketch counts by values, of which there may be any number, in bounded memory: when it is full, the half that was met least goes.
// What was met often stays, and a value that never went is counted exactly (after Misra and Gries, "Finding repeated elements", 1982).
type sketch[T any] struct {
	limit   int
	entries map[string]*entry[T]
	floor   uint64 // how often a value that is not there was met at most
	gone    uint64 // values that went
}

// entry is a value's count.
type entry[T any] struct {
	count  T
	n      uint64 // how often it was met since it came
	missed uint64 // how often before that, at most
}

func newSketch[T any](limit int) sketch[T] {
	return sketch[T]{limit: limit, entries: map[string]*entry[T]{}}
}

// at is the entry of a value, which is met once more.
func (s *sketch[T]) at(value []byte) *entry[T] {
	e := s.entries[string(value)]
	if e == nil {
		if len(s.entries) >= s.limit {
			s.shrink()
		}
		e = &entry[T]{missed: s.floor}
		s.entries[string(value)] = e
	}
	e.n++
	return e
}

func (s *sketch[T]) shrink() {
	values := s.values()
	slices.SortFunc(values, func(a, b string) int {
		return cmp.Or(cmp.Compare(s.entries[a].most(), s.entries[b].most()), cmp.Compare(a, b))
	})
	for _, v := range values[:(len(values)+1)/2] {
		s.floor = max(s.floor, s.entries[v].most())
		delete(s.entries, v)
		s.gone++
	}
}

// most is how often the value was met at most.
func (e *entry[T]) most() uint64 { return e.n + e.missed }

// values are those that are there, sorted.
func (s *sketch[T]) values() []string {
	list := make([]string, 0, len(s.entries))
	for v := range s.entries {
		list = append(list, v)
	}
	slices.Sort(list)
	return list
}

// starts counts when conversations began, in stretches of time that get longer as the span does.
type starts struct {
	shift uint8 // a stretch is 1<<shift ns
	low   int64 // the number of the first stretch
	used  int   // stretches up to the last that has any
	n     [stretches]uint32
}

const (
	stretches = 64
	shortest  = 20 // about a millisecond
)

func (h *starts) add(t analyzer.Time) {
	if h.used == 0 {
		h.shift, h.low, h.used = shortest, int64(t)>>shortest, 1
	}
	for {
		i := int64(t)>>h.shift - h.low
		switch {
		case i >= 0 && i < stretches:
			h.n[i]++
			h.used = max(h.used, int(i)+1)
			return
		case i < 0 && int64(h.used)-i <= stretches:
			copy(h.n[-i:], h.n[:h.used])
			clear(h.n[:-i])
			h.low, h.used = h.low+i, h.used-int(i)
		default:
			h.coarsen()
		}
	}
}

// coarsen makes the stretches twice as long.
func (h *starts) coarsen() {
	var n [stretches]uint32
	low := h.low >> 1
	for i, k := range h.n[:h.used] {
		n[(h.low+int64(i))>>1-low] += k
	}
	h.used = int((h.low+int64(h.used)-1)>>1-low) + 1
	h.shift, h.low, h.n = h.shift+1, low, n
}

// outside is how many began in stretches that end before first, and in stretches that begin after last.
func (h *starts) outside(first, last analyzer.Time) (before, after uint64) {
	for i, k := range h.n[:h.used] {
		switch at := h.low + int64(i); {
		case at < int64(first)>>h.shift:
			before += uint64(k)
		case at > int64(last)>>h.shift:
			after += uint64(k)
		}
	}
	return before, after
}
