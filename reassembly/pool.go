package reassembly

// Pool is where sets keep the ranges that do not fit inline. One Pool serves any
// number of sets of one owner: what one set finds full depends on the others, so
// sets whose results are to be reproducible share a Pool with the same sets every time.
type Pool struct {
	lists  [][]Range
	free   []uint32 // indices of lists that belong to no set
	budget int      // ranges that may still be allocated

	dropped uint64 // gaps that all of the sets closed
}

// Dropped is the number of gaps that the sets closed because there was no room to keep them, those of sets that
// were released included.
func (p *Pool) Dropped() uint64 { return p.dropped }

// NewPool makes a Pool for at most limit ranges (16 bytes each) in all its sets
// together.
func NewPool(limit int) *Pool { return &Pool{budget: limit} }

// Left is how many ranges may still be allocated.
func (p *Pool) Left() int { return p.budget }

// Close says that none may be.
func (p *Pool) Close() { p.budget = 0 }

// The capacities that a list goes through, up to MaxRanges-1: doubling from firstList.
const firstList = 16

// get is an empty list with room for firstList ranges.
func (p *Pool) get() (list uint32, ok bool) {
	if p == nil {
		return 0, false
	}
	if n := len(p.free); n > 0 {
		list = p.free[n-1]
		p.free = p.free[:n-1]
		return list, true
	}
	if p.budget < firstList {
		return 0, false
	}
	p.budget -= firstList
	p.lists = append(p.lists, make([]Range, 0, firstList))
	return uint32(len(p.lists) - 1), true
}

// grow doubles a list's capacity, if bound and budget allow.
func (p *Pool) grow(list uint32) bool {
	old := p.lists[list]
	size := min(2*cap(old), MaxRanges-1)
	if size <= cap(old) || p.budget < size-cap(old) {
		return false
	}
	p.budget -= size - cap(old)
	p.lists[list] = append(make([]Range, 0, size), old...)
	return true
}

// put takes a list back. A grown one shrinks, lest a few long lists use up the budget for good.
func (p *Pool) put(list uint32) {
	if c := cap(p.lists[list]); c > firstList {
		p.budget += c - firstList
		p.lists[list] = make([]Range, 0, firstList)
	}
	p.lists[list] = p.lists[list][:0]
	p.free = append(p.free, list)
}

// older is the ranges before the last one, in place.
func (r *Ranges) older(p *Pool) []Range {
	if r.list != 0 {
		return p.lists[r.list-1]
	}
	return r.inline[:r.n]
}

// setOlder makes v, which is older() resliced within its capacity, the ranges before the last one.
func (r *Ranges) setOlder(p *Pool, v []Range) {
	r.n = uint32(len(v))
	if r.list == 0 {
		return
	}
	p.lists[r.list-1] = v
	if len(v) == 0 {
		p.put(r.list - 1)
		r.list = 0
	}
}

// room makes sure that one more range fits before the last one, and reports
// whether it does.
func (r *Ranges) room(p *Pool) bool {
	if r.list != 0 {
		v := p.lists[r.list-1]
		return len(v) < cap(v) || p.grow(r.list-1)
	}
	if r.n < inlineOlder {
		return true
	}
	list, ok := p.get()
	if !ok {
		return false
	}
	p.lists[list] = append(p.lists[list], r.inline[:r.n]...)
	r.list = list + 1
	return true
}
