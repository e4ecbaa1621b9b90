package findings

import (
	"net/netip"

	"tcptrace/analyzer"
)

// What follows is for conversations that are not all in one place: each is said in a few bytes what it adds, sums of these are put together in any
// order, and a report is made of all. It is that of a Collector, without what needs all conversations at once: what the affected have in common, since when
// they are, and what shows it.

// Part is what a conversation adds to the findings of a kind.
type Part struct {
	Kind    uint8
	Instead uint64 // kinds that are told in its place; then nothing else is counted
	Failed  bool
	Waited  uint64 // ns
	Again   uint64 // bytes
	Near    [2]uint64
}

// Parts appends what c adds, of which j is the judgment.
func Parts(list []Part, c *analyzer.Conversation, j *analyzer.Judgment) []Part {
	s := subject{c, j}
	s.meet(func(i int, instead kindSet, failed bool) {
		p := Part{Kind: uint8(i), Instead: uint64(instead), Failed: failed}
		if instead == 0 {
			p.Waited, p.Again, p.Near = s.cost(i)
		}
		list = append(list, p)
	})
	return list
}

// Example is a conversation.
type Example struct {
	Order  uint64 // of all conversations
	Stream uint64
	Addr   [2]netip.AddrPort // by side
}

// Total is what conversations add to the findings of a kind.
type Total struct {
	Conversations, Failed, Waited, Again uint64
	Near                                 [2]uint64
	Instead                              uint64
	Worst                                Part
	Example                              Example // of Worst
}

// Totals is what conversations add to all findings. The zero value is that of none.
type Totals struct {
	Conversations uint64
	Kinds         []Total
}

// Add adds a conversation and its parts.
func (t *Totals) Add(parts []Part, x Example) {
	t.Conversations++
	for _, p := range parts {
		if int(p.Kind) >= len(kinds) {
			continue
		}
		k := t.kind(int(p.Kind))
		if k.Instead |= p.Instead; p.Instead != 0 {
			continue
		}
		one := Total{Conversations: 1, Waited: p.Waited, Again: p.Again, Near: p.Near, Worst: p, Example: x}
		if p.Failed {
			one.Failed = 1
		}
		k.add(&one)
	}
}

// Merge adds what others add.
func (t *Totals) Merge(o *Totals) {
	t.Conversations += o.Conversations
	for i := range min(len(o.Kinds), len(kinds)) {
		t.kind(i).add(&o.Kinds[i])
	}
}

func (t *Totals) kind(i int) *Total {
	if t.Kinds == nil {
		t.Kinds = make([]Total, len(kinds))
	}
	return &t.Kinds[i]
}

// add adds o. Which is the worst does not depend on the order in which that is done.
func (t *Total) add(o *Total) {
	t.Instead |= o.Instead
	if o.Conversations == 0 {
		return
	}
	if t.Conversations == 0 || o.worst().before(t.worst()) {
		t.Worst, t.Example = o.Worst, o.Example
	}
	t.Conversations += o.Conversations
	t.Failed += o.Failed
	t.Waited += o.Waited
	t.Again += o.Again
	t.Near[0] += o.Near[0]
	t.Near[1] += o.Near[1]
}

// worst is the worst conversation as others are compared to it.
func (t *Total) worst() example {
	return example{stream: t.Example.Order, failed: t.Worst.Failed, waited: t.Worst.Waited, again: t.Worst.Again}
}

// Report is what was found in all, of which s is the summary.
func (t *Totals) Report(s *analyzer.Summary, o Options) *Report {
	k := New()
	k.total = t.Conversations
	for i := range t.Kinds {
		of := &t.Kinds[i]
		worst := of.worst()
		worst.stream, worst.addr = of.Example.Stream, of.Example.Addr
		k.affected[i].told = kindSet(of.Instead)
		k.affected[i].tally = tally{n: of.Conversations, failed: of.Failed, waited: of.Waited, again: of.Again, near: of.Near, worst: worst}
	}
	return k.Report(s, o)
}
