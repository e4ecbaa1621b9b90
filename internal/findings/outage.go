package findings

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/timing"
	"tcptrace/internal/bitset"
	"tcptrace/internal/chance"
	"tcptrace/internal/dimension"
	"tcptrace/internal/where"
	"tcptrace/report"
)

// outage is the kind of what stalled, or failed, in a stretch of time in which others did, too, and not all in the same way: some while they opened, some with data on their way.
const outage = "outage"

// What an outage is told by.
const (
	mostStalls = 2048 // conversations that are kept for it; if there are ever more, none is told from then on
	leastStall = time.Second
	leastOut   = 4   // conversations
	outageLift = 8   // how many times as often they stall in it than outside
	outageSure = 9.0 // the least log likelihood ratio of a stretch (Kulldorff, "A spatial scan statistic", 1997)
	longestOut = 4   // it takes no more than this part of the capture
	oneWay     = 5   // at least this part of it stalled in another way than the most frequent one
)

// stalled is that its opening and what was lost kept it waiting, its FIN among that, or that it failed.
var stalled = condition{
	expr: `time.opening_s + time.loss_repair_s >= 1 || failure != "" || has("fin-retransmit")`,
	holds: func(s *subject) bool {
		return s.Spent[timing.Opening]+s.Spent[timing.Repair] >= leastStall || dimension.Failed(s.Conversation, s.Judgment) != dimension.NoFailure ||
			has("fin-retransmit").holds(s)
	},
}

// stallingTime is for how long a conversation that stalled kept people waiting.
var stallingTime = measure{"time.opening_s + time.loss_repair_s", func(s *subject) time.Duration { return s.Spent[timing.Opening] + s.Spent[timing.Repair] }}

// stalling are the kinds that may be parts of an outage.
var stalling = kindsThat(func(k *kind) bool { return k.stalls })

// stallTellers are the anomalies that tell of them.
var stallTellers = func() (ids []string) {
	for i := range stalling.Each() {
		for _, a := range tellers[i] {
			if !slices.Contains(ids, a.ID) {
				ids = append(ids, a.ID)
			}
		}
	}
	if len(ids) > 16 {
		panic("more anomalies tell of stalls than shows.by has bits")
	}
	return ids
}()

// shows is when it showed that a conversation stalled, and by which of stallTellers, a bit for each.
type shows struct {
	times []analyzer.Time // the first first; none: it did not stall
	by    uint16
}

// stall is a conversation that stalled. What it adds to its kinds is added when it is known whether it is part of an outage.
type stall struct {
	shows
	start analyzer.Time
	keys  [len(factors)]key
	parts []stallPart
	all   stallPart // of them together
}

// stallPart is what a stall adds to a kind.
type stallPart struct {
	kind int
	x    example
	near [2]uint64
}

// stallShows is when and how it showed that s stalled.
func stallShows(s *subject) (w shows) {
	if len(s.Anomalies) == 0 || !stalled.holds(s) {
		return w
	}
	for i := range s.Anomalies {
		a := &s.Anomalies[i]
		if teller := slices.Index(stallTellers, a.Kind.ID); teller >= 0 {
			w.times = append(w.times, a.Time)
			w.by |= 1 << teller
		}
	}
	slices.Sort(w.times)
	return w
}

// keep keeps a stall for later, unless there are too many.
func (k *Collector) keep(s *stall) {
	if !k.flooded {
		k.stalls = append(k.stalls, *s)
		k.flooded = len(k.stalls) > mostStalls
	} else {
		k.settle(s)
	}
	if k.flooded {
		k.letGo()
	}
}

// stray takes what stalled and is told as something else, which can be no part of an outage.
func (k *Collector) stray(w *shows) {
	for _, t := range w.times {
		k.strays.Add(t)
	}
}

// letGo adds the stalls that were kept to their kinds.
func (k *Collector) letGo() {
	for i := range k.stalls {
		k.settle(&k.stalls[i])
	}
	k.stalls = nil
}

// keepOf keeps the stall of c, which was counted last.
func (k *Collector) keepOf(s *stall, c *analyzer.Conversation) {
	s.start, s.keys = c.Start, k.keys
	k.mark.stalls = s.times
	k.keep(s)
}

// add adds what it is to a kind. What shows best is what the first kind shows.
func (s *stall) add(kind int, x example, near [2]uint64) {
	if len(s.parts) == 0 {
		s.all = stallPart{outing, x, near}
	}
	s.all.x.failed = s.all.x.failed || x.failed
	s.parts = append(s.parts, stallPart{kind, x, near})
}

// settle adds a stall to the kinds that tell of it.
func (k *Collector) settle(s *stall) {
	for i := range s.parts {
		p := &s.parts[i]
		k.affected[p.kind].take(&s.keys, s.start, p.x, p.near)
	}
}

// take adds a conversation whose example is complete.
func (a *affected) take(keys *[len(factors)]key, start analyzer.Time, x example, near [2]uint64) {
	if a.by == nil {
		a.by = tallies()
	}
	a.add(x, near, start)
	for f := range factors {
		a.by[f].at(&keys[f]).count.add(x, near, start)
	}
}

