// Package baseline keeps how long round trips between two places took over time, and says since when they take longer: a route changed, a detour is
// taken, a VPN has another exit.
//
// The places are a network of clients and the address of a server. What is kept of a pair are counts, by stretches of time and by how long the handshake
// took; their number is bounded, as is that of pairs. Counts of parts may be added up; whatever the parts and their order, the sum is that of the whole,
// as long as there is room for all pairs.
//
// Not its job: what conversations have in common otherwise, or what people read (internal/findings).
package baseline

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"tcptrace/analyzer"
)

// Pair is two places.
type Pair struct {
	Client [2]uint64 // network, as [netip.Addr.As16] has it
	Server [2]uint64 // address, likewise
}

// Trip is the first round trip of a conversation.
type Trip struct {
	Pair
	Start analyzer.Time
	Halves
}

// Sample is what a conversation tells of the path between its places.
type Sample struct {
	Trip
	Turns uint32 // how often its server answered
	Example
}

// Halves are the round trips of a handshake from the tap: to the server and back, and to the client and back. 0: not known.
type Halves [2]time.Duration

// Seconds is the whole, as the sum of two numbers of a record is rounded.
func (h Halves) Seconds() float64 { return h[0].Seconds() + h[1].Seconds() }

// Example is a conversation to look at.
type Example struct {
	Order, Stream uint64
	Addr          [2]netip.AddrPort
}

// Bounds of what is kept.
const (
	mostPairs = 256
	stretches = 32 // of time, for each pair; they get longer as the time does
	shortest  = 28 // a quarter of a second: 1<<28 ns
)

// edges are the seconds that round trips are told apart by.
var edges = [...]float64{0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1, 1.5, 2, 3, 4, 5}

// binBits is how many bits the number of a bin takes: how many edges a round trip has reached.
const binBits = 5

func binOf(seconds float64) int64 {
	bin := 0
	for bin < len(edges) && seconds >= edges[bin] {
		bin++
	}
	return int64(bin)
}

// Paths keeps round trips. The zero value has none. It is not safe for concurrent use.
type Paths struct {
	of     map[Pair]*path
	last   *path
	spare  []*path
	lossy  bool            // some pairs were let go
	queues map[place]queue // that transfers filled, at their places
}

// path is what is kept of a pair.
type path struct {
	Pair
	shift uint8 // a stretch is 1<<shift ns
	last  int   // the cell that was met last
	n     uint64
	least float64 // seconds
	cells []cell  // by key
}

// cell counts the conversations that began in a stretch, with round trips in a bin.
type cell struct {
	key     int64 // stretch << binBits | bin
	n       uint64
	trips   uint64    // round trips that people waited for
	waited  [2]uint64 // ns, for these
	clients uint64    // a bit for each 64th of their addresses
	first   analyzer.Time
	worst   shown
}

// shown is an example, without what its pair says.
type shown struct {
	order, stream uint64
	client        [16]byte
	ports         [2]uint16
	turns         uint32
	Halves
}

func (c *cell) stretch() int64 { return c.key >> binBits }

// beyond is the moment from which on those of the next stretch begin.
func (w *path) beyond(c *cell) analyzer.Time { return analyzer.Time((c.stretch() + 1) << w.shift) }

func (c *cell) bin() int64 { return c.key & (1<<binBits - 1) }

// Add takes a conversation.
func (p *Paths) Add(s *Sample) {
	if s.Halves == (Halves{}) {
		return
	}
	if p.last == nil || p.last.Pair != s.Pair {
		p.last = p.path(&s.Pair)
	}
	p.last.add(s)
}

// Long reports whether a change may tell of a conversation, as far as is known of its path so far.
func (p *Paths) Long(t *Trip) bool {
	w := p.of[t.Pair]
	return w != nil && t.Seconds() >= longer && t.Seconds() >= times*w.least
}

// path is that of a pair; it is made if there is none.
func (p *Paths) path(of *Pair) *path {
	if w := p.of[*of]; w != nil {
		return w
	}
	if p.of == nil {
		p.of = map[Pair]*path{}
	}
	if len(p.of) == mostPairs {
		p.shrink()
	}
	w := &path{}
	if n := len(p.spare); n > 0 {
		w, p.spare = p.spare[n-1], p.spare[:n-1]
	}
	*w = path{Pair: *of, shift: shortest, cells: w.cells[:0]}
	p.of[*of] = w
	return w
}

