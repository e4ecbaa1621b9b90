package baseline

import (
	"math"
	"math/bits"
	"time"

	"tcptrace/analyzer"
	"tcptrace/internal/chance"
)

// What a step is told by: from some moment on nearly all handshakes between two places take longer, and nearly none did before.
const (
	leastBefore = 8     // conversations
	leastBehind = 8     // likewise
	times       = 2     // as long as before
	longer      = 0.020 // seconds more
	leastSpells = 3     // stretches of time in which there are some, before and behind
	nearly      = 0.9   // which part of those behind take longer
	nearlyNone  = 0.05  // which part of those before may
	alike       = 0.8   // which part of those that take longer are in bins side by side
	side        = 3     // so many
	sameClients = 0.5   // which part of the clients behind were there before
)

// step is since when round trips of a path take longer.
type step struct {
	*path
	from analyzer.Time
	edge int           // what they reach
	base time.Duration // what they took before
	n    uint64        // conversations
}

// steps are the steps of all paths.
func (p *Paths) steps() (list []*step) {
	many := 0
	for _, w := range p.of {
		if w.n >= leastBefore+leastBehind {
			many++
		}
	}
	for _, w := range p.of {
		if s := w.step(chance.Unlikely / float64(max(many, 1))); s != nil && !p.full(s, w) {
			list = append(list, s)
		}
	}
	return list
}

// step is the step of a path that is least by chance, nil if there is none. It may be within a stretch of time, which then is neither before nor behind.
func (w *path) step(unlikely float64) (best *step) {
	if w.n < leastBefore+leastBehind {
		return nil
	}
	for at := w.after(0); at < len(w.cells); at = w.after(at) {
		s := step{path: w, base: baseOf(w.cells[:at])}
		s.edge = edgeBeyond(s.base)
		for _, behind := range [...]int{at, w.after(at)} {
			if p := s.chance(at, behind); p < unlikely {
				unlikely, best = p, &step{path: w, from: s.from, edge: s.edge, base: s.base, n: s.n}
			}
		}
	}
	return best
}

// after is the first cell of the stretch behind that of another.
func (w *path) after(at int) int {
	of := w.cells[min(at, len(w.cells)-1)].stretch()
	for at < len(w.cells) && w.cells[at].stretch() == of {
		at++
	}
	return at
}

// edgeBeyond is the edge that what takes longer reaches; len(edges): none is far enough.
func edgeBeyond(base time.Duration) (edge int) {
	need := max(times*base.Seconds(), base.Seconds()+longer)
	for edge < len(edges) && edges[edge] < need {
		edge++
	}
	return edge
}

// baseOf is the mean of those in the bin of the median, to a tenth of a millisecond.
func baseOf(cells []cell) time.Duration {
	var n, trips, waited [1 << binBits]uint64
	all := uint64(0)
	for i := range cells {
		c := &cells[i]
		n[c.bin()] += c.n
		trips[c.bin()] += c.trips
		waited[c.bin()] += c.waited[0] + c.waited[1]
		all += c.n
	}
	bin, below := 0, uint64(0)
	for below+n[bin] <= all/2 {
		below += n[bin]
		bin++
	}
	return time.Duration(waited[bin] / trips[bin]).Round(100 * time.Microsecond)
}

// spell is what is counted on one side of a step.
type spell struct {
	n, far    uint64        // those that reach the edge are far
	stretches int           // in which there are such as there ought to be
	clients   uint64        // of these
	first     analyzer.Time // of those that are far
	most      uint64        // of those that are far, in bins side by side
}

func (s *step) spell(cells []cell, far bool) (w spell) {
	var bins [side + 1<<binBits]uint64
	last := int64(math.MinInt64)
	for i := range cells {
		c := &cells[i]
		w.n += c.n
		reaches := c.bin() > int64(s.edge)
		if reaches {
			if w.far == 0 || c.first < w.first {
				w.first = c.first
			}
			w.far += c.n
			for b := range int64(side) {
				bins[c.bin()+b] += c.n
			}
		}
		if reaches == far {
			w.clients |= c.clients
			if c.stretch() != last {
				w.stretches, last = w.stretches+1, c.stretch()
			}
		}
	}
	for _, n := range bins {
		w.most = max(w.most, n)
	}
	return w
}

// chance is how seldom chance divides conversations as they are before a cell, and from another on; 1 if that is no step. It fills s in.
func (s *step) chance(at, from int) float64 {
	if s.edge == len(edges) {
		return 1
	}
	before, within, behind := s.spell(s.cells[:at], false), s.spell(s.cells[at:from], true), s.spell(s.cells[from:], true)
	same := bits.OnesCount64(before.clients & behind.clients)
	switch {
	case before.n < leastBefore || behind.far < leastBehind,
		before.stretches < leastSpells || behind.stretches < leastSpells,
		float64(before.far) > nearlyNone*float64(before.n),
		float64(behind.far) < nearly*float64(behind.n),
		float64(behind.most) < alike*float64(behind.far),
		float64(same) < sameClients*float64(bits.OnesCount64(behind.clients)):
		return 1
	}
	s.from, s.n = behind.first, behind.far+within.far
	if within.far > 0 {
		s.from = min(s.from, within.first)
	}
	return chance.Tail(behind.far, behind.n, before.far+behind.far, before.n+behind.n)
}
