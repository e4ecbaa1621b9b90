package flow

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"

	"tcptrace/analyzer/internal/anomaly"
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/intake"
)

// Rest is the conversations that are open when the input ends and that the sink wants, in order of their stream numbers.
type Rest struct {
	trackers []*Tracker
	skimmer  Skimmer // nil: the sink is none
	list     []openSlot
	spare    sync.Pool // trackers for embryos
	touched  atomic.Int64
}

type openSlot struct {
	stream        uint64
	tracker, slot uint32
}

// Rest ends the analysis: the trackers must be at rest, and cannot be used for anything else afterwards. It adds the merger's
// counts to sum.
func (m *Merger) Rest(trackers []*Tracker, sum *intake.Summary) *Rest {
	n := 0
	for i, t := range trackers {
		var out Output
		t.ReleaseAll(&out)
		for j := range out.Events {
			m.next = m.streams[i].Begin(&out.Events[j], m.next)
		}
		n += t.Slab.Used
	}
	r := &Rest{trackers: trackers, skimmer: m.skimmer, list: make([]openSlot, 0, n)}
	r.spare.New = func() any { return trackers[0].likeIt() }
	for i, t := range trackers {
		t.Now = max(t.Now, sum.End) // the clock went on after a partition's last segment
		for slot := range t.Slab.All() {
			c := t.Slab.At(slot)
			m.count(t.outcome(slot), c.Unwritten())
			if t.skips == nil || !t.skips.Skips(c.First) {
				r.list = append(r.list, openSlot{m.streams[i].open[slot], uint32(i), slot})
			}
		}
		for slot, e := range t.Slab.embryos.all() {
			m.count(conn.Unanswered, 0)
			if t.skips == nil || !t.skips.Skips(conn.Time(e.time)) {
				r.list = append(r.list, openSlot{m.streams[i].Of(slot), uint32(i), slot})
			}
		}
		sum.Evicted += t.Evicted
		sum.ReleasedEarly += t.ReleasedEarly
		sum.StrayICMP += t.StrayICMP
		t.AddBounds(sum)
	}
	slices.SortFunc(r.list, func(a, b openSlot) int { return cmp.Compare(a.stream, b.stream) })
	sum.Conversations, sum.Outcomes = m.conversations, m.outcomes
	sum.Bounds[intake.BoundHistory] = m.unwritten
	return r
}

// Len is how many there are.
func (r *Rest) Len() int { return len(r.list) }

// Each gives f those from one to another, but those that are sound to a sink that skims. c is valid during the call. Several goroutines may
// call Each, if the sink does not skim.
func (r *Rest) Each(from, to int, f func(c *conn.Conversation) error) error {
	var c conn.Conversation
	var ev Evidence
	var j anomaly.Judgment
	var spare *Tracker
	touched := conn.Time(0)
	for i, o := range r.list[from:to] {
		if next := from + i + 2; next < to {
			touched += r.trackers[r.list[next].tracker].touchOver(r.list[next].slot)
			touched += r.trackers[r.list[next-1].tracker].touchHistory(r.list[next-1].slot)
		}
		ev.Reset()
		t := r.trackers[o.tracker]
		if r.skimmer != nil && t.skims(o.slot) {
			s := t.sound(o.slot)
			if err := emitSound(r.skimmer, &s, o.stream, &c); err != nil {
				return err
			}
			continue
		}
		if !isEmbryo(o.slot) {
			t.Build(o.slot, &c, &ev, &j.Course)
			c.Sound = t.isSound(o.slot)
		} else {
			if spare == nil {
				spare = r.spare.Get().(*Tracker)
				defer r.spare.Put(spare)
			}
			spare.buildEmbryo(t, o.slot, &c, &ev, &j.Course)
		}
		c.Stream = o.stream
		if err := f(&c); err != nil {
			return err
		}
	}
	r.touched.Store(int64(touched))
	return nil
}
