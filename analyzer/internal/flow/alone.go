package flow

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/latest"
	"tcptrace/internal/wire"
)

// A second pass need not track the conversations that it shows nothing of, as long as they make no difference to the others. They do where a
// tracker decides between conversations: which has a segment, of those that use the same sockets (IsAlone); which has to go, for want of room
// (Crowded). What passed just before makes one, too: frames that were captured twice (Skip), and payloads that differ (Conflict).

// Conflict is that a segment has another payload than one before it.
type Conflict struct {
	Frame uint64
	with  latest.Conflict
}

// mostConflicts is how many are kept of a partition.
const mostConflicts = 1 << 12

// noteConflict keeps one for a second pass.
func (t *Tracker) noteConflict(s *wire.Segment, with latest.Conflict) {
	if len(t.conflicting) == mostConflicts {
		t.crowded = true
		return
	}
	t.conflicting = append(t.conflicting, Conflict{s.Frame, with})
}

// Conflicts are those of all segments so far.
func (t *Tracker) Conflicts() []Conflict { return t.conflicting }

// Crowded reports whether some conversation made a difference to another, or may have, so that a second pass has to track both.
func (t *Tracker) Crowded() bool {
	return t.crowded || t.networks.any || t.Evicted > 0 || t.Flights.Merged > 0 || t.Forgotten > 0 || t.Recoveries.Ranges.Dropped() > 0
}

// IsAlone reports whether all segments on c's sockets between its first frame and its last are its own, and of these it can be told without others
// what each is: nothing but its segments decided when it was over, and that for good.
func IsAlone(c *conn.Conversation) bool {
	if c.Quick || c.Held || c.Evicted || c.Self() {
		return false
	}
	for i := range c.Incidents {
		switch c.Incidents[i].Kind {
		case conn.IncidentSucceeds, conn.IncidentSucceeded, conn.IncidentOldAnswer:
			return false
		}
	}
	switch resets := c.Sent[0].RSTs + c.Sent[1].RSTs; {
	case resets == 0:
		return true
	case resets > 1 || len(c.Facts) == 0:
		return false
	}
	last := &c.Facts[len(c.Facts)-1]
	return last.Any(wire.RST) && c.FirstFrame+uint64(last.Ahead) == c.LastFrame
}

// StayAlone prepares for the segments of conversations that are alone, of which the first pass knows the conflicts: the tracker lets none of them
// go before it is told to (Forget).
func (t *Tracker) StayAlone(known map[uint64]Conflict) { t.known = known }

// Skip passes over a segment of a conversation that makes no difference.
func (t *Tracker) Skip(s *wire.Segment) { t.recent.Again(s) }

// Forget lets the conversation of some sockets go.
func (t *Tracker) Forget(key *wire.Key, frame uint64, out *Output) {
	slot := t.index.find(&t.Slab, key, Hash(key))
	if slot == noSlot {
		return
	}
	if !isEmbryo(slot) && t.Slab.At(slot).Flags.Has(conn.Pending) {
		t.settle(slot)
	}
	t.Finish(slot, frame, out)
}
