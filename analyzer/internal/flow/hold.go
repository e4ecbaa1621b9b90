package flow

import (
	"cmp"
	"slices"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/segment"
	"tcptrace/internal/names"
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// hold is segments into a connection that seems to live of which it is not clear whether they are blind, or
// the beginning of another connection on the same sockets. What follows tells. Until then they belong to neither.
type hold struct {
	copies   []wire.Segment
	kind     holdKind
	answered bool         // by an ACK of the connection
	answer   wire.Segment // that ACK
	pause    conn.Time    // since the connection was last heard of
	names    []names.Name // that the copies have, or came with
	icmp     []Notice     // ICMP errors that quote the copies
}

// maxHeld bounds the segments that are held of one connection; further ones count for it at once.
const maxHeld = 8

type holdKind uint8

const (
	holdSYN   holdKind = iota // a SYN or SYN-ACK with another number
	holdDying                 // one into a connection that is over, but may answer (Conn.mayAnswer)
	holdAgain                 // a SYN with the number of the connection, behind the end of that
	holdFar                   // numbers that are in no window of the connection (Conn.strays)
)

// holdKindOf is why a SYN or SYN-ACK into c is held.
func holdKindOf(c *conn.Conn, s *wire.Segment) holdKind {
	switch {
	case rebooted(c, s) && (c.Half[s.Dir].PrecededBy(s.Seq) || answersAgain(&c.Half[1-s.Dir], s)):
		return holdAgain
	case isOver(c, s.Dir):
		return holdDying
	}
	return holdSYN
}

// hold holds s, which came into the conversation in slot.
func (t *Tracker) hold(slot uint32, s *wire.Segment, kind holdKind, out *Output) {
	c := t.Slab.At(slot)
	h := &hold{}
	if n := len(t.unused); n > 0 {
		h, t.unused = t.unused[n-1], t.unused[:n-1]
	}
	*h = hold{copies: append(h.copies[:0], *s), names: h.names[:0], icmp: h.icmp[:0], kind: kind, pause: max(0, conn.Time(s.Time)-c.Last)}
	if rx := &c.Half[1-s.Dir]; kind <= holdDying && !rx.Dialing(&c.Half[s.Dir]) {
		c.Provoke(rx)
	}
	c.Flags |= conn.Pending
	t.noteStray(c, s)
	t.held[slot] = h
	var unnumbered uint32 // Wireshark counts a stream for a SYN with another number only
	if s.Flags&(wire.SYN|wire.ACK) != wire.SYN || kind == holdAgain {
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

// begins reports whether what is held begins a conversation if nothing more is heard: a SYN into a connection that
// is over, which that did not answer.
func (h *hold) begins() bool { return h.kind == holdDying && !h.answered }

type holdVerdict uint8

const (
	holdOpen      holdVerdict = iota // nothing learned
	holdRepeated                     // the segment is held, too
	holdConfirmed                    // it belongs to the conversation that was held
	holdDisowned                     // that has begun, the segment is the last of the old one
	holdOwn                          // it belongs to the connection it came into
	holdRefuted
)

// soonest is how soon after a SYN the next copy of it may be sent; what comes before is a copy that the network or the capture made.
const soonest = conn.Time(10e6)

// judge says what a segment on the sockets of c tells about what is held.
func (h *hold) judge(c *conn.Conn, s *wire.Segment) holdVerdict {
	syn := &h.copies[0]
	tx, rx := &c.Half[syn.Dir], &c.Half[1-syn.Dir]
	switch {
	case h.kind == holdAgain:
		return h.judgeAgain(c, s)
	case h.kind == holdFar:
		return h.judgeFar(c, s)
	case !h.answered && h.like(s):
		return holdRepeated
	case h.isTaken(c, s):
		return holdOwn
	case s.Dir != syn.Dir:
		return h.judgeAnswer(c, s)
	case s.Flags&(wire.SYN|wire.ACK) == wire.SYN && s.Seq == syn.Seq:
		switch {
		case h.kind == holdDying, c.Flags.Has(conn.Ended), rx.Flags.Has(conn.SentRST):
			return holdConfirmed
		}
		return holdRepeated
	case s.Flags&(wire.SYN|wire.RST|wire.ACK) == wire.RST && syn.Flags&wire.ACK == 0 && h.answered && s.Seq == h.answer.Ack:
		return holdDisowned // its sender knows nothing of the connection (RFC 9293 3.5.1)
	case !s.Flags.Any(wire.SYN|wire.RST) && s.Seq == syn.Seq+1 && (!fits(c, s) || h.kind == holdDying && int32(s.Seq-uint32(tx.End)) > 0):
		return holdConfirmed // the answer was not captured
	case h.kind == holdDying && follows(s, syn, s.Seq, tx):
		return holdConfirmed // nor was what came first behind it
	}
	return holdOpen
}

// follows reports whether s has a number a little behind the SYN that is held, and not of the connection that it came into. n is that of
// the SYN's sender, be it its own or what its peer acknowledges, and tx what that sent before.
func follows(s, syn *wire.Segment, n uint32, tx *conn.Half) bool {
	beyond := int32(n-uint32(tx.End)) > 0 && int32(syn.Seq-uint32(tx.End)) >= 0
	return s.Flags&(wire.SYN|wire.RST|wire.ACK) == wire.ACK && n-syn.Seq-1 <= conn.Slack && (beyond || !tx.Spans(n))
}

// isTaken reports whether s shows that a client took the SYN-ACK that is held, which acknowledges more than is known to have been sent
// with the SYN: data were, but not in the copy that was captured (RFC 7413 4.1.3).
func (h *hold) isTaken(c *conn.Conn, s *wire.Segment) bool {
	synack := &h.copies[0]
	server, client := &c.Half[synack.Dir], &c.Half[1-synack.Dir]
	switch {
	case h.kind != holdSYN || !synack.Flags.Has(wire.ACK) || s.Flags&(wire.SYN|wire.RST|wire.ACK) != wire.ACK:
		return false
	case server.Flags.Has(conn.ISNKnown) || client.Flags&(conn.SentSYN|conn.SentACK) != conn.SentSYN || synack.Ack-uint32(client.End) > maxSYNData:
		return false
	case s.Dir == synack.Dir:
		return s.Seq == synack.Seq+1 && s.Ack == synack.Ack
	}
	return s.Seq == synack.Ack && s.Ack-synack.Seq-1 <= conn.Slack
}

// maxSYNData is more than fits into one segment.
const maxSYNData = 1<<16 - 1

// judgeAnswer is judge for a segment of the side to which the SYN was sent.
func (h *hold) judgeAnswer(c *conn.Conn, s *wire.Segment) holdVerdict {
	syn := &h.copies[0]
	if s.Flags.Has(wire.ACK) && s.Ack == syn.Seq+1+syn.Len {
		switch {
		case syn.Flags.Has(wire.ACK) && !s.Flags.Any(wire.RST) && !h.isChallenge(c, s): // an RST would refuse it
			return holdConfirmed
		case !syn.Flags.Has(wire.ACK) && s.Flags.Any(wire.SYN|wire.RST):
			return holdConfirmed
		}
		if !h.isChallenge(c, s) {
			return holdOpen
		}
	}
	switch first := syn.Flags.Has(wire.ACK) && !c.Half[s.Dir].Flags.Has(conn.SentACK); {
	case h.kind == holdDying && follows(s, syn, s.Ack, &c.Half[syn.Dir]):
		return holdConfirmed // its SYN-ACK was not captured
	case first && s.Flags&(wire.SYN|wire.RST|wire.ACK) == wire.RST && s.Seq == syn.Ack:
		return holdRefuted // SYN_SENT resets a SYN-ACK that does not acknowledge its SYN (RFC 9293 3.10.7.3)
	case !first && s.Len == 0 && s.Flags&(wire.SYN|wire.FIN|wire.RST|wire.ACK) == wire.ACK && fits(c, s):
		h.answer, h.answered = *s, true
	}
	return holdOpen
}

// isChallenge reports whether s, though it acknowledges the SYN or SYN-ACK that is held, is the ACK of the connection that this came into:
// its numbers are the next ones there, and who takes a SYN-ACK goes on where that says.
func (h *hold) isChallenge(c *conn.Conn, s *wire.Segment) bool {
	syn := &h.copies[0]
	return syn.Flags.Has(wire.ACK) && s.Len == 0 && s.Seq != syn.Ack && s.Seq == uint32(c.Half[s.Dir].End) && s.Ack == uint32(c.Half[syn.Dir].End)
}

// judgeAgain is judge for a SYN with the same number, or its SYN-ACK: the connection is another one if its opener goes on from there. That
// it does not behind an RST that ended its connection, be it its own or its peer's, nor in TIME_WAIT, the number of which is behind its FIN.
func (h *hold) judgeAgain(c *conn.Conn, s *wire.Segment) holdVerdict {
	first, last := &h.copies[0], &h.copies[len(h.copies)-1]
	opener := first.Dir
	if first.Flags.Has(wire.ACK) {
		opener = 1 - first.Dir
	}
	switch flags := s.Flags & (wire.SYN | wire.RST | wire.ACK); {
	case flags == wire.SYN|wire.ACK && s.Dir != opener && s.Ack == h.isn(opener)+1:
		return holdRepeated
	case flags == wire.SYN && s.Dir == opener && s.Seq == h.isn(opener):
		return holdRepeated
	case flags == wire.ACK && last.Dir != opener && s.Dir == last.Dir && s.Seq == last.Seq+1 && forgot(c, s):
		return holdConfirmed // what the opener sent is not captured, but its peer goes on
	case flags != wire.ACK || s.Dir != opener || s.Seq != h.isn(opener)+1:
	case last.Dir != opener && s.Ack == last.Seq+1, last.Dir == opener && (c.Flags.Has(conn.WasReset) || isOver(c, opener)):
		return holdConfirmed
	}
	return holdRefuted
}

// forgot reports whether s, behind a SYN-ACK of its sender, is not of c: of its peer no ACK is captured, or it brings data and acknowledges less
// than its sender had received, and RCV.NXT does not go back.
func forgot(c *conn.Conn, s *wire.Segment) bool {
	tx, rx := &c.Half[s.Dir], &c.Half[1-s.Dir]
	return !rx.Flags.Has(conn.SentACK) || s.Len > 0 && int32(s.Ack-uint32(tx.Acked)) < 0
}

// isn is the number of the SYN of the opener, by the first copy.
func (h *hold) isn(opener uint8) uint32 {
	if first := &h.copies[0]; first.Dir != opener {
		return first.Ack - 1
	}
	return h.copies[0].Seq
}

// judgeFar is judge for numbers that are in no window. Whoever forges a segment does not see the answer: if the other side answers
// in such numbers there is a connection. If no packet of that side is captured, two segments that go together show it.
func (h *hold) judgeFar(c *conn.Conn, s *wire.Segment) holdVerdict {
	first, last := &h.copies[0], &h.copies[len(h.copies)-1]
	switch {
	case s.Flags.Any(wire.SYN|wire.RST) || !s.Flags.Has(wire.ACK) || fits(c, s):
		return holdOpen
	case s.Dir != first.Dir:
		if conn.Near(s.Ack, first.Seq) && conn.Near(s.Seq, first.Ack) {
			return holdConfirmed
		}
	case !conn.Near(s.Seq, last.Seq) || !conn.Near(s.Ack, last.Ack):
	case c.Half[1-s.Dir].Packets == 0 && s.Frame != last.Frame && s.Seq+s.Len != last.Seq+last.Len:
		return holdConfirmed
	default:
		return holdRepeated
	}
	return holdOpen
}

// strays reports whether s, which is no SYN, has numbers of another connection than c: neither fits, and no window reaches one of
// them, or none that was offered either of them, or both streams have ended.
func strays(c *conn.Conn, s *wire.Segment) bool {
	tx, rx := &c.Half[s.Dir], &c.Half[1-s.Dir]
	if s.Seq-uint32(tx.End)+conn.Slack <= 2*conn.Slack || s.Flags&(wire.SYN|wire.RST|wire.ACK) != wire.ACK || tx.End == 0 || rx.End == 0 {
		return false
	}
	return !tx.Spans(s.Seq) && !rx.Spans(s.Ack) &&
		(beyond(s.Seq, tx) || beyond(s.Ack, rx) || c.Flags&(conn.Ended|conn.WasReset) == conn.Ended ||
			conn.KnowsScale(tx, rx) && outside(s.Seq, tx, rx) && outside(s.Ack, rx, tx))
}

// outside reports whether seq is not of the stream of h, of which the ISN is known, nor in a window that its peer offered.
func outside(seq uint32, h, peer *conn.Half) bool {
	pos := reassembly.Unwrap(h.End, reassembly.Seq(seq))
	return pos < h.Start-1 || pos > max(h.End, peer.RightWin)+conn.Slack
}

// beyond reports whether no window reaches seq from the end of h.
func beyond(seq uint32, h *conn.Half) bool {
	return seq-uint32(h.End)+uint32(conn.Farthest) > 2*uint32(conn.Farthest)
}

// like reports whether s is a SYN or SYN-ACK like the last that is held, and came as soon as a copy that the network or the capture
// made of that.
func (h *hold) like(s *wire.Segment) bool {
	last := &h.copies[len(h.copies)-1]
	return s.Flags.Any(wire.SYN) && s.Dir == last.Dir && s.Seq == last.Seq && s.Flags == last.Flags && s.Time-last.Time < int64(soonest)
}

// copied reports whether the copy at i is the same frame as the one before it, captured twice. Who meets a half-open connection
// sends its SYN again at once: behind the answer.
func (h *hold) copied(i int) bool {
	if i == 0 {
		return false
	}
	s, before := &h.copies[i], &h.copies[i-1]
	if h.answered && h.answer.Frame > before.Frame && h.answer.Frame < s.Frame {
		return false
	}
	return s.Flags.Any(wire.SYN) && s.Flags == before.Flags && s.Dir == before.Dir && s.Seq == before.Seq && s.IPID == before.IPID && conn.Time(s.Time-before.Time) <= conn.CaptureSkew
}

// applyHeld adds what was held to the conversation in slot.
func (t *Tracker) applyHeld(slot uint32, h *hold) {
	for i := range h.copies {
		if h.copied(i) {
			t.countDuplicate(slot, &h.copies[i])
		} else {
			t.apply(slot, &h.copies[i])
		}
	}
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
	if h.kind == holdAgain {
		t.adopt(slot)
		return
	}
	delete(t.held, slot)
	c.Flags &^= conn.Pending
	for i := range h.copies {
		s := &h.copies[i]
		t.late = c.SteadyHeld(&t.Facts.Incidents, s)
		if h.copied(i) {
			t.countDuplicate(slot, s)
		} else {
			t.passOver(slot, s, segment.KindUnacceptable, h.reason())
			if t.keeps && !isEcho(c, s) {
				t.revisions = append(t.revisions, Revision{Frame: s.Frame, Kind: segment.KindUnacceptable, Notes: h.reason()})
			}
			c.Count(&c.Half[s.Dir], s)
			if h.kind != holdFar {
				c.NoteControl(&t.Facts, s, conn.FactForeign)
			}
		}
	}
	t.late = 0
	t.applyICMP(slot, h)
	t.unused = append(t.unused, h)
}

// reason is why what was held began nothing.
func (h *hold) reason() segment.Notes {
	switch {
	case h.kind == holdFar:
		return segment.NoteFarOff
	case h.answered:
		return segment.NoteChallenged
	}
	return segment.NoteNotTaken
}

// release settles what the conversation in slot holds, or begins the conversation of that. It reports whether
// the one in slot is there still.
func (t *Tracker) release(slot uint32, frame uint64, out *Output) bool {
	c := t.Slab.At(slot)
	if !t.held[slot].begins() {
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
	first := func(slot uint32) uint64 { return t.held[slot].copies[0].Frame }
	slices.SortFunc(slots, func(a, b uint32) int { return cmp.Compare(first(a), first(b)) })
	for _, slot := range slots {
		t.release(slot, first(slot), out)
	}
}
