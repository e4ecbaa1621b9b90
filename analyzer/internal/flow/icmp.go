package flow

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/reuse"
	"tcptrace/internal/wire"
)

// icmp takes an ICMP error about a segment, and returns the slot of the conversation that it is about; noSlot if there is none: it begins
// none, and is counted.
func (t *Tracker) icmp(n *Notice, out *Output) (slot uint32) {
	t.Now, t.at = max(t.Now, n.Time), n.Time
	slot = t.find(&n.Key, Hash(&n.Key), n.Time, n.Frame, out)
	if t.networks.split {
		slot = t.quoted(slot, n, out)
	}
	if slot == noSlot {
		t.StrayICMP++
		return noSlot
	}
	if isEmbryo(slot) {
		slot = t.hatch(slot, n.Frame, out)
	}
	if t.holdsICMP(slot, n) {
		return slot
	}
	if older := t.older(slot, n); older != noSlot {
		slot = older
	}
	t.noteICMP(slot, n)
	return slot
}

func (t *Tracker) noteICMP(slot uint32, n *Notice) {
	t.Slab.At(slot).NoteICMP(&t.Facts.Incidents, &n.ICMP, n.Time, n.Frame)
}

// quoted is the slot of the sockets' conversation in the network of an error, if there is one and the segment may be of that; else slot.
func (t *Tracker) quoted(slot uint32, n *Notice, out *Output) uint32 {
	key := n.Key
	key.V6 |= max(n.Net<<1, 2)
	other := t.find(&key, Hash(&key), n.Time, n.Frame, out)
	if isEmbryo(other) {
		other = t.hatch(other, n.Frame, out)
	}
	if other != noSlot && (slot == noSlot || t.Slab.At(other).MayBeInFlight(&t.Facts.Incidents, n.Dir, n.ICMP.Seq)) {
		return other
	}
	return slot
}

// holdsICMP reports whether an error is about a segment that is held with the conversation in slot, and keeps it with that.
func (t *Tracker) holdsICMP(slot uint32, n *Notice) bool {
	c := t.Slab.At(slot)
	if !c.Flags.Has(conn.Pending) || c.MayBeInFlight(&t.Facts.Incidents, n.Dir, n.ICMP.Seq) {
		return false
	}
	h := t.held[slot]
	if !h.has(&n.ICMP) {
		return false
	}
	if len(h.icmp) < reuse.MaxHeld {
		h.icmp = append(h.icmp, *n)
	} else {
		t.unheld++
	}
	return true
}

// has reports whether an error may quote one of the copies.
func (h *hold) has(e *wire.ICMPError) bool {
	for i := range h.Copies {
		if s := &h.Copies[i]; s.Dir == e.Dir && s.Seq == e.Seq {
			return true
		}
	}
	return false
}

// applyICMP gives the errors about what was held to the conversation in slot.
func (t *Tracker) applyICMP(slot uint32, h *hold) {
	for i := range h.icmp {
		t.noteICMP(slot, &h.icmp[i])
	}
}

// older is the slot of an earlier conversation on the sockets of that in slot, which cannot have sent the segment that an error quotes, if
// the earlier one can; else noSlot.
func (t *Tracker) older(slot uint32, n *Notice) uint32 {
	for range maxEarlier {
		if t.Slab.At(slot).MayBeInFlight(&t.Facts.Incidents, n.Dir, n.ICMP.Seq) {
			return slot
		}
		if slot = t.before(slot); slot == noSlot {
			break
		}
	}
	return noSlot
}
