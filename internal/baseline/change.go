package baseline

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"tcptrace/analyzer"
	"tcptrace/internal/chance"
)

// Change is that from some moment on round trips between some places take longer.
type Change struct {
	Clients  [][2]uint64 // their networks; none: any
	Servers  [][2]uint64 // their addresses; none: any
	Not      [][2]uint64 // the other places of which none has them: servers, with ByServer networks
	ByServer bool        // they have the server in common, else the network of clients
	Anywhere bool        // they have nothing in common
	From     analyzer.Time
	Least    float64       // seconds that their round trips take at least
	Base     time.Duration // what they took before
	Now      time.Duration
	N        uint64 // conversations
	Waited   time.Duration
	Near     [2]time.Duration // by how much the round trips on the sides of the client and of the server grew, in all
	Example  Example
	Cost     time.Duration // of that one
}

// mostOthers is how many places a change names beside the one that its conversations have in common.
const mostOthers = 8

// Changes are what is told of all paths: of what is longer for all of a place first, then of other steps, those at one place at the same time together.
func (p *Paths) Changes() (list []Change) {
	told := map[*path]bool{}
	for _, g := range p.wide() {
		if !slices.ContainsFunc(g.of, func(w *path) bool { return told[w] }) {
			if c := p.tell(g, told); c != nil {
				list = append(list, *c)
			}
		}
	}
	steps := slices.DeleteFunc(p.steps(), func(s *step) bool { return told[s.path] })
	slices.SortFunc(steps, func(a, b *step) int { return cmp.Or(-cmp.Compare(a.n, b.n), comparePairs(&a.Pair, &b.Pair)) })
	for len(steps) > 0 {
		common, of := largest(steps)
		g := gather(of)
		if g.common = common; len(g.of) == 1 {
			g.common = p.rarer(&g.of[0].Pair)
		}
		list = append(list, *p.tell(&g, told))
		steps = slices.DeleteFunc(steps, func(s *step) bool { return told[s.path] })
	}
	return list
}

// tell is what is told of a group, whose paths are then told; nil if its conversations cannot be selected.
func (p *Paths) tell(g *group, told map[*path]bool) *Change {
	others := p.others(g)
	named := p.lossy || len(others) > mostOthers // in place of the others
	if g.common.side == everywhere && (named || len(others) > 0) {
		return nil
	}
	if named {
		slices.SortStableFunc(g.of, func(a, b *path) int { return -cmp.Compare(a.n, b.n) })
		g.of, others = g.of[:min(len(g.of), mostOthers)], nil
	}
	for _, w := range g.of {
		told[w] = true
	}
	return g.change(named, others)
}

// wide are the steps that the conversations of a place make together, which are too few on each path, or are of all paths there. The largest comes first.
func (p *Paths) wide() (list []*group) {
	at := map[place][]*path{}
	for _, w := range slices.SortedFunc(maps.Values(p.of), func(a, b *path) int { return comparePairs(&a.Pair, &b.Pair) }) {
		for _, one := range [...]place{{side: everywhere}, w.places()[0], w.places()[1]} {
			at[one] = append(at[one], w)
		}
	}
	for common, paths := range at {
		if g := p.together(paths, chance.Unlikely/float64(len(at))); g != nil {
			g.common = common
			list = append(list, g)
		}
	}
	slices.SortFunc(list, func(a, b *group) int {
		return cmp.Or(-cmp.Compare(a.n, b.n), comparePlaces(a.common, b.common))
	})
	return list
}

// together is the step that paths make together, those of them that have conversations before it; nil: there is none.
func (p *Paths) together(paths []*path, unlikely float64) *group {
	if len(paths) < 2 {
		return nil
	}
	s := union(paths).step(unlikely)
	if s == nil {
		return nil
	}
	before := slices.DeleteFunc(slices.Clone(paths), func(w *path) bool { return !w.nearBefore(s) })
	if s = union(before).step(unlikely); s == nil {
		return nil
	}
	if p.full(s, before...) || slices.ContainsFunc(before, func(w *path) bool { return !w.nearBefore(s) }) {
		return nil
	}
	return &group{of: before, from: s.from, edge: s.edge, base: s.base, n: s.n}
}

// union is all paths in one.
func union(paths []*path) *path {
	all := &path{shift: shortest}
	for _, w := range paths {
		one := *w
		one.cells = slices.Clone(w.cells)
		all.merge(&one)
	}
	return all
}

// nearBefore reports whether there are conversations on the path before a step that do not reach its edge.
func (w *path) nearBefore(s *step) bool {
	return slices.ContainsFunc(w.cells, func(c cell) bool { return c.bin() <= int64(s.edge) && c.first < s.from })
}

func comparePairs(a, b *Pair) int {
	return cmp.Or(slices.Compare(a.Client[:], b.Client[:]), slices.Compare(a.Server[:], b.Server[:]))
}

// places are those of a pair.
func (p *Pair) places() [2]place {
	return [2]place{{analyzer.Client, p.Client}, {analyzer.Server, p.Server}}
}

