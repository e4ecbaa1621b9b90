package reuse

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
)

// SYNVerdict is what a SYN or SYN-ACK on the sockets of a connection is.
type SYNVerdict uint8

// The verdicts.
const (
	SameConnection SYNVerdict = iota // of that connection
	NewConnection                    // the beginning of another
	Undecided                        // one of both: it is to be held
)

// JudgeSYN says to which connection a SYN or SYN-ACK on c's sockets belongs.
func JudgeSYN(c *conn.Conn, s *wire.Segment) SYNVerdict {
	tx, rx := &c.Half[s.Dir], &c.Half[1-s.Dir]
	over := isOver(c, s.Dir) && !mayAnswer(c, s.Dir)
	if tx.PrecededBy(s.Seq) && !acksAnother(tx, s) {
		if rebooted(c, s) {
			return Undecided
		}
		return SameConnection
	}
	if s.Flags.Has(wire.ACK) {
		switch {
		case answersAgain(rx, s) && rebooted(c, s):
			return Undecided
		case rx.Flags.Has(conn.ISNKnown) && s.Ack-rx.ISN()-1 <= uint32(rx.End-rx.Start):
			return SameConnection
		case over || !tx.Flags.Has(conn.ISNKnown) && rx.Packets == 0:
			return NewConnection
		}
		return Undecided // an old duplicate, forged, or the answer to a SYN that was not captured
	}
	switch {
	case !tx.Flags.Has(conn.ISNKnown) && tx.Packets == 0 && rx.Flags.Has(conn.SentSYN):
		return SameConnection // simultaneous open
	case !tx.Flags.Has(conn.ISNKnown|conn.SentData) && tx.End != 0 && s.Seq == uint32(tx.Start) && tx.End == tx.Start:
		return SameConnection // a split handshake: its ACK of the SYN came first
	case over || c.Phase() == conn.Unanswered:
		return NewConnection
	}
	return Undecided
}

// acksAnother reports whether the SYN-ACK s answers a SYN that does not lie a little before what its sender has acknowledged: that was of another
// connection.
func acksAnother(tx *conn.Half, s *wire.Segment) bool {
	return s.Flags.Has(wire.ACK) && !tx.Flags.Has(conn.ISNKnown) && tx.Acked != 0 && uint32(tx.Acked)-s.Ack > uint32(conn.Slack)
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
