package findings

import (
	"hash/crc32"
	"slices"

	"tcptrace/analyzer"
	"tcptrace/internal/baseline"
	"tcptrace/internal/bitset"
	"tcptrace/internal/dimension"
	"tcptrace/internal/histogram"
	"tcptrace/internal/where"
)

// Bounds of what is counted by value: of all conversations, and of those that a kind affects.
const (
	mostValues   = 4096
	mostAffected = 256
)

// Collector takes the conversations of a capture. New makes one. It is not safe for concurrent use.
type Collector struct {
	total    uint64
	warned   uint64                 // conversations that no kind affects, though there is a warning
	mildly   uint64                 // those that only mild kinds affect
	start    histogram.Times        // when conversations began
	all      []sketch[moments]      // by factor
	affected []affected             // by kind
	values   dimension.Values       // room to work in
	mark     Mark                   // of the conversation that was taken last, without its values
	newest   *analyzer.Conversation // that
	keys     [len(factors)]key      // of that
	stalls   []stall                // that may be part of an outage
	strays   histogram.Times        // when what stalled showed that is told as something else
	flooded  bool                   // there were more than there is room for
	out      *stretch               // whose stalls are told apart; nil: there is none
	noted    analyzer.Conversation  // room for one of which there is a note (note.go)
	paths    baseline.Paths
}

// affected is what a kind affects.
type affected struct {
	tally
	told bitset.Set      // the kinds that were told in its place
	by   []sketch[tally] // by factor; nil: there are none
}

// New returns a collector.
func New() *Collector {
	k := &Collector{affected: make([]affected, len(kinds))}
	for range factors {
		k.all = append(k.all, newSketch[moments](mostValues))
	}
	return k
}

// Conversations is how many were taken.
func (k *Collector) Conversations() uint64 { return k.total }

// Sound takes a conversation in which nothing is wrong, of which there is no more than an [analyzer.Sink] gets of such.
// It never fails.
func (k *Collector) Sound(c *analyzer.Conversation) error {
	k.count(c, c.Stream)
	return nil
}

// count counts c among all conversations, in whose order it has that place.
func (k *Collector) count(c *analyzer.Conversation, order uint64) {
	k.total++
	k.mark, k.newest = Mark{}, c
	k.start.Add(c.Start)
	for i := range factors {
		k.keys[i] = factors[i].key(c)
		e := k.all[i].at(&k.keys[i])
		e.count.add(e.n, c.Start)
	}
	k.paths.Add(&baseline.Sample{
		Trip: k.trip(c), Turns: c.Sent[analyzer.Server].Thinks, Example: baseline.Example{Order: order, Stream: c.Stream, Addr: c.Addr},
	})
}

// Conversation takes c, of which j is the judgment.
func (k *Collector) Conversation(c *analyzer.Conversation, j *analyzer.Judgment) {
	k.count(c, c.Stream)
	s := subject{c, j}
	if s.fills() {
		k.paths.Fill(k.pair(), c.Start, c.End)
	}
	var st *stall
	s.meet(func(i int, instead bitset.Set, failed bool) {
		if !instead.Empty() {
			k.affected[i].told.Join(instead)
			return
		}
		k.mark.kinds.Add(i)
		if kinds[i].stalls && st == nil && !k.flooded {
			st = &stall{shows: stallShows(&s)}
		}
		x := example{order: c.Stream, stream: c.Stream, addr: c.Addr, failed: failed, service: k.service(c), at: s.happened(i)}
		var near [2]uint64
		x.waited, x.again, near = s.cost(i)
		if kinds[i].stalls && st != nil && len(st.times) > 0 {
			x.seen = seenIn(i, &s)
			st.add(i, x, near)
			return
		}
		k.affect(i, c, x, near, func() (*anomalySeen, *Evidence) { return seenIn(i, &s), nil })
	})
	if k.mark.kinds.Empty() && s.warned() {
		k.warned++
	}
	k.countMild()
	if st == nil && !k.flooded {
		w := stallShows(&s)
		k.stray(&w)
	} else if st != nil && len(st.parts) > 0 {
		st.all.x.waited, st.all.x.again, _ = s.cost(outing)
		k.keepOf(st, c)
	}
}

// countMild counts the conversation that was taken last if only mild kinds affect it.
func (k *Collector) countMild() {
	if of := k.mark.kinds; !of.Empty() && of == of.And(mildKinds) {
		k.mildly++
	}
}

