package flow

import (
	"cmp"
	"slices"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/reading"
	"tcptrace/analyzer/internal/reuse"
	"tcptrace/internal/names"
	"tcptrace/internal/wire"
)

// hold is segments that are held, and what came with them.
type hold struct {
	reuse.Held
	pause conn.Time    // since the connection was last heard of
	names []names.Name // that the copies have, or came with
	icmp  []Notice     // ICMP errors that quote the copies
}

// hold holds s, which came into the conversation in slot.
func (t *Tracker) hold(slot uint32, s *wire.Segment, kind reuse.Kind, out *Output) {
	c := t.Slab.At(slot)
	h := &hold{}
	if n := len(t.unused); n > 0 {
		h, t.unused = t.unused[n-1], t.unused[:n-1]
	}
	*h = hold{Held: reuse.Held{Copies: append(h.Copies[:0], *s), Kind: kind}, names: h.names[:0], icmp: h.icmp[:0]}
	h.pause = max(0, conn.Time(s.Time)-c.Last)
	if rx := &c.Half[1-s.Dir]; kind <= reuse.Dying && !rx.Dialing(&c.Half[s.Dir]) {
		c.Provoke(rx)
	}
	c.Flags |= conn.Pending
	t.noteStray(c, s)
	t.held[slot] = h
	var unnumbered uint32 // Wireshark counts a stream for a SYN with another number only
	if s.Flags&(wire.SYN|wire.ACK) != wire.SYN || kind == reuse.Again {
		unnumbered = 1
	}
	out.Events = append(out.Events, event{frame: s.Frame, Slot: slot, Kind: EventHold, Arg: unnumbered})
}

// noteStray notes a segment that is held, at its time by the clock of the connection.
func (t *Tracker) noteStray(c *conn.Conn, s *wire.Segment) {
	stray := *s
	c.SteadyHeld(&t.Facts.Incidents, &stray)
	c.NoteStray(&t.Facts.Incidents, &stray)
}

// applyHeld adds what was held to the conversation in slot.
func (t *Tracker) applyHeld(slot uint32, h *hold) {
	t.confirming = true
	t.payloads.Aside(func() {
		for i := range h.Copies {
			if h.Copied(i) {
				t.countDuplicate(slot, &h.Copies[i])
			} else {
				t.apply(slot, &h.Copies[i])
			}
		}
	})
	t.confirming = false
	for _, name := range h.names {
		t.names.add(slot, name)
	}
	t.applyICMP(slot, h)
}

// adopt adds what is held to the connection it came into.
func (t *Tracker) adopt(slot uint32) {
	h := t.held[slot]
	delete(t.held, slot)
	t.Slab.At(slot).Flags &^= conn.Pending
	t.applyHeld(slot, h)
	t.unused = append(t.unused, h)
}

// settle gives what is held, and nothing confirmed, to the connection it came into. It is
// counted there, and says nothing about it: no endpoint took part in what it proposed. But a SYN with the connection's own
// number is one of its own.
func (t *Tracker) settle(slot uint32) {
	c, h := t.Slab.At(slot), t.held[slot]
	if h.Kind == reuse.Again {
		t.adopt(slot)
		return
	}
	delete(t.held, slot)
	c.Flags &^= conn.Pending
	for i := range h.Copies {
		s := &h.Copies[i]
		t.late = c.SteadyHeld(&t.Facts.Incidents, s)
		if h.Copied(i) {
			t.countDuplicate(slot, s)
		} else {
			t.passOver(slot, s, reading.KindUnacceptable, h.Reason())
			if t.keeps && !isEcho(c, s) {
				t.revisions = append(t.revisions, Revision{Frame: s.Frame, Kind: reading.KindUnacceptable, Notes: h.Reason()})
			}
			c.Count(&c.Half[s.Dir], s)
			if h.Kind != reuse.FarOff {
				c.NoteControl(&t.Facts, s, conn.FactForeign)
			}
		}
	}
	t.late = 0
	t.applyICMP(slot, h)
	t.unused = append(t.unused, h)
}

// release settles what the conversation in slot holds, or begins the conversation of that. It reports whether
// the one in slot is there still.
func (t *Tracker) release(slot uint32, frame uint64, out *Output) bool {
	c := t.Slab.At(slot)
	if !t.held[slot].Begins() {
		t.settle(slot)
		return true
	}
	gen := c.Gen
	t.confirm(slot, Hash(&c.Key), frame, out)
	return c.Gen == gen
}

// ReleaseAll is release for all conversations, when the input ends.
func (t *Tracker) ReleaseAll(out *Output) {
	t.MaxFlows += len(t.held) // none has to make room
	slots := make([]uint32, 0, len(t.held))
	for slot := range t.held {
		slots = append(slots, slot)
	}
	first := func(slot uint32) uint64 { return t.held[slot].Copies[0].Frame }
	slices.SortFunc(slots, func(a, b uint32) int { return cmp.Compare(first(a), first(b)) })
	for _, slot := range slots {
		t.release(slot, first(slot), out)
	}
}
