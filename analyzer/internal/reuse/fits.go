package reuse

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// Strays reports whether s, which is no SYN, has numbers of another connection than c: neither fits, and no window reaches one of
// them, or none that was offered either of them, or both streams have ended.
func Strays(c *conn.Conn, s *wire.Segment) bool {
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

// Fits reports whether the sequence and acknowledgment numbers of s can belong to c.
func Fits(c *conn.Conn, s *wire.Segment) bool {
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

// Owns reports whether s repeats the SYN of c, or is a SYN-ACK that answers it.
func Owns(c *conn.Conn, s *wire.Segment) bool {
	tx, rx := &c.Half[s.Dir], &c.Half[1-s.Dir]
	if !s.Flags.Has(wire.ACK) {
		return tx.Flags.Has(conn.SentSYN) && s.Seq == tx.ISN()
	}
	return rx.Flags.Has(conn.SentSYN) && s.Ack-rx.ISN()-1 <= uint32(rx.End-rx.Start) && (!tx.Flags.Has(conn.ISNKnown) || s.Seq == tx.ISN())
}

// Disowns reports whether s is an RST by which the sender of c's SYN, which nothing answered so far, refuses what is not of c: its number is
// that of an ACK that it was sent (RFC 9293 3.10.7.3), not of its own.
func Disowns(c *conn.Conn, s *wire.Segment) bool {
	return s.Flags&(wire.RST|wire.ACK) == wire.RST && c.Half[s.Dir].Dialing(&c.Half[1-s.Dir]) && s.Seq != uint32(c.Half[s.Dir].End)
}

// MayHold reports whether a segment that came through another network can be of c all the same. An RST
// is taken to be: who forges one may sit elsewhere.
func MayHold(c *conn.Conn, s *wire.Segment) bool {
	tx, rx := &c.Half[s.Dir], &c.Half[1-s.Dir]
	switch {
	case s.Flags.Any(wire.RST):
		return true
	case s.Flags.Has(wire.SYN|wire.ACK) && rx.Flags.Has(conn.ISNKnown):
		return s.Ack-rx.ISN()-1 <= uint32(rx.End-rx.Start)
	case s.Flags.Has(wire.SYN) && tx.Flags.Has(conn.ISNKnown):
		return s.Seq == tx.ISN() || c.Flags.Has(conn.Ended)
	case s.Flags.Has(wire.SYN):
		return tx.End != 0 && s.Seq+1 == uint32(tx.Start) || c.Flags.Has(conn.Ended)
	case tx.End == 0 && (rx.End == 0 || !s.Flags.Has(wire.ACK)):
		return true // nothing tells
	}
	return Fits(c, s)
}
