package flow

import (
	"cmp"
	"slices"

	"tcptrace/analyzer/internal/conn"
)

// patience is for how many times the wait for stragglers an endpoint may go on that did not send the plain RST in its name: it asks, or is
// asked, in that time. A new connection begins by a SYN.
const patience = 5

// makeRoom ends a conversation so that another can begin: one that only waits for stragglers, else
// one that is not established, so that a flood of SYNs costs none that is, else the one that has been silent longest.
func (t *Tracker) makeRoom(frame uint64, out *Output) {
	t.crowded = true
	for t.parted.N > 0 {
		if d := t.parted.Pop(); t.Slab.At(d.Slot).Gen == d.Gen {
			t.Finish(d.Slot, frame, out)
			return
		}
	}
	for t.ended.N > 0 {
		if d := t.ended.Pop(); t.Slab.At(d.Slot).Gen == d.Gen {
			t.ReleasedEarly++
			t.Finish(d.Slot, frame, out)
			return
		}
	}
	slot := t.embryo()
	if slot == noSlot {
		slot = t.lru.oldest(&t.Slab)
	}
	t.evict(slot, frame, out)
}

// evict ends a conversation for want of room.
func (t *Tracker) evict(slot uint32, frame uint64, out *Output) {
	if isEmbryo(slot) {
		slot = t.hatch(slot, frame, out)
	}
	c := t.Slab.At(slot)
	if c.Flags.Has(conn.Pending) {
		t.settle(slot)
	}
	c.Flags |= conn.Evicted
	t.Evicted++
	t.Finish(slot, frame, out)
}

// embryo is the oldest connection that is not established, or noSlot.
func (t *Tracker) embryo() uint32 {
	for _, q := range [...]*Queue{&t.Dialing, &t.Answered} {
		for q.N > 0 {
			if d := q.Pop(); t.isEmbryonic(d) {
				return d.Slot
			}
		}
	}
	return noSlot
}

// Expire lets go of conversations whose time is over.
func (t *Tracker) Expire(now conn.Time, frame uint64, out *Output) {
	if t.known != nil {
		t.ended, t.parted, t.Dialing, t.Wake = Queue{}, Queue{}, Queue{}, conn.Never
		return
	}
	for t.ended.N > 0 && !t.defers(out) {
		d := *t.ended.Peek()
		if d.At > now && t.ended.N <= t.maxEnded {
			break
		}
		t.ended.Pop()
		if t.ended.N > 1 { // those that follow soon
			t.touched += t.touchOver(t.ended.at(1).Slot) + t.touchHistory(t.ended.at(0).Slot)
		}
		t.expireEnded(d, now, frame, out)
	}
	t.expireParted(now, frame, out)
	for t.Dialing.N > 0 && t.Dialing.Peek().At <= now && !t.defers(out) {
		d := t.Dialing.Pop()
		if isEmbryo(d.Slot) {
			t.expireEmbryo(d, now, frame, out)
			continue
		}
		c := t.Slab.At(d.Slot)
		switch {
		case c.Gen != d.Gen || c.Flags.Has(conn.Replaced): // which has a deadline in ended, too
		case c.Phase() == conn.HalfOpen:
			t.answer(d)
		case c.Phase() != conn.Unanswered:
		case c.GivesUp() > now:
			t.Dialing.Push(Deadline{c.GivesUp(), d.Slot, d.Gen})
		case t.retire(d.Slot, now, frame, out): // it is to be looked at again by what it held
			t.Dialing.Push(Deadline{c.GivesUp(), d.Slot, d.Gen})
		}
	}
	t.Wake = conn.Never
	for _, q := range [...]*Queue{&t.ended, &t.parted, &t.Dialing} {
		if q.N > 0 {
			t.Wake = min(t.Wake, q.Peek().At)
		}
	}
}

// expireEnded is Expire for the deadline of one that ended, at least when it was entered.
func (t *Tracker) expireEnded(d Deadline, now conn.Time, frame uint64, out *Output) {
	c := t.Slab.At(d.Slot)
	if c.Gen != d.Gen {
		return
	}
	if !c.Flags.Has(conn.Ended) { // a refused SYN was tried again
		c.Flags &^= conn.Queued
		return
	}
	over := t.until(c)
	switch {
	case d.At > now && over > now:
		t.ReleasedEarly++
		t.Finish(d.Slot, frame, out)
	case over <= now:
		if t.retire(d.Slot, now, frame, out) {
			t.awaitMore(d.Slot, now)
		}
	case c.Last+t.linger <= now && !c.Flags.Has(conn.Replaced):
		t.parted.Push(Deadline{over, d.Slot, d.Gen})
	default:
		if !c.Flags.Has(conn.Replaced) {
			over = c.Last + t.linger
		}
		t.ended.Push(Deadline{over, d.Slot, d.Gen})
	}
}

// expireEmbryo is Expire for the embryo of a deadline: those that became connections are not in the queue.
func (t *Tracker) expireEmbryo(d Deadline, now conn.Time, frame uint64, out *Output) {
	if at := t.Slab.embryos.givesUp(d.Slot); at > now {
		t.Slab.embryos.at(d.Slot).serial = t.Dialing.Push(Deadline{at, d.Slot, d.Gen})
		return
	}
	t.Finish(d.Slot, frame, out)
}

