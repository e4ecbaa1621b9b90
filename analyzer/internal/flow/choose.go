package flow

import (
	"tcptrace/analyzer/internal/conn"
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
		switch h := t.held[slot]; h.judge(c, s) {
		case holdConfirmed:
			return t.confirm(slot, hash, s.Frame, out)
		case holdDisowned:
			gen := c.Gen
			if begun := t.confirm(slot, hash, s.Frame, out); c.Gen != gen {
				return begun
			}
			return slot
		case holdRepeated:
			if len(h.copies) < maxHeld {
				t.noteStray(c, s)
				h.copies = append(h.copies, *s)
				return noSlot
			}
			t.unheld++
			return slot
		case holdRefuted:
			t.settle(slot)
		case holdOwn:
			t.adopt(slot)
		}
	}
	if !s.Flags.Any(wire.SYN) || s.Flags.Any(wire.RST) { // with both it is an RST (RFC 9293 3.10.7.2)
		of := t.newestThatFits(slot, s)
		if of == slot && !c.Flags.Has(conn.Pending) && strays(c, s) {
			t.hold(slot, s, holdFar, out)
			return noSlot
		}
		return of
	}
	verdict := judgeSYN(c, s)
	if verdict == sameConnection {
		t.rival(slot, s)
		return slot
	}
	if of := t.earlier(slot, s); of != noSlot {
		return of
	}
	if c.Flags.Has(conn.Pending) && (verdict == undecided || t.held[slot].begins()) {
		if t.held[slot].begins() {
			return t.choose(t.confirm(slot, hash, s.Frame, out), hash, s, out)
		}
		t.settle(slot)
	}
	if verdict == newConnection {
		return t.succeed(slot, hash, s, event{Kind: eventOpen, frame: s.Frame}, nil, out)
	}
	t.hold(slot, s, holdKindOf(c, s), out)
	return noSlot
}

type synVerdict uint8

const (
	sameConnection synVerdict = iota
	newConnection
	undecided
)

// judgeSYN says to which connection a SYN or SYN-ACK on c's sockets belongs.
func judgeSYN(c *conn.Conn, s *wire.Segment) synVerdict {
	tx, rx := &c.Half[s.Dir], &c.Half[1-s.Dir]
	over := isOver(c, s.Dir) && !mayAnswer(c, s.Dir)
	if tx.PrecededBy(s.Seq) {
		if rebooted(c, s) {
			return undecided
		}
		return sameConnection
	}
	if s.Flags.Has(wire.ACK) {
		switch {
		case answersAgain(rx, s) && rebooted(c, s):
			return undecided
		case rx.Flags.Has(conn.ISNKnown) && s.Ack-rx.ISN()-1 <= uint32(rx.End-rx.Start):
			return sameConnection
		case over || !tx.Flags.Has(conn.ISNKnown) && rx.Packets == 0:
			return newConnection
		}
		return undecided // an old duplicate, forged, or the answer to a SYN that was not captured
	}
	switch {
	case !tx.Flags.Has(conn.ISNKnown) && tx.Packets == 0 && rx.Flags.Has(conn.SentSYN):
		return sameConnection // simultaneous open
	case !tx.Flags.Has(conn.ISNKnown|conn.SentData) && tx.End != 0 && s.Seq == uint32(tx.Start) && tx.End == tx.Start:
		return sameConnection // a split handshake: its ACK of the SYN came first
	case over || c.Phase() == conn.Unanswered:
		return newConnection
	}
	return undecided
}

// isOver reports whether whoever sends a SYN in direction dir, and follows the rules, is done with the connection.
func isOver(c *conn.Conn, dir uint8) bool {
	tx, rx := &c.Half[dir], &c.Half[1-dir]
	return c.Flags.Has(conn.Ended) || tx.Flags.Has(conn.SentRST) ||
		tx.Flags.Has(conn.SentFIN) && (rx.Flags.Has(conn.SentFIN) || rx.Packets == 0) // the tap may see one side only
}

// mayAnswer reports whether the receiver of a SYN in direction dir, though the connection is over, may be in
// LAST_ACK, CLOSING or TIME_WAIT, and answer by an ACK of it (RFC 9293 3.10.7.4, RFC 5961 4.2).
func mayAnswer(c *conn.Conn, dir uint8) bool {
	return !c.Flags.Has(conn.WasReset) && !c.Half[dir].Flags.Has(conn.SentRST) && c.Half[1-dir].Packets > 0
}

