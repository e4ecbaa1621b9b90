package state

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
)

// InOrder reports whether a connection was opened and closed as RFC 9293 3.5 and 3.6 show it, and nothing else was seen of it that is
// worth a fact: one SYN, one SYN-ACK, and one FIN of each side, of which the second was sent with the first acknowledged. closeWait is
// how long the side that closed last was in CLOSE_WAIT.
func InOrder(c *conn.Conn, p *conn.FactPool) (closeWait conn.Time, ok bool) {
	if c.Flags.Has(conn.Pending | conn.Holed | conn.Disputed) {
		return 0, false
	}
	var seen plain
	var syns int
	var closed conn.Time
	var highest [2]uint32 // by direction: sequence number of a segment behind which none begins so far
	var spoke [2]bool
	for f := range c.Facts.All(p) {
		d := f.Dir()
		if f.Bits.Has(conn.FactStandIn) || !seen.add(f) {
			return 0, false
		}
		switch flags := wire.Flags(f.Flags); {
		case flags.Any(wire.SYN):
			syns++
		case flags.Any(wire.FIN):
			if spoke[d] && int32(highest[d]-seen.finSeq[d]) > 0 {
				return 0, false // an earlier copy of the FIN was lost before the tap
			}
			if !seen.fins[1-d] {
				closed = f.Time
			} else if closeWait = f.Time - closed; !seen.acked[1-d] {
				return 0, false // both closed at once
			}
		}
		if !spoke[d] || int32(f.Seq-highest[d]) > 0 {
			highest[d], spoke[d] = f.Seq, true
		}
	}
	return closeWait, syns == 2 && seen.answered && seen.acked == [2]bool{true, true}
}
