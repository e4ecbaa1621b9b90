package flow

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
)

// Whether a conversation is over when a segment comes on its sockets is for the conversation to say, by its own segments and the time, and not
// for the queues of deadlines, which look at it when a segment of any other comes, and behind those that were entered before it. So what is
// said of a conversation does not depend on which others are analyzed with it, but for the bounds.

// until is when the conversation c is over if no more is heard of it; Never if it waits for that to the end of the capture.
func (t *Tracker) until(c *conn.Conn) conn.Time {
	switch {
	case !c.Flags.Has(conn.Ended):
		if c.Phase() == conn.Unanswered {
			return c.GivesUp()
		}
		return conn.Never
	case c.Flags.Has(conn.Replaced):
		last := c.Last
		for dir := range uint8(2) {
			if m := c.Find(&t.Facts.Incidents, conn.IncidentSucceeded, dir); m != nil {
				last = max(last, m.Time)
			}
		}
		return last + t.linger
	case c.Half[0].Flags.Has(conn.WaitedFor) || c.MayGoOn(&t.Facts):
		return c.Last + patience*t.linger
	}
	return c.Last + t.linger
}

// soonestOver is how soon after its last segment a conversation is over, at least.
func (t *Tracker) soonestOver() conn.Time { return min(t.linger, conn.Time(conn.MinConnectTimeout)) }

// overdue reports whether the conversation in a slot was over by now.
func (t *Tracker) overdue(slot uint32, now conn.Time) bool {
	if isEmbryo(slot) {
		return t.Slab.embryos.givesUp(slot) <= now
	}
	c := t.Slab.At(slot)
	if now-c.Last < t.soonest {
		return false
	}
	if t.until(c) <= now {
		return true
	}
	if c.Flags.Has(conn.Ended) && !c.Flags.Has(conn.Replaced) && now-c.Last >= t.linger {
		c.Half[0].Flags |= conn.WaitedFor // and is waited for as long from then on
	}
	return false
}

// find is the slot of the conversation that a key has now, noSlot if it has none. It lets go of the one that is over.
func (t *Tracker) find(key *wire.Key, hash uint32, now conn.Time, frame uint64, out *Output) uint32 {
	slot := t.index.find(&t.Slab, key, hash)
	for slot != noSlot && t.overdue(slot, now) {
		t.retire(slot, now, frame, out)
		slot = t.index.find(&t.Slab, key, hash)
	}
	return slot
}

// retire lets go of the conversation in a slot, whose time is over. It reports whether that stays: what was held shows that one which had not
// ended goes on, or has begun another, and it waits for stragglers. Of one that had ended, what was held no longer puts off the end.
func (t *Tracker) retire(slot uint32, now conn.Time, frame uint64, out *Output) (stays bool) {
	if !isEmbryo(slot) && t.Slab.At(slot).Flags.Has(conn.Pending) {
		ended := t.Slab.At(slot).Flags.Has(conn.Ended)
		if !t.release(slot, frame, out) {
			return false
		}
		if c := t.Slab.At(slot); (c.Flags.Has(conn.Replaced) || !ended) && t.until(c) > now {
			return true
		}
	}
	t.Finish(slot, frame, out)
	return false
}
