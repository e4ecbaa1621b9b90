package page

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"tcptrace/analyzer"
)

const (
	mostSegments = 24_000 // of a conversation that is seen as a whole, and in any part of it that is seen
	levelFactor  = 8      // how many more segments a level has than the one before
	chunkSize    = 4_000  // segments of a finer level that stand together in the page
	segmentBytes = 40     // that a segment takes in the page, about
)

// levels are how many segments of a conversation of n there are in each level of it, the coarsest first, and in all of them no more than most.
func levels(n, most uint64) []uint64 {
	size := min(n, most, mostSegments)
	list := []uint64{size}
	for rest := most - size; size < n; {
		if size = min(size*levelFactor, n); size > rest {
			break
		}
		list = append(list, size)
		rest -= size
	}
	return list
}

// wanted is how many there are in all levels of a conversation of n, if there is room.
func wanted(n uint64) (sum uint64) {
	for _, size := range levels(n, 1<<62) {
		sum += size
	}
	return sum
}

// thinner chooses the segments that are drawn of a long conversation: all with a mark of their own, as long as there is room, and for each of
// many equal stretches of time and each side the first, the last, the one that acknowledges or reaches furthest, the one with the smallest
// window, the one with the longest round trip, and the one behind which most is in flight. What is left out is counted in the next of its side that is not. So lines keep their
// shapes, as far as a screen can show them.
type thinner struct {
	kept      []segment
	all       bool          // nothing is left out
	width     time.Duration // of a stretch
	stretches int64
	stretch   int64                   // the number of the one that is going on
	open      [2][numExtremes]segment // of the stretch that is going on, by Side
	has       [2]bool
	left      [2]struct {
		packets uint32
		bytes   uint64
	}
	marks [2]allowance // for segments with a mark, by whether it is a note only
}

// allowance is how many segments may be kept, more with every stretch, so that no early ones take the room of later ones.
type allowance struct{ kept, first, each float64 }

// takes reports whether one more may be kept in a stretch, and counts it.
func (a *allowance) takes(stretch int64) bool {
	if a.kept >= a.first+a.each*float64(stretch) {
		return false
	}
	a.kept++
	return true
}

// Extremes of a stretch.
const (
	firstOf = iota
	lastOf
	furthest
	tightest
	slowest
	fullest // has most in flight
	numExtremes
)

// newThinner makes a thinner of at most about most segments of c. If all with a mark have room, as far as is known beforehand, all are kept.
func newThinner(c *analyzer.Conversation, most uint64) thinner {
	n := c.Packets()
	if n <= most {
		return thinner{all: true, kept: make([]segment, 0, n)}
	}
	marked := uint64(0)
	for side := range c.Sent {
		s := &c.Sent[side]
		marked += s.SYNs + s.FINs + s.RSTs + s.Retransmitted() + uint64(s.OutOfOrderPackets)
	}
	stretches := max(int64(most)*6/10/(2*numExtremes)-1, 1) // the rest is for marks
	t := thinner{stretches: stretches, width: max(c.Duration()/time.Duration(stretches), 1), kept: make([]segment, 0, most)}
	for i, share := range [2]float64{0.3, 0.1} {
		room := float64(most) * share
		if t.marks[i] = (allowance{first: room / 4, each: room * 3 / 4 / float64(stretches)}); float64(marked) <= room/2 {
			t.marks[i] = allowance{first: room}
		}
	}
	return t
}

// add adds the next segment.
func (t *thinner) add(s *segment) {
	if t.all {
		t.kept = append(t.kept, *s)
		return
	}
	if at := min(int64(s.since/t.width), t.stretches); at > t.stretch { // a clock that was set back makes no new one
		t.flush()
		t.stretch = at
	}
	if s.mark != unmarked && t.marks[s.mark-1].takes(t.stretch) {
		t.kept = append(t.kept, *s)
		return
	}
	open := &t.open[s.side]
	if !t.has[s.side] {
		t.has[s.side] = true
		for i := range open {
			open[i] = *s
		}
		return
	}
	open[lastOf] = *s
	if max(s.seq+int64(s.len), s.ack) > max(open[furthest].seq+int64(open[furthest].len), open[furthest].ack) {
		open[furthest] = *s
	}
	if s.window < open[tightest].window {
		open[tightest] = *s
	}
	if s.roundTrip > open[slowest].roundTrip {
		open[slowest] = *s
	}
	if most := &open[fullest]; max(s.flight[0], s.flight[1]) > max(most.flight[0], most.flight[1]) {
		*most = *s
	}
	t.left[s.side].packets++
	t.left[s.side].bytes += s.bytes
}

// flush ends a stretch.
func (t *thinner) flush() {
	var list []segment
	for side := range t.open {
		if t.has[side] {
			t.left[side].packets++ // the first
			t.left[side].bytes += t.open[side][firstOf].bytes
			list = append(list, t.open[side][:]...)
			t.has[side] = false
		}
	}
	slices.SortFunc(list, func(a, b segment) int { return cmp.Compare(a.frame, b.frame) })
	list = slices.CompactFunc(list, func(a, b segment) bool { return a.frame == b.frame })
	for i := range list {
		s, left := &list[i], &t.left[list[i].side]
		s.packets, s.bytes = 0, 0
		if last := !slices.ContainsFunc(list[i+1:], func(o segment) bool { return o.side == s.side }); last { // it stands for all
			s.packets, s.bytes = left.packets, left.bytes
			left.packets, left.bytes = 0, 0
		}
		t.kept = append(t.kept, *s)
	}
}

// done is what was kept, in order.
func (t *thinner) done() []segment {
	t.flush()
	if byFrame := func(a, b segment) int { return cmp.Compare(a.frame, b.frame) }; !slices.IsSortedFunc(t.kept, byFrame) {
		slices.SortStableFunc(t.kept, byFrame)
	}
	return t.kept
}

// chunks are what was kept, in pieces.
func (t *thinner) chunks() iter.Seq[[]segment] { return slices.Chunk(t.done(), chunkSize) }
