package baseline

import (
	"cmp"
	"math"
	"slices"

	"tcptrace/analyzer"
)

// place is one of the two of a pair.
type place struct {
	side    analyzer.Side
	address [2]uint64
}

// everywhere is the side of the place that all paths have.
const everywhere analyzer.Side = 2

// has reports whether a pair is there.
func (p place) has(of *Pair) bool { return p.side == everywhere || of.places()[p.side] == p }

func comparePlaces(a, b place) int {
	return cmp.Or(cmp.Compare(a.side, b.side), slices.Compare(a.address[:], b.address[:]))
}

// queue is the time in which transfers filled queues.
type queue struct{ from, to analyzer.Time }

// Fill says that a transfer between two places filled a queue in that time, for which round trips to both are longer, on whatever path.
func (p *Paths) Fill(of Pair, from, to analyzer.Time) {
	p.fill(place{analyzer.Client, of.Client}, queue{from, to})
	p.fill(place{analyzer.Server, of.Server}, queue{from, to})
}

func (p *Paths) fill(at place, q queue) {
	if p.queues == nil {
		p.queues = map[place]queue{}
	}
	if old, ok := p.queues[at]; ok {
		q = queue{min(q.from, old.from), max(q.to, old.to)}
	} else if len(p.queues) == mostPairs {
		return // there are so many that nothing is told of any path
	}
	p.queues[at] = q
}

// full reports whether half or more of what takes longer since a step does so while a queue is filled at a place of these paths, or between two such times.
func (p *Paths) full(s *step, paths ...*path) bool {
	q := queue{math.MaxInt64, math.MinInt64}
	for _, w := range paths {
		for _, at := range w.places() {
			if one, ok := p.queues[at]; ok {
				q = queue{min(q.from, one.from), max(q.to, one.to)}
			}
		}
	}
	outside := uint64(0)
	for i := range s.cells {
		if c := &s.cells[i]; c.bin() > int64(s.edge) && c.first >= s.from && (c.first > q.to || s.beyond(c) <= q.from) {
			outside += c.n
		}
	}
	return len(p.queues) == mostPairs || 2*outside < s.n
}