// expireParted is Expire for those that wait longer. If there are too many the oldest goes: none was promised that time.
func (t *Tracker) expireParted(now conn.Time, frame uint64, out *Output) {
	for t.parted.N > 0 && !t.defers(out) {
		d := *t.parted.Peek()
		if d.At > now && t.parted.N <= t.maxEnded {
			break
		}
		t.parted.Pop()
		c := t.Slab.At(d.Slot)
		if c.Gen != d.Gen {
			continue
		}
		switch over := t.until(c); {
		case over == conn.Never: // an endpoint went on
			c.Flags &^= conn.Queued
		case over > now && d.At <= now:
			t.parted.Push(Deadline{over, d.Slot, d.Gen})
		case d.At > now && over > now:
			t.Finish(d.Slot, frame, out)
		case t.retire(d.Slot, now, frame, out):
			t.awaitMore(d.Slot, now)
		}
	}
}

// awaitMore enters the next deadline of one that ended, and stays by what it held.
func (t *Tracker) awaitMore(slot uint32, now conn.Time) {
	c := t.Slab.At(slot)
	if !c.Flags.Has(conn.Ended) { // that was a SYN tried again
		c.Flags &^= conn.Queued
		return
	}
	t.ended.Push(Deadline{min(t.until(c), now+t.linger), slot, c.Gen})
}

// answer keeps in mind a connection whose SYN was answered, until it is established.
func (t *Tracker) answer(d Deadline) {
	if t.Answered.N > 2*t.Slab.Used+minQueue {
		t.dropEstablished(&t.Answered)
	}
	t.Answered.Push(d)
}

// Finish hands the conversation out and frees its slot.
func (t *Tracker) Finish(slot uint32, frame uint64, out *Output) {
	if isEmbryo(slot) {
		slot = t.hatch(slot, frame, out)
	}
	c := t.Slab.At(slot)
	if c.Flags.Has(conn.Pending) && !t.release(slot, frame, out) {
		return // which took its slot
	}
	if t.skips != nil && t.skips.Skips(c.First) {
		out.Events = append(out.Events, event{frame: frame, Kind: eventSkipped, Arg: uint32(t.outcome(slot)), Slot: uint32(c.Unwritten())})
		t.free(slot)
		return
	}
	if t.skims(slot) {
		out.Events = append(out.Events, event{frame: frame, Slot: slot, Kind: eventSound, Arg: uint32(len(out.sound))})
		out.sound = append(out.sound, t.sound(slot))
		t.free(slot)
		t.relieve(out)
		return
	}
	if t.encoding != nil {
		out.Events = append(out.Events, event{frame: frame, Slot: slot, Kind: eventWritten, Arg: uint32(len(out.Records.list))})
		t.encoding.append(out.Records, t, slot)
	} else {
		out.Events = append(out.Events, event{frame: frame, Slot: slot, Kind: EventDone, Arg: uint32(len(out.Done))})
		course := &t.bench.course
		if t.Course != nil {
			course = t.Course(len(out.Done))
		}
		done := out.next()
		out.Followed = append(out.Followed, t.Build(slot, done, &out.evidence, course))
		done.Sound = !isEmbryo(slot) && t.isSound(slot)
	}
	t.free(slot)
	t.relieve(out)
}

// relieve has an Output taken that is full, if there is somebody to do so.
func (t *Tracker) relieve(out *Output) {
	if t.Overflow != nil && len(out.Done)+len(out.sound) >= mostDone {
		t.Overflow()
	}
}

// defers reports whether those whose time is over are to stay for now.
func (t *Tracker) defers(out *Output) bool { return t.Defers && len(out.Done) >= mostDone }

// mostDone is how many conversations an Output holds when there is somebody to take them at once: a flood that gives
// up does so in one moment.
const mostDone = 256

func (t *Tracker) free(slot uint32) {
	c := t.Slab.At(slot)
	if !c.Flags.Has(conn.Replaced) {
		t.index.remove(Hash(&c.Key), slot)
	}
	t.vacate(slot)
}

// vacate gives back what the conversation in a slot takes, and the slot.
func (t *Tracker) vacate(slot uint32) {
	c := t.Slab.At(slot)
	c.Facts.Release(&t.Facts)
	t.Facts.Incidents.Release(&c.Incidents)
	if c.Flags.Has(conn.Disputed) {
		delete(t.rivals, slot)
	}
	if c.Flags.Has(conn.IsRead) {
		t.stats.At(slot).Release(&t.Pools)
	}
	t.names.release(slot)
	t.Slab.release(slot)
}

// Live lists the slots in use, those of embryos too, in order of their conversations' first frames.
func (t *Tracker) Live() []uint32 {
	type begun struct {
		frame uint64
		slot  uint32
	}
	all := make([]begun, 0, t.Slab.Used)
	for slot, c := range t.Slab.All() {
		all = append(all, begun{c.FirstFrame, slot})
	}
	for slot, e := range t.Slab.embryos.all() {
		all = append(all, begun{e.frame, slot})
	}
	slices.SortFunc(all, func(a, b begun) int { return cmp.Compare(a.frame, b.frame) })
	slots := make([]uint32, len(all))
	for i := range all {
		slots[i] = all[i].slot
	}
	return slots
}