// shrink lets go of the half that was met least, and of all that was met as seldom.
func (p *Paths) shrink() {
	counts := make([]uint64, 0, len(p.of))
	for _, w := range p.of {
		counts = append(counts, w.n)
	}
	slices.Sort(counts)
	least := counts[(len(counts)-1)/2]
	for pair, w := range p.of {
		if w.n <= least {
			delete(p.of, pair)
			p.spare = append(p.spare, w)
		}
	}
	p.lossy, p.last = true, nil
}

func (w *path) add(s *Sample) {
	took := s.Seconds()
	if w.n++; w.n == 1 || took < w.least {
		w.least = took
	}
	c := w.at(int64(s.Start)>>w.shift<<binBits | binOf(took))
	trips := 1 + uint64(s.Turns)
	client, server := s.Addr[analyzer.Client], s.Addr[analyzer.Server]
	one := cell{
		key: c.key, n: 1, trips: trips, waited: [2]uint64{trips * uint64(s.Halves[0]), trips * uint64(s.Halves[1])}, first: s.Start,
		worst: shown{s.Order, s.Stream, client.Addr().As16(), [2]uint16{client.Port(), server.Port()}, s.Turns, s.Halves},
	}
	one.clients = 1 << (hash(one.worst.client[8:]) % 64)
	c.merge(&one)
	w.fit()
}

// hash is the same wherever it is made.
func hash(address []byte) (h uint32) {
	for _, x := range address {
		h = (h ^ uint32(x)) * 16777619 // FNV
	}
	return h ^ h>>16
}

// at is the cell with that key. It is made if there is none.
func (w *path) at(key int64) *cell {
	if w.last < len(w.cells) && w.cells[w.last].key == key {
		return &w.cells[w.last]
	}
	at := len(w.cells)
	for at > 0 && w.cells[at-1].key > key { // most are among the last
		at--
	}
	if at == 0 || w.cells[at-1].key != key {
		w.cells = slices.Insert(w.cells, at, cell{key: key})
	} else {
		at--
	}
	w.last = at
	return &w.cells[at]
}

// fit makes stretches longer until there are no more than may be.
func (w *path) fit() {
	for {
		if low, high := w.span(); high-low < stretches {
			return
		}
		w.coarsen()
	}
}

// span is the first stretch and the last; there must be a cell.
func (w *path) span() (low, high int64) {
	return w.cells[0].stretch(), w.cells[len(w.cells)-1].stretch()
}

// coarsen makes the stretches twice as long.
func (w *path) coarsen() {
	if w.shift++; len(w.cells) == 0 {
		return
	}
	for i := range w.cells {
		c := &w.cells[i]
		c.key = c.stretch()>>1<<binBits | c.bin()
	}
	slices.SortStableFunc(w.cells, func(a, b cell) int { return int(a.key - b.key) })
	kept := w.cells[:1]
	for i := range w.cells[1:] {
		if c := &w.cells[i+1]; c.key == kept[len(kept)-1].key {
			kept[len(kept)-1].merge(c)
		} else {
			kept = append(kept, *c)
		}
	}
	w.cells, w.last = kept, 0
}

// merge adds what o counted of other conversations.
func (c *cell) merge(o *cell) {
	if c.n == 0 || o.worst.before(&c.worst) {
		c.worst = o.worst
	}
	if c.n == 0 {
		c.first = o.first
	}
	c.n += o.n
	c.trips += o.trips
	c.waited[0] += o.waited[0]
	c.waited[1] += o.waited[1]
	c.clients |= o.clients
	c.first = min(c.first, o.first)
}

// before reports whether x is the better example.
func (x *shown) before(y *shown) bool {
	if a, b := x.cost(0), y.cost(0); a != b {
		return a > b
	}
	return x.order < y.order
}

// cost is how long people waited for what its round trips take beyond base.
func (x *shown) cost(base time.Duration) time.Duration {
	return time.Duration(1+x.turns) * (x.Halves[0] + x.Halves[1] - base)
}

// example is x on that path.
func (w *path) example(x *shown) Example {
	return Example{x.order, x.stream, [2]netip.AddrPort{
		netip.AddrPortFrom(netip.AddrFrom16(x.client).Unmap(), x.ports[0]), netip.AddrPortFrom(addr(w.Server), x.ports[1]),
	}}
}

// addr is an address of a pair.
func addr(a [2]uint64) netip.Addr {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], a[0])
	binary.BigEndian.PutUint64(b[8:], a[1])
	return netip.AddrFrom16(b).Unmap()
}
