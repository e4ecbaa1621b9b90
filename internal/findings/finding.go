package findings

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"tcptrace/analyzer"
	"tcptrace/internal/baseline"
	"tcptrace/internal/where"
	"tcptrace/report"
)

// Most is how many findings are told; others are counted.
const Most = 10

// Finding is something that is wrong. Times are the capture's.
type Finding struct {
	Schema        string       `json:"schema,omitempty"` // of one that is a record by itself
	ID            string       `json:"id"`
	Text          string       `json:"text"`               // what, of how many, what they have in common, and what it cost
	Conversations uint64       `json:"conversations"`      // that are affected; 0: it is about packets
	Of            uint64       `json:"of"`                 // conversations that were looked at
	Factor        *Factor      `json:"factor,omitempty"`   // what the affected have in common, and others have not
	Since         *report.Time `json:"since,omitempty"`    // when the first of them began, if others did before
	Until         *report.Time `json:"until,omitempty"`    // when the last of them began, if others did later
	Happened      bool         `json:"happened,omitempty"` // since and until are when it happened to them, not when they began
	Failed        uint64       `json:"failed"`             // conversations
	WaitedS       float64      `json:"waited_s"`
	WaitedIs      string       `json:"waited_is,omitempty"` // what was added up, as an expression over the record
	AgainBytes    uint64       `json:"sent_again_bytes"`
	Lies          Place        `json:"lies"` // where the reason lies
	Why           string       `json:"why"`
	Next          string       `json:"next"`
	Where         string       `json:"where,omitempty"`        // selects these conversations
	Stream        *uint64      `json:"stream,omitempty"`       // the one that it cost most
	CommunityID   string       `json:"community_id,omitempty"` // of that one
	Evidence      *Evidence    `json:"evidence,omitempty"`     // what shows it in that one
	Command       string       `json:"command,omitempty"`      // shows them

	of    []selector // select them, too
	shows string     // the evidence in words
}

// ranked is a finding on its way to its place.
type ranked struct {
	Finding
	capture   bool           // it bounds what the others say
	scattered bool           // it is of few, here and there, who failed in nothing
	to        netip.AddrPort // the service of its example
	waited    uint64         // ns
}

// The schemas of what WriteJSON and WriteNDJSON write.
const (
	schema       = "tcptrace.findings.v1"
	singleSchema = "tcptrace.finding.v1"
)

// Factor is a value that conversations have in common.
type Factor struct {
	By    string  `json:"by"` // a key of 'tcptrace summary --by'
	Value string  `json:"value"`
	Of    *uint64 `json:"of,omitempty"` // conversations that have it; absent: there were too many values to count them all
}

// Report is what was found.
type Report struct {
	Schema        string    `json:"schema"`
	Findings      []Finding `json:"findings"`
	More          uint64    `json:"more,omitempty"` // findings that are not told
	Conversations uint64    `json:"conversations"`  // that were looked at
	Packets       uint64    `json:"packets"`
	Warned        uint64    `json:"warned,omitempty"` // conversations with a warning or an error that cost nothing, and of which no finding is
}

// Options say how a report is made.
type Options struct {
	// Command is the command that shows the conversations for which an expression is true; nil: there is none. stream is the number of the
	// conversation if it is only one, which may be shown packet by packet; else nil.
	Command func(where string, stream *uint64) string
	// Services gives names of ports, for the text; nil: there are none.
	Services func(port uint16) string
	Times    report.Times // in the text
	Selected bool         // not all conversations of the capture were to be looked at

	begin, end analyzer.Time // of the capture
	dated      bool          // it is of more than one day
}

