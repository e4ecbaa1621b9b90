package analyzer

import (
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// A capture may begin with a SYN that is of no connection: an old duplicate, or a forged one, into a connection that lives. Its
// receiver answers by an ACK of what it has (RFC 5961 4.2), as it does if the SYN is that of a peer which forgot the connection.
// Such a peer resets (RFC 9293 3.5.1). One that goes on with the connection, by numbers that are not behind the SYN, did not send that.

// firstACK looks at the first acknowledgment of a direction.
func (c *conv) firstACK(p *factPool, rx *half, s *wire.Segment) {
	switch tx := &c.half[s.Dir]; {
	case tx.dialing(rx):
		c.settleSYN(p, s)
		if !tx.flags.has(isnKnown) { // it was placed anew
			pos := reassembly.Unwrap(tx.end, reassembly.Seq(s.Seq))
			tx.start, tx.end = min(tx.start, pos), max(tx.end, pos+reassembly.Pos(s.Len))
		}
	case rx.dialing(tx):
		if ack := reassembly.Unwrap(rx.end, reassembly.Seq(s.Ack)); ack < rx.start || ack > rx.end {
			c.flags |= disputed
		}
	}
}

// settleSYN takes the SYN from c if s shows that its supposed sender goes on with another connection, which its peer has
// acknowledged: c is that.
func (c *conv) settleSYN(p *factPool, s *wire.Segment) {
	tx, rx := &c.half[s.Dir], &c.half[1-s.Dir]
	switch {
	case rx.dialing(tx):
		return // it is not from who sent the SYN
	case !tx.dialing(rx) || s.Flags.Any(wire.SYN|wire.RST):
		c.flags &^= disputed
		return
	case !s.Flags.Has(wire.ACK) || rx.acked != 0 && !near(s.Seq, uint32(rx.acked)) || !rx.spans(s.Ack):
		return
	case s.Seq-uint32(tx.start) <= uint32(farthest):
		return // what lies between may not have been captured
	}
	for f := range c.facts.all(p) {
		if f.dir() == s.Dir && f.any(wire.SYN) {
			f.bits |= factForeign
		}
	}
	tx.flags &^= isnKnown | sentSYN | sentFIN | hasWScale | cutSYN | finBlind | finFirst
	tx.zeek, tx.wscale, tx.fin, tx.busyAtFIN, tx.probe = zeekInactive, 0, 0, 0, 0
	if tx.start, tx.end = rx.acked, rx.acked; rx.acked == 0 { // it is beyond any window of the SYN
		tx.place(s.Seq)
	}
	c.flags &^= rolesKnown | disputed
	c.seen &^= SawSYN
}