// warned reports whether there is more than notes.
func (s *subject) warned() bool {
	return slices.ContainsFunc(s.Anomalies, func(a analyzer.Anomaly) bool { return a.Kind.Severity > analyzer.SeverityNote })
}

// meet gives f the kinds that s meets, in order: those that are told in the place of one, if there are any, and whether it is to one that s failed.
func (s *subject) meet(f func(i int, instead bitset.Set, failed bool)) {
	failed := dimension.Failed(s.Conversation, s.Judgment) != dimension.NoFailure
	var met bitset.Set
	for i := range s.mayMeet().Each() {
		if !kinds[i].when.holds(s) {
			continue
		}
		met.Add(i)
		instead := met.And(coverers[i])
		f(i, instead, instead.Empty() && failed && kinds[i].fails)
		if instead.Empty() {
			failed = failed && !kinds[i].fails // it is told once
		}
	}
}

// mayMeet is the kinds that s meets, and others: those that take an anomaly are among them if there is one of those that tell of it.
func (s *subject) mayMeet() bitset.Set {
	may := unflagged
	for i := range s.Anomalies {
		may.Join(flagged[s.Anomalies[i].Kind.ID])
	}
	return may
}

// flagged are the kinds that take an anomaly, by the ids of those that tell of them; unflagged are those that take none.
var flagged, unflagged = func() (by map[string]bitset.Set, others bitset.Set) {
	by = map[string]bitset.Set{}
	for i := range kinds {
		if !kinds[i].when.flagged {
			others.Add(i)
			continue
		}
		for _, id := range kinds[i].when.tells {
			set := by[id]
			set.Add(i)
			by[id] = set
		}
	}
	return by, others
}()

// cost is what s waited and sent again, as kind i counts it, and how many of its segments were lost on either side of the tap.
func (s *subject) cost(i int) (waited, again uint64, near [2]uint64) {
	if of := kinds[i].waited.of; of != nil {
		waited = uint64(max(0, of(s)))
	}
	if kinds[i].again {
		again = repeated(s)
	}
	client, server := &s.Sent[analyzer.Client], &s.Sent[analyzer.Server]
	return waited, again, [2]uint64{client.LostBefore + server.LostBehind, server.LostBefore + client.LostBehind}
}

// affect counts c as affected by kind i, for which it is the example x. seen is what shows it, which is asked for once, and only of what is an example.
func (k *Collector) affect(i int, c *analyzer.Conversation, x example, near [2]uint64, seen func() (*anomalySeen, *Evidence)) {
	a := &k.affected[i]
	if a.by == nil {
		a.by = tallies()
	}
	asked := false
	add := func(t *tally) {
		if t.add(x, near, c.Start) {
			if !asked {
				x.seen, x.told = seen()
				asked = true
			}
			t.worst.seen, t.worst.told = x.seen, x.told
		}
	}
	add(&a.tally)
	for f := range factors {
		add(&a.by[f].at(&k.keys[f]).count)
	}
}

// tallies is a sketch for each factor.
func tallies() (by []sketch[tally]) {
	for range factors {
		by = append(by, newSketch[tally](mostAffected))
	}
	return by
}

// service is a hash of the address and port of the server.
func (k *Collector) service(c *analyzer.Conversation) uint32 {
	k.values.Reset()
	factors[byService].dimension.Values(&k.values, c, nil)
	return crc32.ChecksumIEEE(k.values.At(0))
}

// condition is the expression that is true of the conversations that kind i affects, without those of an outage.
func (k *Collector) condition(i int) string {
	if expr := k.conditionOf(i); k.out != nil && k.out.kinds.Has(i) {
		return where.But(expr, k.out.expr)
	} else {
		return expr
	}
}

// selector selects the conversations that kind i affects, without those of an outage.
func (k *Collector) selector(i int) selector {
	s := selector{kind: i}
	if k.out != nil && k.out.kinds.Has(i) {
		s.outside = k.out
	}
	return s
}

// conditionOf is the expression that is true of all conversations that kind i affects.
func (k *Collector) conditionOf(i int) string {
	long, short := kinds[i].when.expr, kinds[i].expr()
	for j := range kinds {
		if k.affected[i].told.Has(j) {
			long, short = where.But(long, kinds[j].when.expr), where.But(short, kinds[j].expr())
		}
	}
	if len(long) <= typed {
		return long
	}
	return short
}
