package reassembly

import (
	"iter"
	"slices"
)

// Range is the positions from Lo up to, not including, Hi.
type Range struct{ Lo, Hi Pos }

// Len is the number of positions.
func (r Range) Len() int64 { return int64(r.Hi - r.Lo) }

const (
	inlineOlder = 3 // beside the last one: most connections never have more than a hole or two
	// MaxRanges is how many ranges a set holds at most, so that a
	// segment never costs more than a short scan. At the bound it closes its narrowest gap.
	MaxRanges = 256
)

// Ranges is a set of positions, as ordered ranges that neither overlap nor touch.
// The zero value is empty. It holds no pointers; what does not fit inline is in a
// Pool, which every method but the simplest takes. It must always be the same one; nil
// means that there is none and that four ranges are the bound.
//
// At the bound (MaxRanges, or a Pool without room) the narrowest gap is closed
// as if its bytes had been added, the oldest of several: so the set is wrong about the
// fewest bytes. Dropped counts the gaps.
//
// A Ranges may be moved, but of two copies only one may be used. Release gives back what it
// holds of the Pool.
type Ranges struct {
	last    Range // kept apart: in-order data touches nothing else
	inline  [inlineOlder]Range
	n       uint32 // ranges before last, inline or in the pool
	list    uint32 // 1 + index of the pool's list; 0: inline
	dropped uint32
	any     bool
}

// Dropped is the number of gaps that were closed because there was no room to keep them.
func (r *Ranges) Dropped() uint32 { return r.dropped }

// Len is the number of ranges.
func (r *Ranges) Len() int {
	if !r.any {
		return 0
	}
	return int(r.n) + 1
}

// End is the end of the last range: everything in the set is below. It is 0 for an empty set.
func (r *Ranges) End() Pos { return r.last.Hi }

// First is the range with the lowest positions; empty for an empty set.
func (r *Ranges) First(p *Pool) Range {
	if r.n > 0 {
		return r.older(p)[0]
	}
	return r.last
}

// Add puts [lo,hi) into the set and returns how many of its bytes were new.
func (r *Ranges) Add(p *Pool, lo, hi Pos) (fresh int64) {
	if lo == r.last.Hi && hi > lo && r.any {
		r.last.Hi = hi
		return int64(hi - lo)
	}
	return r.addSlow(p, lo, hi)
}

func (r *Ranges) addSlow(p *Pool, lo, hi Pos) int64 {
	switch {
	case hi <= lo:
		return 0
	case !r.any:
		r.any = true
		r.last = Range{lo, hi}
		return int64(hi - lo)
	case lo > r.last.Hi:
		if !r.room(p) {
			r.closeNarrowest(p)
			return r.addSlow(p, lo, hi)
		}
		r.setOlder(p, append(r.older(p), r.last))
		r.last = Range{lo, hi}
		return int64(hi - lo)
	case lo >= r.last.Lo:
		fresh := max(0, hi-r.last.Hi)
		r.last.Hi += fresh
		return int64(fresh)
	}
	return r.insert(p, lo, hi)
}

// insert adds a range that starts before the last one.
func (r *Ranges) insert(p *Pool, lo, hi Pos) (fresh int64) {
	older := r.older(p)
	i := len(older)
	for i > 0 && older[i-1].Hi >= lo { // from the end: repairs are mostly recent
		i--
	}
	fresh = int64(hi - lo)
	j := i
	for ; j < len(older) && older[j].Lo <= hi; j++ {
		fresh -= overlap(older[j], lo, hi)
	}
	if j > i {
		lo, hi = min(lo, older[i].Lo), max(hi, older[j-1].Hi)
	}
	switch {
	case hi >= r.last.Lo:
		fresh -= overlap(r.last, lo, hi)
		r.last = Range{lo, max(hi, r.last.Hi)}
		r.setOlder(p, older[:i])
	case i < j:
		older[i] = Range{lo, hi}
		r.setOlder(p, slices.Delete(older, i+1, j))
	case r.room(p):
		r.setOlder(p, slices.Insert(r.older(p), i, Range{lo, hi}))
	default:
		r.closeNarrowest(p)
		r.addSlow(p, lo, hi)
	}
	return fresh
}

