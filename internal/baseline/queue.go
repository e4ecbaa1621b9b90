package baseline

import (
	"cmp"
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

// full reports whether a queue was filled at one of the places of a pair at that moment, or later.
func (p *Paths) full(of *Pair, at analyzer.Time) bool {
	client, server := p.queues[place{analyzer.Client, of.Client}], p.queues[place{analyzer.Server, of.Server}]
	return len(p.queues) == mostPairs || max(client.to, server.to) >= at
}
