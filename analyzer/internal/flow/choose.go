package flow

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/reuse"
	"tcptrace/internal/wire"
)

// choose decides to which conversation of its sockets a segment belongs, beginning
// a new one where it has to. slot is the newest of them. It returns noSlot if the
// segment has to wait.
//
// The rule: the same ISN is the same conversation, even after its end, unless the handshake is made anew then.
// A new ISN is a new conversation, unless the old one lives, or may live in LAST_ACK, CLOSING or TIME_WAIT, and
// its ACK is all that answers.
// Segments without SYN belong to the newest conversation that they fit. Numbers that are in no window
// are of another connection if both sides use them.
func (t *Tracker) choose(slot, hash uint32, s *wire.Segment, out *Output) uint32 {
	c := t.Slab.At(slot)
	switch {
	case !c.Flags.Has(conn.Disputed):
	case len(t.rivals[slot]) > 0:
		t.chooseISN(slot, s)
	default:
		c.SettleSYN(&t.Facts, s)
	}
	if c.Flags.Has(conn.Pending) {
		if of, decided := t.judgeHeld(slot, hash, c, s, out); decided {
			return of
		}
	}
	if !s.Flags.Any(wire.SYN) || s.Flags.Any(wire.RST) { // with both it is an RST (RFC 9293 3.10.7.2)
		of := t.newestThatFits(slot, s)
		if of == slot && !c.Flags.Has(conn.Pending) && reuse.Strays(c, s) {
			t.hold(slot, s, reuse.FarOff, out)
			return noSlot
		}
		return of
	}
	verdict := reuse.JudgeSYN(c, s)
	if verdict == reuse.SameConnection {
		t.rival(slot, s)
		return slot
	}
	if of := t.earlier(slot, s); of != noSlot {
		return of
	}
	if c.Flags.Has(conn.Pending) && (verdict == reuse.Undecided || t.held[slot].Begins()) {
		if t.held[slot].Begins() {
			return t.choose(t.confirm(slot, hash, s.Frame, out), hash, s, out)
		}
		t.settle(slot)
	}
	if verdict == reuse.NewConnection {
		return t.succeed(slot, hash, s, event{Kind: eventOpen, frame: s.Frame}, nil, out)
	}
	t.hold(slot, s, reuse.KindOf(c, s), out)
	return noSlot
}

// judgeHeld lets a segment decide about those that are held on its sockets. If that decides where the segment itself belongs, of is the slot, or
// noSlot if it is held with them.
func (t *Tracker) judgeHeld(slot, hash uint32, c *conn.Conn, s *wire.Segment, out *Output) (of uint32, decided bool) {
	switch h := t.held[slot]; h.Judge(c, s) {
	case reuse.Confirmed:
		return t.confirm(slot, hash, s.Frame, out), true
	case reuse.Disowned:
		gen := c.Gen
		if begun := t.confirm(slot, hash, s.Frame, out); c.Gen != gen {
			return begun, true
		}
		return slot, true
	case reuse.HoldToo:
		switch {
		case len(h.Copies) < reuse.MaxHeld:
			t.noteStray(c, s)
			h.Copies = append(h.Copies, *s)
			return noSlot, true
		case h.Kind != reuse.Again:
			t.unheld++
			return slot, true
		}
		t.unheld += uint64(len(h.Copies))
		t.adopt(slot) // what comes now comes behind these
	case reuse.Refuted:
		t.settle(slot)
	case reuse.Own:
		t.adopt(slot)
	}
	return noSlot, false
}

// confirm begins the conversation of what is held and returns its slot.
func (t *Tracker) confirm(old, hash uint32, frame uint64, out *Output) uint32 {
	h := t.held[old]
	delete(t.held, old)
	t.Slab.At(old).Flags &^= conn.Pending
	slot := t.succeed(old, hash, &h.Copies[0], event{Kind: eventOpenHeld, Arg: old, frame: frame}, h, out)
	t.Slab.At(slot).Flags |= conn.WasHeld
	t.applyHeld(slot, h)
	if c := t.Slab.At(slot); h.Answered && c.Flags.Has(conn.Succeeded) {
		t.markOldAnswer(slot, &h.Answer)
	}
	t.unused = append(t.unused, h)
	return slot
}

// succeed begins the conversation that takes over the sockets of the one in old. s is its first
// segment, h where it was held, if it was; e has the frame at which that became clear.
func (t *Tracker) succeed(old, hash uint32, s *wire.Segment, e event, h *hold, out *Output) uint32 {
	gen := t.Slab.At(old).Gen
	slot := t.open(s, e.frame, out) // may let the old one go
	e.Slot = slot
	out.Events = append(out.Events, e)
	c, o := t.Slab.At(slot), t.Slab.At(old)
	if o.Gen != gen {
		t.index.put(hash, slot)
		return slot
	}
	t.index.replace(hash, old, slot)
	t.noteSuccession(c, old, s, h)
	c.Prev, c.PrevGen = old, gen
	c.Flags |= conn.Succeeded
	if !o.Flags.Has(conn.Queued) {
		t.await(&t.ended, Deadline{conn.Time(s.Time) + t.linger, old, gen})
	}
	o.Flags |= conn.Ended | conn.Queued | conn.Replaced
	return slot
}

// maxEarlier bounds how many of the conversations that had the sockets before are looked at.
const maxEarlier = 4

// newestThatFits is the slot of the newest conversation of the sockets that s fits.
func (t *Tracker) newestThatFits(slot uint32, s *wire.Segment) uint32 {
	c := t.Slab.At(slot)
	if !c.Flags.Has(conn.Succeeded) || t.before(slot) != noSlot && reuse.Fits(c, s) && !reuse.Disowns(c, s) {
		return slot
	}
	of := slot
	for range maxEarlier {
		if of = t.before(of); of == noSlot {
			break
		}
		if reuse.Fits(t.Slab.At(of), s) {
			return of
		}
	}
	return slot
}

// earlier is the slot of the newest of the conversations before that in slot that has sent the SYN s, or the one that the
// SYN-ACK s answers; noSlot if none has.
func (t *Tracker) earlier(slot uint32, s *wire.Segment) uint32 {
	for range maxEarlier {
		if slot = t.before(slot); slot == noSlot || reuse.Owns(t.Slab.At(slot), s) {
			return slot
		}
	}
	return noSlot
}

// before is the slot of the conversation that had the sockets before that in slot, noSlot if there is none any more.
func (t *Tracker) before(slot uint32) uint32 {
	c := t.Slab.At(slot)
	if !c.Flags.Has(conn.Succeeded) {
		return noSlot
	}
	if t.Slab.At(c.Prev).Gen != c.PrevGen || t.overdue(c.Prev, t.at) {
		c.Flags &^= conn.Succeeded
		return noSlot
	}
	return c.Prev
}
