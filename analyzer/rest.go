package analyzer

import (
	"cmp"
	"slices"
)

// Rest is the conversations that are open when the input ends and that the sink wants, in order of their stream numbers.
type Rest struct {
	trackers []*Tracker
	list     []openSlot
}

type openSlot struct {
	stream        uint64
	tracker, slot uint32
}

// Rest ends the analysis: the trackers must be at rest, and can not be used for anything else afterwards. It adds the merger's
// counts to sum.
func (m *Merger) Rest(trackers []*Tracker, sum *Summary) *Rest {
	n := 0
	for i, t := range trackers {
		var out Output
		t.releaseAll(&out)
		for j := range out.events {
			m.next = m.streams[i].begin(&out.events[j], m.next)
		}
		n += t.slab.used
	}
	r := &Rest{trackers: trackers, list: make([]openSlot, 0, n)}
	for i, t := range trackers {
		t.now = max(t.now, sum.End) // the clock went on after a partition's last segment
		for slot := range t.used() {
			c := t.slab.at(slot)
			m.count(t.outcome(slot), c.unwritten())
			if t.skips == nil || !t.skips.Skips(c.first) {
				r.list = append(r.list, openSlot{m.streams[i].open[slot], uint32(i), slot})
			}
		}
		sum.Evicted += t.evicted
		sum.ReleasedEarly += t.releasedEarly
		t.addBounds(sum)
	}
	slices.SortFunc(r.list, func(a, b openSlot) int { return cmp.Compare(a.stream, b.stream) })
	sum.Conversations, sum.Outcomes = m.conversations, m.outcomes
	sum.Bounds[BoundHistory] = m.unwritten
	return r
}

// Len is how many there are.
func (r *Rest) Len() int { return len(r.list) }

// Each gives f those from one to another. c is valid during the call. Several goroutines may call Each.
func (r *Rest) Each(from, to int, f func(c *Conversation) error) error {
	var c Conversation
	var ev evidence
	var j Judgment
	for _, o := range r.list[from:to] {
		ev.reset()
		r.trackers[o.tracker].build(o.slot, &c, &ev, &j.Course)
		c.Stream = o.stream
		if err := f(&c); err != nil {
			return err
		}
	}
	return nil
}
