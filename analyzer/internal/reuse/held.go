package reuse

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/reading"
	"tcptrace/internal/wire"
)

// Held is segments into a connection that seems to live of which it is not clear whether they are blind, or
// the beginning of another connection on the same sockets. What follows tells. Until then they belong to neither.
type Held struct {
	Copies   []wire.Segment // at least one
	Kind     Kind
	Answered bool         // by an ACK of the connection
	Answer   wire.Segment // that ACK
}

// MaxHeld bounds the segments that are held of one connection; further ones count for it at once.
const MaxHeld = 8

// Kind is why segments are held.
type Kind uint8

// The kinds.
const (
	AnotherSYN Kind = iota // a SYN or SYN-ACK with another number
	Dying                  // one into a connection that is over, but may answer (mayAnswer)
	Again                  // a SYN with the number of the connection, behind the end of that
	FarOff                 // numbers that are in no window of the connection (Strays)
)

// KindOf is why a SYN or SYN-ACK into c is held.
func KindOf(c *conn.Conn, s *wire.Segment) Kind {
	switch {
	case rebooted(c, s) && (c.Half[s.Dir].PrecededBy(s.Seq) || answersAgain(&c.Half[1-s.Dir], s)):
		return Again
	case isOver(c, s.Dir):
		return Dying
	}
	return AnotherSYN
}

// Begins reports whether what is held begins a conversation if nothing more is heard: a SYN into a connection that
// is over, which that did not answer.
func (h *Held) Begins() bool { return h.Kind == Dying && !h.Answered }

// Verdict is what a segment tells about those that are held.
type Verdict uint8

// The verdicts.
const (
	HoldOn    Verdict = iota // nothing learned
	HoldToo                  // the segment is held, too
	Confirmed                // it belongs to the conversation that was held
	Disowned                 // that has begun, the segment is the last of the old one
	Own                      // it belongs to the connection it came into
	Refuted                  // nothing began: what is held belongs to that, too, and says nothing about it
)

// soonest is how soon after a SYN the next copy of it may be sent; what comes before is a copy that the network or the capture made.
const soonest = conn.Time(10e6)

// Judge says what a segment on the sockets of c tells about what is held.
func (h *Held) Judge(c *conn.Conn, s *wire.Segment) Verdict {
	syn := &h.Copies[0]
	tx, rx := &c.Half[syn.Dir], &c.Half[1-syn.Dir]
	switch {
	case h.Kind == Again:
		return h.judgeAgain(c, s)
	case h.Kind == FarOff:
		return h.judgeFar(c, s)
	case !h.Answered && h.Like(s):
		return HoldToo
	case h.isTaken(c, s):
		return Own
	case s.Dir != syn.Dir:
		return h.judgeAnswer(c, s)
	case s.Flags&(wire.SYN|wire.ACK) == wire.SYN && s.Seq == syn.Seq:
		switch {
		case h.Kind == Dying, c.Flags.Has(conn.Ended), rx.Flags.Has(conn.SentRST):
			return Confirmed
		}
		return HoldToo
	case s.Flags&(wire.SYN|wire.RST|wire.ACK) == wire.RST && syn.Flags&wire.ACK == 0 && h.Answered && s.Seq == h.Answer.Ack:
		return Disowned // its sender knows nothing of the connection (RFC 9293 3.5.1)
	case !s.Flags.Any(wire.SYN|wire.RST) && s.Seq == syn.Seq+1 && (!Fits(c, s) || h.Kind == Dying && int32(s.Seq-uint32(tx.End)) > 0):
		return Confirmed // the answer was not captured
	case h.Kind == Dying && follows(s, syn, s.Seq, tx):
		return Confirmed // nor was what came first behind it
	}
	return HoldOn
}

// follows reports whether s has a number a little behind the SYN that is held, and not of the connection that it came into. n is that of
// the SYN's sender, be it its own or what its peer acknowledges, and tx what that sent before.
func follows(s, syn *wire.Segment, n uint32, tx *conn.Half) bool {
	beyond := int32(n-uint32(tx.End)) > 0 && int32(syn.Seq-uint32(tx.End)) >= 0
	return s.Flags&(wire.SYN|wire.RST|wire.ACK) == wire.ACK && n-syn.Seq-1 <= conn.Slack && (beyond || !tx.Spans(n))
}

