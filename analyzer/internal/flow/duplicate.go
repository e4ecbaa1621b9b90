package flow

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/latest"
	"tcptrace/analyzer/internal/reading"
	"tcptrace/internal/wire"
)

// duplicate reports whether s, equal to a segment just before it, is a copy of that frame, and
// then does no more than count it. It returns the conversation that it was counted in.
func (t *Tracker) duplicate(slot uint32, s *wire.Segment) (of uint32, ok bool) {
	if t.Slab.At(slot).Flags.Has(conn.Succeeded) {
		slot = t.newestThatFits(slot, s)
	}
	c := t.Slab.At(slot)
	if c.Flags.Has(conn.Pending) && t.held[slot].Like(s) {
		return slot, false // it waits with the other (hold.copied)
	}
	if !c.Captured(&t.Facts.Incidents, s, t.recent.Before) {
		return slot, false
	}
	t.countDuplicate(slot, s)
	return slot, true
}

// countDuplicate counts a copy of a frame in the conversation in slot.
func (t *Tracker) countDuplicate(slot uint32, s *wire.Segment) {
	c := t.Slab.At(slot)
	t.payloads.Copied(latest.Owner{Slot: slot, Gen: c.Gen}, s)
	c.NoteCopy(&t.Facts.Incidents, s)
	t.passOver(slot, s, reading.KindCaptureDuplicate, 0)
	c.Count(&c.Half[s.Dir], s)
}
