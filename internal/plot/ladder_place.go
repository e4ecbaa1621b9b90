package plot

import (
	"math"
	"slices"

	"tcptrace/analyzer"
)

// sent is when the sender sent it, got when the receiver got it.
func (l *ladder) sent(r *rung) int64 { return r.at - l.way[r.from] }
func (l *ladder) got(r *rung) int64  { return r.at + l.way[r.from.Peer()] }

// moment is one that has a place: a segment leaves an endpoint or comes to one.
type moment struct {
	at   int64
	rung int
	side analyzer.Side
	sent bool
}

const (
	rungRoom = 16.0 // between arrows on a side
	leastGap = 3.0
)

// place finds where moments are: y by rung, of where it is sent and where it is received. It returns where the last one is.
func (l *ladder) place(top float64) (sent, got []float64, bottom float64) {
	var moments []moment
	for i := range l.rungs {
		r := &l.rungs[i]
		if r.segments > 0 {
			moments = append(moments, moment{r.at, i, r.from, true})
			continue
		}
		moments = append(moments, moment{l.sent(r), i, r.from, true}, moment{l.got(r), i, r.from.Peer(), false})
	}
	slices.SortStableFunc(moments, func(a, b moment) int { return int(max(-1, min(1, a.at-b.at))) })
	sent, got = make([]float64, len(l.rungs)), make([]float64, len(l.rungs))
	y, last, free := top, int64(math.MinInt64), [2]float64{top, top}
	unit := float64(max(l.way[0]+l.way[1], 10_000))
	for _, m := range moments {
		if last != math.MinInt64 {
			y += leastGap + min(12*math.Log10(1+3*float64(m.at-last)/unit), 40)
		}
		y = max(y, free[m.side])
		if l.rungs[m.rung].segments > 0 {
			y = max(free[0], free[1], y) + 4
			free = [2]float64{y + rungRoom + 4, y + rungRoom + 4}
		}
		free[m.side] = y + rungRoom
		last = m.at
		if m.sent {
			sent[m.rung] = y
		} else {
			got[m.rung] = y
		}
	}
	for i := range l.rungs { // an arrow falls, if only to be one
		if l.rungs[i].segments == 0 {
			got[i] = max(got[i], sent[i]+3)
		}
	}
	return sent, got, y
}
