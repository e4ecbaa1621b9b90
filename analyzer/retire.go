package analyzer

import (
	"cmp"
	"iter"
	"slices"
)

// makeRoom ends a conversation so that another can begin: one that only waits for stragglers, else
// one that is not established, so that a flood of SYNs costs none that is, else the one that has been silent longest.
func (t *Tracker) makeRoom(frame uint64, out *Output) {
	for t.ended.n > 0 {
		if d := t.ended.pop(); t.slab.at(d.slot).gen == d.gen {
			t.releasedEarly++
			t.finish(d.slot, frame, out)
			return
		}
	}
	slot := t.embryo()
	if slot == noSlot {
		slot = t.lru.oldest(&t.slab)
	}
	c := t.slab.at(slot)
	if c.flags.has(pending) {
		t.settle(slot)
	}
	c.flags |= evicted
	t.evicted++
	t.finish(slot, frame, out)
}

// embryo is the oldest connection that is not established, or noSlot.
func (t *Tracker) embryo() uint32 {
	for _, q := range [...]*queue{&t.dialing, &t.answered} {
		for q.n > 0 {
			if d := q.pop(); t.slab.at(d.slot).gen == d.gen && isEmbryonic(t.slab.at(d.slot)) {
				return d.slot
			}
		}
	}
	return noSlot
}

// expire lets go of conversations whose time is over.
func (t *Tracker) expire(now Time, frame uint64, out *Output) {
	for t.ended.n > 0 {
		d := *t.ended.peek()
		if d.at > now && t.ended.n <= t.maxEnded {
			break
		}
		t.ended.pop()
		c := t.slab.at(d.slot)
		switch {
		case c.gen != d.gen:
		case !c.flags.has(ended): // a refused SYN was tried again
			c.flags &^= queued
		case c.last+t.linger > now && d.at <= now:
			t.ended.push(deadline{c.last + t.linger, d.slot, d.gen})
		default:
			if d.at > now {
				t.releasedEarly++
			}
			t.finish(d.slot, frame, out)
		}
	}
	for t.dialing.n > 0 && t.dialing.peek().at <= now {
		d := t.dialing.pop()
		c := t.slab.at(d.slot)
		switch {
		case c.gen != d.gen:
		case c.phase() == HalfOpen:
			t.answer(d)
		case c.phase() != Unanswered:
		case c.givesUp() > now:
			t.dialing.push(deadline{c.givesUp(), d.slot, d.gen})
		default:
			t.finish(d.slot, frame, out)
		}
	}
	t.wake = never
	for _, q := range [...]*queue{&t.ended, &t.dialing} {
		if q.n > 0 {
			t.wake = min(t.wake, q.peek().at)
		}
	}
}

// answer keeps in mind a connection whose SYN was answered, until it is established.
func (t *Tracker) answer(d deadline) {
	if t.answered.n > 2*t.slab.used+chunkSize {
		t.dropEstablished(&t.answered)
	}
	t.answered.push(d)
}

// finish hands the conversation out and frees its slot.
func (t *Tracker) finish(slot uint32, frame uint64, out *Output) {
	c := t.slab.at(slot)
	if c.flags.has(pending) && !t.release(slot, frame, out) {
		return // which took its slot
	}
	if t.skips != nil && t.skips.Skips(c.first) {
		out.events = append(out.events, event{frame: frame, kind: eventSkipped, arg: uint32(t.outcome(slot)), slot: uint32(c.unwritten())})
		t.free(slot)
		return
	}
	out.events = append(out.events, event{frame: frame, slot: slot, kind: eventDone, arg: uint32(len(out.done))})
	t.build(slot, out.next(), &out.evidence, &t.bench.course)
	t.free(slot)
	if t.overflow != nil && len(out.done) >= mostDone {
		t.overflow()
	}
}

// mostDone is how many conversations an Output holds when there is somebody to take them at once: a flood that gives
// up does so in one moment.
const mostDone = 256

func (t *Tracker) free(slot uint32) {
	c := t.slab.at(slot)
	c.facts.release(&t.facts)
	t.facts.marks.release(&c.marks)
	if c.flags.has(disputed) {
		delete(t.rivals, slot)
	}
	if c.flags.has(isRead) {
		t.ledgers.at(slot).release(&t.pools)
	}
	if !c.flags.has(replaced) {
		t.index.remove(Hash(&c.key), slot)
	}
	t.slab.release(slot)
}

// used are the slots in use.
func (t *Tracker) used() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for i, chunk := range t.slab.chunks {
			for j := range chunk {
				if chunk[j].gen%2 == 1 && !yield(uint32(i<<chunkBits|j)) {
					return
				}
			}
		}
	}
}

// live lists the slots in use in order of their conversations' first frames.
func (t *Tracker) live() []uint32 {
	slots := slices.AppendSeq(make([]uint32, 0, t.slab.used), t.used())
	slices.SortFunc(slots, func(a, b uint32) int {
		return cmp.Compare(t.slab.at(a).firstFrame, t.slab.at(b).firstFrame)
	})
	return slots
}
