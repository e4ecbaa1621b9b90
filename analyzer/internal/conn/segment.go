package conn

import (
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// Segment adds one segment to the facts about the connection.
func (c *Conn) Segment(p *FactPool, s *wire.Segment) {
	tx, rx := &c.Half[s.Dir&1], &c.Half[s.Dir&1^1]
	c.Count(tx, s)
	if s.Flags.Any(wire.SYN | wire.FIN | wire.RST) {
		c.control(p, tx, rx, s)
	} else {
		c.ordinary(p, tx, rx, s)
	}
	if tx.Flags&rx.Flags&SentFIN != 0 && tx.Acked > rx.FIN && rx.Acked > tx.FIN {
		c.Flags |= Ended
	}
}

// TakeLate takes a segment with a FIN that was counted when it passed, but not taken.
func (c *Conn) TakeLate(p *FactPool, s *wire.Segment) {
	c.control(p, &c.Half[s.Dir], &c.Half[1-s.Dir], s)
}

// ordinary is the common case: a segment with neither SYN, FIN nor RST.
func (c *Conn) ordinary(p *FactPool, tx, rx *Half, s *wire.Segment) {
	before, proves := tx.Acked, true
	tx.Last = Time(s.Time)
	if before == 0 && c.Precedes(s) {
		c.Provoke(rx)
		return
	}
	tx.place(s.Seq)
	sent := tx.End
	pos := reassembly.Unwrap(tx.End, reassembly.Seq(s.Seq))
	end := pos + reassembly.Pos(s.Len)
	grew := end > tx.End
	if grew {
		if int32(s.Ack-uint32(before)) < 0 && c.Unplace(p, s) {
			before = tx.Acked
		}
		if pos-tx.End > Farthest {
			return // of another connection, or forged
		}
		tx.End = end
		if rx.Acked > max(sent, pos) {
			c.lateBytes(&p.Incidents, tx, rx, s, max(sent, pos))
		} else if pos > max(sent, rx.Acked) {
			c.openHole(&p.Incidents, sent, pos, s)
		}
		if pos > sent {
			c.run[s.Dir] = s.Seq
			if tx.Packets == 1 && pos > rx.Acked {
				tx.busyBefore()
			}
		}
	}
	if pos < tx.Start && !tx.Flags.Has(ISNKnown) {
		if end < tx.Start && c.run[s.Dir] == 0 {
			c.run[s.Dir] = uint32(tx.Start) // it was placed by an ACK, or by what came later
		}
		tx.Start = pos // began before the capture did
	}
	if s.Len > 0 {
		if !c.Flags.Has(asked) {
			c.Flags |= asked
			tx.Flags |= askedFirst
		}
		tx.Flags |= SentData
	}
	if s.Flags.Has(wire.ACK) {
		c.Seen |= ackOrData(s)
		if before == 0 {
			c.firstACK(p, rx, s)
		}
		tx.Flags |= SentACK
		tx.Acknowledge(rx, s)
		if tx.Acked > rx.End {
			proves = c.unseen(&p.Incidents, tx, rx, s, before)
		}
	}
	if tx.Flags.Has(mayBeGone) {
		c.goesOn(p, tx, rx, s, grew)
	}
	tx.measure(rx, s, grew)
	if c.Flags.Has(Watching | alert) {
		if (tx.Flags | rx.Flags).Has(doubted) {
			before = c.weigh(p, s, before, sent)
		}
		if c.Flags.Has(Watching) && proves {
			c.noteOrdinary(p, tx, rx, s, before, sent)
		}
		c.markOrdinary(&p.Incidents, tx, rx, s, before, sent)
	}
	if tx.zeek <= zeekSYNACKSent || s.Window == 0 || tx.Flags&(didACK|didData) != didACK|didData || !grew && s.Len > 0 {
		c.zeekOrdinary(tx, rx, s, grew)
	}
}

// Precedes reports whether s, before its sender has acknowledged anything, acknowledges less than its peer's SYN-ACK, or more than any window
// reaches from there: the SYN-ACK is disputed then, and SYN_RCVD does not take that (RFC 9293 3.10.7.4).
func (c *Conn) Precedes(s *wire.Segment) bool {
	tx, rx := &c.Half[s.Dir], &c.Half[1-s.Dir]
	if tx.Acked != 0 || s.Flags&(wire.SYN|wire.RST|wire.ACK) != wire.ACK || rx.Flags&(SentSYNACK|SentACK|SentData) != SentSYNACK ||
		!rx.Flags.Has(ISNKnown) || s.Ack-rx.ISN()-1 <= uint32(Farthest) {
		return false
	}
	c.Flags |= Disputed
	return true
}

// ackOrData is the bit of Completeness that Wireshark gives a segment with ACK and
// without SYN, be it also a FIN or an RST.
func ackOrData(s *wire.Segment) Completeness {
	if s.Len > 0 {
		return SawData
	}
	return SawACK
}

// Acknowledge notes the acknowledgment and the window of s.
func (tx *Half) Acknowledge(rx *Half, s *wire.Segment) {
	rx.place(s.Ack)
	ack := reassembly.Unwrap(rx.End, reassembly.Seq(s.Ack))
	if ack > tx.Acked {
		if ack-rx.End > Farthest {
			return
		}
		tx.Acked = ack
	}
	win := reassembly.Pos(s.Window)
	if tx.Flags.Has(HasWScale) && rx.Flags.Has(HasWScale) && !s.Flags.Has(wire.SYN) {
		win <<= tx.Wscale & 15
	}
	if ack+win > tx.RightWin {
		tx.RightWin = ack + win
	}
}

// Count adds a segment, be it one that the analysis passes over: its receiver never saw it, or saw it once. What an RST
// carries is a text for people, and no part of the stream (RFC 9293 3.5.3).
func (c *Conn) Count(tx *Half, s *wire.Segment) {
	c.Last, c.LastFrame = max(c.Last, Time(s.Time)), max(c.LastFrame, s.Frame) // one that was held is not the last
	tx.Packets++
	if s.Flags&wire.RST == 0 {
		tx.Payload += uint64(s.Len)
	}
	tx.ipBytes += uint64(s.IPLen)
	tx.frameBytes += uint64(s.WireLen)
}