// isTaken reports whether s shows that a client took the SYN-ACK that is held, which acknowledges more than is known to have been sent
// with the SYN: data were, but not in the copy that was captured (RFC 7413 4.1.3).
func (h *Held) isTaken(c *conn.Conn, s *wire.Segment) bool {
	synack := &h.Copies[0]
	server, client := &c.Half[synack.Dir], &c.Half[1-synack.Dir]
	switch {
	case h.Kind != AnotherSYN || !synack.Flags.Has(wire.ACK) || s.Flags&(wire.SYN|wire.RST|wire.ACK) != wire.ACK:
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

// judgeAnswer is Judge for a segment of the side to which the SYN was sent.
func (h *Held) judgeAnswer(c *conn.Conn, s *wire.Segment) Verdict {
	syn := &h.Copies[0]
	if h.Kind == Dying && h.isReset(s) {
		return Confirmed // by a host without such a connection (RFC 9293 3.10.7.1): one that still had the old one would answer by an ACK of that
	}
	if s.Flags.Has(wire.ACK) && s.Ack == syn.Seq+1+syn.Len {
		switch {
		case syn.Flags.Has(wire.ACK) && !s.Flags.Any(wire.RST) && !h.isChallenge(c, s): // an RST would refuse it
			return Confirmed
		case !syn.Flags.Has(wire.ACK) && s.Flags.Any(wire.SYN|wire.RST):
			return Confirmed
		}
		if !h.isChallenge(c, s) {
			return HoldOn
		}
	}
	switch first := syn.Flags.Has(wire.ACK) && !c.Half[s.Dir].Flags.Has(conn.SentACK); {
	case h.Kind == Dying && follows(s, syn, s.Ack, &c.Half[syn.Dir]):
		return Confirmed // its SYN-ACK was not captured
	case first && s.Flags&(wire.SYN|wire.RST|wire.ACK) == wire.RST && s.Seq == syn.Ack:
		return Refuted // SYN_SENT resets a SYN-ACK that does not acknowledge its SYN (RFC 9293 3.10.7.3)
	case !first && s.Len == 0 && s.Flags&(wire.SYN|wire.FIN|wire.RST|wire.ACK) == wire.ACK && Fits(c, s):
		h.Answer, h.Answered = *s, true
	}
	return HoldOn
}

// isReset reports whether s is an RST with the number that the SYN-ACK that is held acknowledges. Some stacks set ACK in every RST.
func (h *Held) isReset(s *wire.Segment) bool {
	synack := &h.Copies[0]
	return synack.Flags.Has(wire.ACK) && s.Flags&(wire.SYN|wire.RST) == wire.RST && s.Seq == synack.Ack &&
		(!s.Flags.Has(wire.ACK) || s.Ack == synack.Seq+1+synack.Len)
}

// isChallenge reports whether s, though it acknowledges the SYN or SYN-ACK that is held, is of the connection that this came into, such as the
// ACK that answers it: its numbers are the next ones there, or sent before, and who takes a SYN-ACK goes on where that says.
func (h *Held) isChallenge(c *conn.Conn, s *wire.Segment) bool {
	syn, tx := &h.Copies[0], &c.Half[s.Dir]
	before := int32(s.Seq-syn.Ack) < 0 && tx.Spans(s.Seq)
	return syn.Flags.Has(wire.ACK) && (before || s.Seq != syn.Ack && s.Seq == uint32(tx.End)) && s.Ack == uint32(c.Half[syn.Dir].End)
}

// judgeAgain is Judge for a SYN with the same number, or its SYN-ACK: the connection is another one if its opener goes on from there. That
// it does not behind an RST that ended its connection, be it its own or its peer's, nor in TIME_WAIT, the number of which is behind its FIN.
func (h *Held) judgeAgain(c *conn.Conn, s *wire.Segment) Verdict {
	first, last := &h.Copies[0], &h.Copies[len(h.Copies)-1]
	opener := first.Dir
	if first.Flags.Has(wire.ACK) {
		opener = 1 - first.Dir
	}
	switch flags := s.Flags & (wire.SYN | wire.RST | wire.ACK); {
	case flags == wire.SYN|wire.ACK && s.Dir != opener && s.Ack == h.isn(opener)+1:
		return HoldToo
	case flags == wire.SYN && s.Dir == opener && s.Seq == h.isn(opener):
		return HoldToo
	case flags == wire.ACK && last.Dir != opener && s.Dir == last.Dir && s.Seq == last.Seq+1 && forgot(c, s):
		return Confirmed // what the opener sent is not captured, but its peer goes on
	case flags != wire.ACK || s.Dir != opener || s.Seq != h.isn(opener)+1:
	case last.Dir != opener && s.Ack == last.Seq+1, last.Dir == opener && (c.Flags.Has(conn.WasReset) || isOver(c, opener)):
		return Confirmed
	}
	return Refuted
}

// forgot reports whether s, behind a SYN-ACK of its sender, is not of c: of its peer no ACK is captured, or it brings data and acknowledges less
// than its sender had received, and RCV.NXT does not go back.
func forgot(c *conn.Conn, s *wire.Segment) bool {
	tx, rx := &c.Half[s.Dir], &c.Half[1-s.Dir]
	return !rx.Flags.Has(conn.SentACK) || s.Len > 0 && int32(s.Ack-uint32(tx.Acked)) < 0
}

// isn is the number of the SYN of the opener, by the first copy.
func (h *Held) isn(opener uint8) uint32 {
	if first := &h.Copies[0]; first.Dir != opener {
		return first.Ack - 1
	}
	return h.Copies[0].Seq
}

// judgeFar is Judge for numbers that are in no window. Whoever forges a segment does not see the answer: if the other side answers
// in such numbers there is a connection. If no packet of that side is captured, two segments that go together show it.
func (h *Held) judgeFar(c *conn.Conn, s *wire.Segment) Verdict {
	first, last := &h.Copies[0], &h.Copies[len(h.Copies)-1]
	switch {
	case s.Flags.Any(wire.SYN|wire.RST) || !s.Flags.Has(wire.ACK) || Fits(c, s):
		return HoldOn
	case s.Dir != first.Dir:
		if conn.Near(s.Ack, first.Seq) && conn.Near(s.Seq, first.Ack) {
			return Confirmed
		}
	case !conn.Near(s.Seq, last.Seq) || !conn.Near(s.Ack, last.Ack):
	case c.Half[1-s.Dir].Packets == 0 && s.Frame != last.Frame && s.Seq+s.Len != last.Seq+last.Len:
		return Confirmed
	default:
		return HoldToo
	}
	return HoldOn
}

// Like reports whether s is a SYN or SYN-ACK like the last that is held, and came as soon as a copy that the network or the capture
// made of that.
func (h *Held) Like(s *wire.Segment) bool {
	last := &h.Copies[len(h.Copies)-1]
	return s.Flags.Any(wire.SYN) && s.Dir == last.Dir && s.Seq == last.Seq && s.Flags == last.Flags && s.Time-last.Time < int64(soonest)
}

// Copied reports whether the copy at i is the same frame as the one before it, captured twice. Who meets a half-open connection
// sends its SYN again at once: behind the answer.
func (h *Held) Copied(i int) bool {
	if i == 0 {
		return false
	}
	s, before := &h.Copies[i], &h.Copies[i-1]
	if h.Answered && h.Answer.Frame > before.Frame && h.Answer.Frame < s.Frame {
		return false
	}
	return s.Flags.Any(wire.SYN) && s.Flags == before.Flags && s.Dir == before.Dir && s.Seq == before.Seq && s.IPID == before.IPID && conn.Time(s.Time-before.Time) <= conn.CaptureSkew
}

// Reason is why what was held began nothing.
func (h *Held) Reason() reading.Notes {
	switch {
	case h.Kind == FarOff:
		return reading.NoteFarOff
	case h.Answered:
		return reading.NoteChallenged
	}
	return reading.NoteNotTaken
}
