package flow

// A second pass over a capture wants to know of each segment which conversation of the first pass it
// belongs to. The trackers decide that again: a partition that is shown the same segments in the same
// order, whatever the others are shown, comes to the same conclusions.

// Placement is where a Tracker put a segment. It is good until the tracker's next segment.
type Placement struct {
	Slot uint32
	held bool // it waits for what follows to tell where it belongs (hold)
}

// Place says to which conversation a segment belongs. A conversation is named by its first frame.
type Place struct {
	First uint64
	Held  uint64 // not 0: it belongs to the conversation that begins with this frame if there is one, else to First
}

// Place is what p, which t returned last, means.
func (t *Tracker) Place(p Placement) Place {
	if isEmbryo(p.Slot) {
		return Place{First: t.Slab.embryos.at(p.Slot).frame}
	}
	place := Place{First: t.Slab.At(p.Slot).FirstFrame}
	if p.held {
		place.Held = t.held[p.Slot].Copies[0].Frame
	}
	return place
}

// PlaceNotice is Notice for one that is about no segment before it, and where its conversation is; ok is false if there is none.
func (t *Tracker) PlaceNotice(n *Notice, out *Output) (place Place, ok bool) {
	slot := t.Notice(n, Placement{Slot: noSlot}, out)
	if slot == noSlot {
		return place, false
	}
	held := false
	if h := t.held[slot]; h != nil && len(h.icmp) > 0 {
		held = h.icmp[len(h.icmp)-1].Frame == n.Frame
	}
	return t.Place(Placement{Slot: slot, held: held}), true
}