// Report is what was found in all that was taken, of which s is the summary.
func (k *Collector) Report(s *analyzer.Summary, o Options) *Report {
	list := k.caveats(s)
	k, out := k.settled(s)
	o.begin, o.end, o.dated = s.Start, s.End, o.Times.In(s.Start).YearDay() != o.Times.In(s.End).YearDay()
	var parts []part
	warned := k.warned
	for i := range kinds {
		if a := &k.affected[i]; a.n > 0 && float64(a.n) >= kinds[i].least*float64(k.total) {
			if of := k.ofKind(i); !kinds[i].mild || k.tellsMild(a, of) {
				parts = append(parts, of...)
			} else {
				warned += k.mildly
			}
		}
	}
	parts = k.joinScans(parts)
	if out != nil {
		parts = append(parts, *out)
	}
	parts = append(parts, k.longerPaths()...)
	for i := range parts {
		list = append(list, k.finding(&parts[i], &o))
	}
	tellRestarts(list, &o)
	slices.SortStableFunc(list, compare)
	r := &Report{Schema: schema, Findings: []Finding{}, Conversations: k.total, Packets: s.Packets, Warned: warned}
	for _, f := range list[:min(len(list), Most)] {
		if f.Where != "" && o.Command != nil {
			var one *uint64
			if f.Conversations == 1 {
				one = f.Stream
			}
			f.Command = o.Command(f.Where, one)
		}
		r.Findings = append(r.Findings, f.Finding)
	}
	r.More = uint64(len(list) - len(r.Findings))
	return r
}

// tellsMild reports whether what a mild kind affects is told: if some of it failed, if it is a quarter of all conversations, or if it affects half of
// those that have something in common, and half of what it affects is among them.
func (k *Collector) tellsMild(a *affected, of []part) bool {
	return a.failed > 0 || 4*a.n >= k.total || slices.ContainsFunc(of, func(p part) bool {
		return p.share != nil && p.share.exact && 2*p.share.n >= max(p.share.of, a.n)
	})
}

// compare puts first what bounds all else, then what cost most. What a few met here and there, each by itself, comes behind what has a place or a time, as long as nothing
// failed: segments are lost everywhere.
func compare(a, b ranked) int {
	return cmp.Or(-compareBools(a.capture, b.capture), -cmp.Compare(a.Failed, b.Failed), compareBools(a.scattered, b.scattered),
		-cmp.Compare(a.waited, b.waited), -cmp.Compare(a.AgainBytes, b.AgainBytes), -cmp.Compare(a.Conversations, b.Conversations))
}

// compareBools has false before true.
func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// part is conversations that a finding tells of: those that a kind affects, or some of them.
type part struct {
	kind  int
	also  []int // kinds of others of them
	tally *tally
	share *share // what they have in common; nil: nothing
	whole bool   // they are all that the kind affects
	where string // selects them
	of    []selector

	path  *baseline.Change // that it tells of; nil: none
	shown *example         // one of them, if they are neither all nor have anything in common; nil: none is known
}

// example is the conversation of p to look at, the one that it cost most as far as is known; nil: none is.
func (p *part) example() *example {
	if p.whole || p.share != nil {
		return &p.tally.worst
	}
	return p.shown
}

// ofKind is the findings of a kind: one for each value that explains some of them, and one of the rest.
func (k *Collector) ofKind(i int) (list []part) {
	a, is := &k.affected[i], k.condition(i)
	if kinds[i].all != "" { // whatever they have in common
		return []part{{kind: i, tally: &a.tally, whole: true, where: is, of: []selector{k.selector(i)}}}
	}
	shares := k.shares(i)
	if len(shares) > 0 && shares[0].n == a.n {
		return []part{{kind: i, tally: &a.tally, share: &shares[0], whole: true, where: is, of: []selector{k.selector(i)}}}
	}
	rest, others, without := a.tally, is, k.selector(i)
	for s := range slices.Values(shares) {
		if s.factor != shares[0].factor {
			continue // it may be another way to tell the same
		}
		has := factors[s.factor].where(s.value)
		one := valueOf(s.factor, &s.key)
		these := k.selector(i)
		these.only = one
		list = append(list, part{kind: i, tally: &s.tally, share: &s, where: where.And(is, has), of: []selector{these}})
		without.not = append(without.not, one)
		rest.less(&s.tally)
		others = where.And(others, where.Not(has))
	}
	if rest.n > 0 {
		list = append(list, part{kind: i, tally: &rest, whole: rest.n == a.n, where: others, of: []selector{without}, shown: a.exampleWithout(without.not, shares)})
	}
	return list
}