// largest is the place where most takes longer, and the steps there.
func largest(steps []*step) (at place, of []*step) {
	n, most := map[place]uint64{}, uint64(0)
	for _, s := range steps {
		for _, one := range s.places() {
			if n[one] += s.n; n[one] > most {
				at, most = one, n[one]
			}
		}
	}
	for _, s := range steps {
		if at.has(&s.Pair) {
			of = append(of, s)
		}
	}
	return at, of
}

// rarer is the one of two places that fewer conversations have.
func (p *Paths) rarer(of *Pair) place {
	var n [2]uint64
	places := of.places()
	for _, w := range p.of {
		for side, at := range w.places() {
			if at == places[side] {
				n[side] += w.n
			}
		}
	}
	if n[analyzer.Server] < n[analyzer.Client] {
		return places[analyzer.Server]
	}
	return places[analyzer.Client]
}

// others are the other paths at the same place that have round trips as long.
func (p *Paths) others(g *group) (list []*path) {
	for _, w := range p.of {
		if g.common.has(&w.Pair) && !slices.Contains(g.of, w) &&
			slices.ContainsFunc(w.cells, func(c cell) bool { return c.bin() > int64(g.edge) && w.beyond(&c) > g.from }) {
			list = append(list, w)
		}
	}
	return list
}

// group is paths that became longer at once.
type group struct {
	of     []*path
	from   analyzer.Time
	edge   int
	base   time.Duration
	n      uint64
	common place
}

// gather is the first step, and those that go with it.
func gather(steps []*step) (g group) {
	for _, s := range steps {
		wider := group{of: append(slices.Clip(g.of), s.path), from: s.from, edge: max(g.edge, s.edge), base: max(g.base, s.base)}
		if len(g.of) > 0 {
			wider.from = min(g.from, s.from)
		}
		if len(g.of) == 0 || wider.holds() {
			g = wider
		}
	}
	return g
}

// holds reports whether what is true of each step from its moment on is true from the first one on.
func (g *group) holds() bool {
	if g.edge < edgeBeyond(g.base) {
		return false
	}
	for _, s := range g.of {
		far, all := uint64(0), uint64(0)
		for i := range s.cells {
			c := &s.cells[i]
			switch reaches := c.bin() > int64(g.edge); {
			case s.beyond(c) <= g.from:
			case reaches && c.first < g.from:
				return false
			case reaches:
				far += c.n
				all += c.n
			default:
				all += c.n // some may have begun before
			}
		}
		if float64(far) < nearly*float64(all) {
			return false
		}
	}
	return true
}

// change is what is told of a group: of all that is at its place, but for others, or of what is named.
func (g *group) change(named bool, others []*path) *Change {
	c := &Change{Anywhere: g.common.side == everywhere, ByServer: g.common.side == analyzer.Server, From: g.from, Least: edges[g.edge], Base: g.base}
	for _, w := range g.of {
		if named || g.common.side == analyzer.Client {
			c.Clients = append(c.Clients, w.Client)
		}
		if named || g.common.side == analyzer.Server {
			c.Servers = append(c.Servers, w.Server)
		}
	}
	for _, w := range others {
		c.Not = append(c.Not, w.places()[1-g.common.side].address)
	}
	for _, list := range []*[][2]uint64{&c.Clients, &c.Servers, &c.Not} {
		slices.SortFunc(*list, func(a, b [2]uint64) int { return slices.Compare(a[:], b[:]) })
		*list = slices.Compact(*list)
	}
	trips, waited := uint64(0), [2]uint64{}
	var best *shown
	for _, s := range g.of {
		before := s.before(g)
		for i := range s.cells {
			of := &s.cells[i]
			if of.bin() <= int64(g.edge) || of.first < g.from {
				continue
			}
			c.N += of.n
			trips += of.trips
			for side := range waited {
				waited[side] += of.waited[side]
				c.Near[1-side] += time.Duration(of.waited[side]) - time.Duration(of.trips)*before[side]
			}
			if best == nil || of.worst.before(best) {
				best, c.Example = &of.worst, s.example(&of.worst)
			}
		}
	}
	c.Now = time.Duration((waited[0] + waited[1]) / trips).Round(100 * time.Microsecond)
	c.Waited = time.Duration(waited[0]+waited[1]) - time.Duration(trips)*g.base
	c.Cost = best.cost(g.base)
	return c
}

// before is the mean of the halves of round trips before a change.
func (w *path) before(g *group) (mean Halves) {
	trips := uint64(0)
	for i := range w.cells {
		if c := &w.cells[i]; w.beyond(c) <= g.from && c.bin() <= int64(g.edge) {
			trips += c.trips
			mean[0] += time.Duration(c.waited[0])
			mean[1] += time.Duration(c.waited[1])
		}
	}
	mean[0] /= time.Duration(max(trips, 1))
	mean[1] /= time.Duration(max(trips, 1))
	return mean
}

// Has reports whether a conversation is one of which the change tells.
func (c *Change) Has(s *Trip) bool {
	in := func(list [][2]uint64, a [2]uint64) bool { return len(list) == 0 || slices.Contains(list, a) }
	other := s.Server
	if c.ByServer {
		other = s.Client
	}
	return s.Start >= c.From && s.Seconds() >= c.Least && in(c.Clients, s.Client) && in(c.Servers, s.Server) && !slices.Contains(c.Not, other)
}