func overlap(r Range, lo, hi Pos) int64 { return int64(max(0, min(hi, r.Hi)-max(lo, r.Lo))) }

// closeNarrowest makes room for one range.
func (r *Ranges) closeNarrowest(p *Pool) {
	older := r.older(p)
	best, width := 0, Pos(0)
	for i := range older {
		after := r.last.Lo
		if i+1 < len(older) {
			after = older[i+1].Lo
		}
		if w := after - older[i].Hi; i == 0 || w < width {
			best, width = i, w
		}
	}
	r.dropped++
	if p != nil {
		p.dropped++
	}
	if best == len(older)-1 {
		r.last.Lo = older[best].Lo
	} else {
		older[best].Hi = older[best+1].Hi
		copy(older[best+1:], older[best+2:])
	}
	r.setOlder(p, older[:len(older)-1])
}

// Contains reports whether all of [lo,hi) is in the set. An empty range always is.
func (r *Ranges) Contains(p *Pool, lo, hi Pos) bool {
	if lo >= hi {
		return true
	}
	if lo >= r.last.Lo {
		return hi <= r.last.Hi
	}
	older := r.older(p)
	for i := len(older) - 1; i >= 0; i-- {
		if lo >= older[i].Lo {
			return hi <= older[i].Hi
		}
	}
	return false
}

// Missing is how many bytes of [lo,hi) are not in the set.
func (r *Ranges) Missing(p *Pool, lo, hi Pos) int64 {
	if lo >= hi {
		return 0
	}
	n := int64(hi-lo) - overlap(r.last, lo, hi)
	older := r.older(p)
	for i := len(older) - 1; i >= 0 && older[i].Hi > lo; i-- {
		n -= overlap(older[i], lo, hi)
	}
	return n
}

// All yields the ranges in order. The set must not be changed meanwhile.
func (r *Ranges) All(p *Pool) iter.Seq[Range] {
	return func(yield func(Range) bool) {
		for _, o := range r.older(p) {
			if !yield(o) {
				return
			}
		}
		if r.any {
			yield(r.last)
		}
	}
}

// Gaps yields, in order, the parts of [lo,hi) that are not in the set. The set must not be changed meanwhile.
func (r *Ranges) Gaps(p *Pool, lo, hi Pos) iter.Seq[Range] {
	return func(yield func(Range) bool) {
		at := lo
		for o := range r.All(p) {
			if o.Lo >= hi {
				break
			}
			if o.Lo > at && !yield(Range{at, o.Lo}) {
				return
			}
			at = max(at, o.Hi)
		}
		if at < hi {
			yield(Range{at, hi})
		}
	}
}

// TrimBelow takes everything below pos out of the set and returns how many bytes that were.
func (r *Ranges) TrimBelow(p *Pool, pos Pos) (removed int64) {
	if r.n > 0 {
		older := r.older(p)
		k := 0
		for k < len(older) && older[k].Hi <= pos {
			removed += older[k].Len()
			k++
		}
		if k < len(older) && older[k].Lo < pos {
			removed += int64(pos - older[k].Lo)
			older[k].Lo = pos
		}
		r.setOlder(p, slices.Delete(older, 0, k))
	}
	if pos <= r.last.Lo || !r.any {
		return removed
	}
	removed += overlap(r.last, r.last.Lo, pos)
	if pos >= r.last.Hi {
		r.last, r.any = Range{}, false
	} else {
		r.last.Lo = pos
	}
	return removed
}

// Release empties the set and gives its room in the Pool back. Dropped is forgotten, too.
func (r *Ranges) Release(p *Pool) {
	if r.list != 0 {
		p.put(r.list - 1)
	}
	*r = Ranges{}
}