// rebooted reports whether a SYN with the number of c's, or a SYN-ACK to that, may be another connection's: this one is over, or nearly, after
// its handshake. Small stacks begin at the same number whenever their host restarts. A SYN-ACK that comes again may also be that of a server
// which did not hear the handshake's ACK, unless it acknowledged more.
func rebooted(c *conn.Conn, s *wire.Segment) bool {
	opener, tx := s.Dir, &c.Half[s.Dir]
	if s.Flags.Has(wire.ACK) {
		opener = 1 - s.Dir
		if tx.Flags.Has(conn.SentSYNACK) && tx.Acked <= c.Half[opener].Start {
			return false
		}
	}
	over := c.Flags.Has(conn.WasReset) || isOver(c, opener) || c.Half[1-opener].Flags.Has(conn.SentFIN)
	return over && !c.Flags.Has(conn.WasRefused) && c.WentOn(opener)
}

// answersAgain reports whether s is a SYN-ACK to the SYN by which rx began.
func answersAgain(rx *conn.Half, s *wire.Segment) bool {
	return s.Flags.Has(wire.ACK) && rx.Flags.Has(conn.ISNKnown) && s.Ack == rx.ISN()+1
}

// confirm begins the conversation of what is held and returns its slot.
func (t *Tracker) confirm(old, hash uint32, frame uint64, out *Output) uint32 {
	h := t.held[old]
	delete(t.held, old)
	t.Slab.At(old).Flags &^= conn.Pending
	slot := t.succeed(old, hash, &h.copies[0], event{Kind: eventOpenHeld, Arg: old, frame: frame}, h, out)
	t.Slab.At(slot).Flags |= conn.WasHeld
	t.confirming = true
	t.applyHeld(slot, h)
	t.confirming = false
	if c := t.Slab.At(slot); h.answered && c.Flags.Has(conn.Succeeded) {
		t.markOldAnswer(slot, &h.answer)
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
	if !c.Flags.Has(conn.Succeeded) || t.before(slot) != noSlot && fits(c, s) && !disowns(c, s) {
		return slot
	}
	of := slot
	for range maxEarlier {
		if of = t.before(of); of == noSlot {
			break
		}
		if fits(t.Slab.At(of), s) {
			return of
		}
	}
	return slot
}

// disowns reports whether s is an RST by which the sender of c's SYN, which nothing answered so far, refuses what is not of c: its number is
// that of an ACK that it was sent (RFC 9293 3.10.7.3), not of its own.
func disowns(c *conn.Conn, s *wire.Segment) bool {
	return s.Flags&(wire.RST|wire.ACK) == wire.RST && c.Half[s.Dir].Dialing(&c.Half[1-s.Dir]) && s.Seq != uint32(c.Half[s.Dir].End)
}

// earlier is the slot of the newest of the conversations before that in slot that has sent the SYN s, or the one that the
// SYN-ACK s answers; noSlot if none has.
func (t *Tracker) earlier(slot uint32, s *wire.Segment) uint32 {
	for range maxEarlier {
		if slot = t.before(slot); slot == noSlot || owns(t.Slab.At(slot), s) {
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

// owns reports whether s repeats the SYN of c, or is a SYN-ACK that answers it.
func owns(c *conn.Conn, s *wire.Segment) bool {
	tx, rx := &c.Half[s.Dir], &c.Half[1-s.Dir]
	if !s.Flags.Has(wire.ACK) {
		return tx.Flags.Has(conn.SentSYN) && s.Seq == tx.ISN()
	}
	return rx.Flags.Has(conn.SentSYN) && s.Ack-rx.ISN()-1 <= uint32(rx.End-rx.Start) && (!tx.Flags.Has(conn.ISNKnown) || s.Seq == tx.ISN())
}

// fits reports whether the sequence and acknowledgment numbers of s can belong to c.
func fits(c *conn.Conn, s *wire.Segment) bool {
	tx, rx := &c.Half[s.Dir], &c.Half[1-s.Dir]
	known := false
	if tx.End != 0 && !(s.Flags.Has(wire.RST|wire.ACK) && s.Seq == 0) { // an RST that answers a SYN has no number of its own
		known = true
		if !tx.Spans(s.Seq) {
			return false
		}
	}
	if rx.End != 0 && s.Flags.Has(wire.ACK) {
		return rx.Spans(s.Ack)
	}
	return known
}
