package analyzer

import (
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// heldSYN is a SYN that came into a connection that seems to live: blind, or the
// beginning of another connection on the same sockets. What follows tells. Until
// then its copies belong to neither.
type heldSYN struct{ copies []wire.Segment }

// maxHeld bounds the copies kept of a held SYN; further ones count for the old connection at once.
const maxHeld = 8

// choose decides to which conversation of its sockets a segment belongs, beginning
// a new one where it has to. slot is the newest of them. It returns noSlot if the
// segment has to wait.
//
// The rule: the same ISN is the same conversation, even after its end. A new ISN is a
// new one, unless the old one lives and nothing ever acknowledges that ISN.
// Segments without SYN belong to the newest conversation that they fit.
func (t *Tracker) choose(slot, hash uint32, s *wire.Segment, out *Output) uint32 {
	c := t.slab.at(slot)
	if c.flags.has(pending) {
		switch syn := t.held[slot]; syn.judge(c, s) {
		case synConfirmed:
			return t.confirm(slot, hash, s, out)
		case synRepeated:
			if len(syn.copies) < maxHeld {
				syn.copies = append(syn.copies, *s)
				return noSlot
			}
			t.unheld++
			return slot
		}
	}
	if !s.Flags.Any(wire.SYN) {
		return t.newestThatFits(slot, s)
	}
	switch c.judgeSYN(s) {
	case sameConnection:
		return slot
	case newConnection:
		return t.succeed(slot, hash, s, event{kind: eventOpen, frame: s.Frame}, out)
	}
	if c.flags.has(pending) {
		t.settle(slot)
	}
	c.flags |= pending
	c.provoke(&c.half[1-s.Dir])
	t.held[slot] = &heldSYN{copies: []wire.Segment{*s}}
	out.events = append(out.events, event{frame: s.Frame, slot: slot, kind: eventHold})
	return noSlot
}

type synVerdict uint8

const (
	sameConnection synVerdict = iota
	newConnection
	undecided
)

// judgeSYN says to which connection a SYN or SYN-ACK on c's sockets belongs.
func (c *conv) judgeSYN(s *wire.Segment) synVerdict {
	tx, rx := &c.half[s.Dir], &c.half[1-s.Dir]
	over := c.flags.has(ended) || tx.flags.has(sentRST) ||
		tx.flags.has(sentFIN) && (rx.flags.has(sentFIN) || rx.packets == 0) // the tap may see one side only
	if tx.flags.has(isnKnown) && s.Seq == tx.isn() {
		return sameConnection
	}
	if s.Flags.Has(wire.ACK) {
		switch {
		case rx.flags.has(isnKnown) && s.Ack-rx.isn()-1 <= uint32(rx.end-rx.start):
			return sameConnection
		case !tx.flags.has(isnKnown) && tx.end != 0 && s.Seq+1 == uint32(tx.start):
			return sameConnection // captured behind what it precedes
		case over || !tx.flags.has(isnKnown):
			return newConnection
		}
		return undecided // an old duplicate, or the answer to a SYN that was not captured
	}
	switch {
	case !tx.flags.has(isnKnown) && tx.packets == 0 && rx.flags.has(sentSYN):
		return sameConnection // simultaneous open
	case !tx.flags.has(isnKnown) && tx.end != 0 && s.Seq+1 == uint32(tx.start):
		return sameConnection // captured behind what it precedes
	case !tx.flags.has(isnKnown|sentData) && rx.flags.has(sentSYN) && s.Seq == uint32(tx.start) && tx.end == tx.start:
		return sameConnection // a split handshake: its ACK of the SYN came first
	case over || c.outcome() == Unanswered:
		return newConnection
	}
	return undecided
}

type heldVerdict uint8

const (
	synOpen heldVerdict = iota // nothing learned
	synRepeated
	synConfirmed
)

// judge says what a segment on the sockets of c tells about the held SYN.
func (h *heldSYN) judge(c *conv, s *wire.Segment) heldVerdict {
	syn := &h.copies[0]
	if s.Dir != syn.Dir {
		answer := wire.SYN | wire.RST
		if syn.Flags.Has(wire.ACK) {
			answer = 0 // any segment but an RST, which refuses it
		}
		if s.Flags.Has(wire.ACK) && s.Ack == syn.Seq+1+syn.Len && (s.Flags.Any(answer) || answer == 0 && !s.Flags.Any(wire.RST)) {
			return synConfirmed
		}
		return synOpen
	}
	switch {
	case s.Flags&(wire.SYN|wire.ACK) == wire.SYN && s.Seq == syn.Seq:
		if c.flags.has(ended) || c.half[1-s.Dir].flags.has(sentRST) {
			return synConfirmed
		}
		return synRepeated
	case !s.Flags.Any(wire.SYN|wire.RST) && s.Seq == syn.Seq+1 && !c.fits(s):
		return synConfirmed // the answer was not captured
	}
	return synOpen
}

// confirm begins the conversation of a held SYN and returns its slot.
func (t *Tracker) confirm(old, hash uint32, s *wire.Segment, out *Output) uint32 {
	held := t.held[old]
	delete(t.held, old)
	t.slab.at(old).flags &^= pending
	slot := t.succeed(old, hash, &held.copies[0], event{kind: eventOpenHeld, arg: old, frame: s.Frame}, out)
	t.confirming = true
	for i := range held.copies {
		t.apply(slot, &held.copies[i])
	}
	t.confirming = false
	return slot
}

// settle gives a held SYN that nothing confirmed to the connection it came into. It is
// counted there, and says nothing about it: no endpoint took part in what it proposed.
func (t *Tracker) settle(slot uint32) {
	c := t.slab.at(slot)
	for i := range t.held[slot].copies {
		s := &t.held[slot].copies[i]
		last, frame := c.last, c.lastFrame
		t.passOver(slot, s, KindUnacceptable)
		c.count(&c.half[s.Dir], s)
		c.noteControl(&t.facts, s, factForeign)
		if frame > c.lastFrame {
			c.last, c.lastFrame = last, frame
		}
	}
	delete(t.held, slot)
	c.flags &^= pending
}

// succeed begins the conversation that takes over the sockets of the one in old. s is its first
// segment; e has the frame at which that became clear.
func (t *Tracker) succeed(old, hash uint32, s *wire.Segment, e event, out *Output) uint32 {
	gen := t.slab.at(old).gen
	slot := t.open(s, e.frame, out) // may let the old one go
	e.slot = slot
	out.events = append(out.events, e)
	c, o := t.slab.at(slot), t.slab.at(old)
	if o.gen != gen {
		t.index.put(hash, slot)
		return slot
	}
	t.index.replace(hash, old, slot)
	t.noteSuccession(c, old, s)
	c.prev, c.prevGen = old, gen
	c.flags |= succeeded
	if !o.flags.has(queued) {
		t.await(&t.ended, deadline{Time(s.Time) + t.linger, old, gen})
	}
	o.flags |= ended | queued | replaced
	return slot
}

// newestThatFits is the slot of the newest conversation of the sockets that s fits.
func (t *Tracker) newestThatFits(slot uint32, s *wire.Segment) uint32 {
	c := t.slab.at(slot)
	if !c.flags.has(succeeded) {
		return slot
	}
	old := t.slab.at(c.prev)
	if old.gen != c.prevGen {
		c.flags &^= succeeded
		return slot
	}
	if !c.fits(s) && old.fits(s) {
		return c.prev
	}
	return slot
}

// fits reports whether the sequence and acknowledgment numbers of s can belong to c.
func (c *conv) fits(s *wire.Segment) bool {
	tx, rx := &c.half[s.Dir], &c.half[1-s.Dir]
	known := false
	if tx.end != 0 && !(s.Flags.Any(wire.RST) && s.Seq == 0) { // an RST that answers a SYN has no number of its own
		known = true
		if !tx.spans(s.Seq) {
			return false
		}
	}
	if rx.end != 0 && s.Flags.Has(wire.ACK) {
		return rx.spans(s.Ack)
	}
	return known
}

// slack is how far before and behind the known stream a number is taken for part of it.
const slack = 1 << 20

func (h *half) spans(seq uint32) bool {
	pos := reassembly.Unwrap(h.end, reassembly.Seq(seq))
	return pos >= h.start-slack && pos <= h.end+slack
}