// stretch is a time in which conversations stalled, of some kinds.
type stretch struct {
	from, to analyzer.Time
	kinds    bitset.Set
	by       uint16 // stallTellers of what stalled in that time
	alone    bool   // nothing else that they tell of did
	expr     string // selects them, but for their kinds unless they are alone
}

func (w *stretch) has(times []analyzer.Time) bool {
	return slices.ContainsFunc(times, func(t analyzer.Time) bool { return t >= w.from && t <= w.to })
}

// condition is the expression that is true of what shows to have stalled in that time.
func (w *stretch) condition() string {
	var ids []string
	for i, id := range stallTellers {
		if w.by>>i&1 != 0 {
			ids = append(ids, strconv.Quote(id))
		}
	}
	moment := func(t analyzer.Time) string { return `date("` + t.Time().UTC().Format(time.RFC3339Nano) + `")` }
	return where.And(stalled.expr, "any(anomalies, .id in ["+strings.Join(ids, ", ")+"] && .time >= "+moment(w.from)+" && .time <= "+moment(w.to)+")")
}

// settled is k with all that stalled added to its kinds, but for what was part of an outage, of which that is the part; nil: there was none. k is left as it is.
func (k *Collector) settled(s *analyzer.Summary) (all *Collector, out *part) {
	of := *k
	if len(k.stalls) == 0 {
		return &of, nil
	}
	of.affected, of.stalls = slices.Clone(k.affected), nil
	for i := range stalling.Each() {
		of.affected[i].by = nil
		for f := range k.affected[i].by {
			of.affected[i].by = append(of.affected[i].by, k.affected[i].by[f].clone())
		}
	}
	of.out = k.findOutage(s)
	var gone affected
	for i := range k.stalls {
		if st := &k.stalls[i]; of.out != nil && of.out.has(st.times) {
			gone.take(&st.keys, st.start, st.all.x, st.all.near)
		} else {
			of.settle(st)
		}
	}
	if of.out == nil {
		return &of, nil
	}
	of.out.expr = of.out.condition()
	p := of.ofOutage(&gone)
	return &of, &p
}

// ofOutage is the part that tells of an outage.
func (k *Collector) ofOutage(gone *affected) part {
	p := part{kind: outing, tally: &gone.tally, whole: true}
	var any []string
	for i := range k.out.kinds.Each() {
		any = append(any, k.conditionOf(i))
		p.of = append(p.of, selector{kind: i, during: k.out})
	}
	if p.where = k.out.expr; !k.out.alone {
		p.where = where.And(where.Or(any...), k.out.expr)
	}
	if shares := k.sharesOf(gone, false); len(shares) > 0 && shares[0].n == gone.n {
		p.share = &shares[0]
	}
	return p
}

// findOutage is the stretch of time in which most stalled, compared with the rest of the capture; nil if that may be by chance, or is something else.
func (k *Collector) findOutage(s *analyzer.Summary) *stretch {
	stalls := slices.SortedFunc(slices.Values(k.stalls), func(a, b stall) int {
		return cmp.Or(cmp.Compare(a.times[0], b.times[0]), cmp.Compare(a.all.x.order, b.all.x.order))
	})
	whole := float64(s.End - s.Start)
	best, from, to := outageSure, 0, -1
	for i, stride := 0, 1+len(stalls)/512; i < len(stalls); i += stride {
		for j := i + leastOut - 1; j < len(stalls); j += stride {
			length := max(float64(stalls[j].times[0]-stalls[i].times[0]), float64(time.Second))
			if length*longestOut > whole {
				break
			}
			if ratio := chance.Scan(j-i+1, len(stalls), length/whole, outageLift); ratio > best {
				best, from, to = ratio, i, j
			}
		}
	}
	if to < 0 {
		return nil
	}
	w := &stretch{from: stalls[from].times[0], to: stalls[to].times[0]}
	return k.confirm(w)
}

// confirm looks at who stalled in that time: in several ways, since the finding of one kind says more if that is what nearly all met; most of those
// that the kinds affect, which else are so all the time; not one client that looks for services; and not so many because so many began just then.
func (k *Collector) confirm(w *stretch) *stretch {
	var all tally
	clients, others, main := map[key]bool{}, uint64(0), uint64(0)
	ways := make(map[int]uint64, len(kinds))
	for i := range k.stalls {
		s := &k.stalls[i]
		if !w.has(s.times) {
			continue
		}
		all.add(s.all.x, s.all.near, s.start)
		clients[s.keys[byClient]] = true
		w.by |= s.by
		for _, p := range s.parts {
			w.kinds.Add(p.kind)
			ways[p.kind]++
		}
	}
	for i := range w.kinds.Each() {
		main = max(main, ways[i])
		others += k.affected[i].n // that did not stall
	}
	before, after := k.start.Outside(w.from, w.to)
	begun := float64(k.total-min(k.total, before+after)) / float64(k.total)
	if oneWay*main > (oneWay-1)*all.n || others > all.n || len(clients) == 1 && all.scans() || float64(all.n) < lift*begun*float64(len(k.stalls)) {
		return nil
	}
	w.alone = k.strays.Between(w.from, w.to) == 0
	return w
}

// tell says of a finding when it was.
func (w *stretch) tell(f *Finding) {
	from, to := report.Time(w.from), report.Time(w.to)
	f.Since, f.Until, f.Happened = &from, &to, true
}
