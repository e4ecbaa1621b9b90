package conn

import (
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// begin places the stream of the sender of a SYN or SYN-ACK, with what that carries.
func (c *Conn) begin(tx, rx *Half, s *wire.Segment) {
	elsewhere := !tx.Flags.Has(ISNKnown) && tx.End != 0 && uint32(tx.Start) != s.Seq+1
	if elsewhere && c.run[s.Dir] == 0 {
		c.run[s.Dir] = uint32(tx.Start) // what lies between was not captured
	}
	tx.setISN(s.Seq)
	if elsewhere && s.Flags.Has(wire.ACK) && !tx.Flags.Has(SentData|SentFIN) { // the ACKs before were of a connection that its peer no longer knew
		tx.End, tx.Acked, tx.RightWin = tx.Start, 0, 0
	}
	if tx.Flags.Has(FinOnSYN) && !s.Flags.Any(wire.FIN) && rx.Acked <= tx.Start && !tx.Flags.Has(SentFIN) {
		tx.Flags &^= FinOnSYN // its sender took back what nobody acknowledged
		tx.End = tx.Start
	}
	tx.End = max(tx.End, tx.Start+reassembly.Pos(s.SeqLen())-1) // data on a SYN: TCP Fast Open
	if s.Flags.Any(wire.FIN) {
		tx.Flags |= FinOnSYN
		if !tx.Flags.Has(SentFIN) {
			tx.FIN = tx.Start + reassembly.Pos(s.Len)
		}
	}
}

// offer takes the options of a SYN or SYN-ACK.
func (tx *Half) offer(s *wire.Segment) {
	if s.Bits&wire.ScaleFirst != 0 {
		tx.Flags |= notLinux
	}
	if s.Bits&wire.HasWScale != 0 {
		tx.Flags |= HasWScale
		tx.Wscale = min(s.WScale, 14) // RFC 7323 2.3
	} else if s.Bits&wire.CutOptions != 0 {
		tx.Flags |= CutSYN
	}
}

// synACK takes what a SYN-ACK says of the peer of its sender.
func (c *Conn) synACK(tx, rx *Half, s *wire.Segment) {
	c.Seen |= SawSYNACK
	if !tx.Flags.Has(SentSYNACK) || c.Flags.Has(WasRefused) {
		// The SYN was tried again, and let in. What came before was of a connection that the client
		// no longer knew (RFC 9293 3.5.1).
		c.Flags &^= WasRefused | WasReset | Ended
		tx.Flags &^= notedOrdinary
		rx.Flags &^= notedOrdinary
	}
	tx.Flags |= SentSYNACK
	if rx.Flags.Has(FinOnSYN) && s.Ack-rx.ISN()-1 < uint32(rx.End-rx.Start) {
		rx.End-- // the FIN was not taken
		rx.Flags &^= FinOnSYN
	} else if rx.Flags.Has(FinOnSYN) && s.Ack == uint32(rx.End) && !rx.Flags.Has(SentFIN) {
		rx.Flags |= SentFIN // it was: its receiver processes it when the handshake is done (RFC 9293 3.10.7.4)
		c.Seen |= SawFIN
	}
	if !rx.Flags.Has(ISNKnown) {
		rx.setISN(s.Ack - 1)
	}
	if !c.Flags.Has(rolesKnown) {
		c.setRoles(1 - s.Dir)
	}
}