// exampleWithout is the example of what has none of these values of the factor of the first of the shares; nil: none was kept.
func (a *affected) exampleWithout(values []uint64, shares []share) (best *example) {
	if len(shares) == 0 {
		return nil
	}
	f := shares[0].factor
	for i := range a.by[f].entries {
		e := &a.by[f].entries[i]
		if !slices.Contains(values, valueOf(f, &e.key)) && (best == nil || e.count.worst.before(*best)) {
			best = &e.count.worst
		}
	}
	return best
}

// finding is what is told of the conversations of p.
func (k *Collector) finding(p *part, o *Options) ranked {
	kind, t, s := &kinds[p.kind], p.tally, p.share
	f := ranked{capture: kind.lies == InCapture && (kind.all != "" || float64(t.n) >= bounding*float64(k.total)), waited: t.waited, Finding: Finding{
		ID: kind.id, Conversations: t.n, Of: k.total, Failed: t.failed, AgainBytes: t.again,
		WaitedS: float64(t.waited) / float64(time.Second), WaitedIs: kind.waited.expr,
		Lies: kind.lies, Why: kind.why, Next: kind.next, Where: p.where, of: p.of,
	}}
	if kind.lies == OnNetwork && (kind.again || p.path != nil) {
		f.Lies = t.lies()
	}
	if p.scans() {
		told := &kinds[scanning]
		f.ID, f.Lies, f.Why, f.Next, f.WaitedS, f.waited = told.id, told.lies, told.why, told.next, 0, 0 // who scans does not wait
	}
	if f.waited == 0 {
		f.WaitedIs = ""
	} else if p.path != nil {
		f.WaitedIs = p.path.WaitedIs()
	}
	if x := p.example(); x != nil {
		stream := x.stream
		f.to = x.addr[analyzer.Server]
		f.Stream, f.CommunityID = &stream, report.CommunityID(x.addr[analyzer.Client], x.addr[analyzer.Server])
		f.Evidence = x.evidence()
		f.shows = f.shown(x, o)
	}
	if p.whole || s != nil {
		k.place(&f.Finding, p, o)
	}
	if p.kind == outing {
		k.out.tell(&f.Finding)
	}
	if s != nil {
		f.Factor = &Factor{By: factors[s.factor].dimension.Name, Value: s.value}
		if s.factor == byBackend {
			f.Next += "; which of the hosts behind that address, or before it, has that TTL?"
		}
		if s.exact {
			f.Factor.Of = &s.of
		}
	}
	few := float64(t.n) < bounding*float64(k.total)
	f.scattered = f.Failed == 0 && p.kind != outing && (kind.mild || few && s == nil && f.Since == nil && f.Until == nil)
	f.Text = f.text(p, o)
	return f
}

// place says since when and until when there were such, or when it happened to them.
func (k *Collector) place(f *Finding, p *part, o *Options) {
	t, s := p.tally, p.share
	if p.path != nil {
		f.Since = moment(t.first)
		return
	}
	if k.bursts(t, o) {
		f.Since, f.Until, f.Happened = moment(t.happened.From), moment(t.happened.To), true
		return
	}
	begins, ends := since(t, &k.start, k.total)
	if s != nil && s.exact && s.of > s.n {
		begins, ends = since(t, &k.all[s.factor].get(&s.key).count, s.of)
	}
	if begins {
		f.Since = moment(t.first)
	}
	if ends {
		f.Until = moment(t.last)
	}
}

// bounding is the share of the conversations from which on what the capture cannot show comes first, and what has nothing in common is no longer scattered.
const bounding = 0.05

func moment(t analyzer.Time) *report.Time { m := report.Time(t); return &m }

// lies is on which side of the tap segments were lost: there is one if it had four fifths of them.
func (t *tally) lies() Place {
	switch near, far := t.near[0], t.near[1]; {
	case near > 4*far:
		return NearClient
	case far > 4*near:
		return NearServer
	}
	return OnNetwork
}
