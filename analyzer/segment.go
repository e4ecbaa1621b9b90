package analyzer

import (
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// segment adds one segment to the facts about the connection.
func (c *conv) segment(p *factPool, s *wire.Segment) {
	tx, rx := &c.half[s.Dir], &c.half[1-s.Dir]
	c.count(tx, s)
	if s.Flags.Any(wire.SYN | wire.FIN | wire.RST) {
		c.control(p, tx, rx, s)
	} else {
		c.ordinary(p, tx, rx, s)
	}
	if tx.flags&rx.flags&sentFIN != 0 && tx.acked > rx.fin && rx.acked > tx.fin {
		c.flags |= ended
	}
}

// ordinary is the common case: a segment with neither SYN, FIN nor RST.
func (c *conv) ordinary(p *factPool, tx, rx *half, s *wire.Segment) {
	before := tx.acked
	tx.last = Time(s.Time)
	tx.place(s.Seq)
	sent := tx.end
	pos := reassembly.Unwrap(tx.end, reassembly.Seq(s.Seq))
	end := pos + reassembly.Pos(s.Len)
	grew := end > tx.end
	if grew {
		if pos-tx.end > farthest {
			return // of another connection, or forged
		}
		tx.end = end
		if rx.acked > max(sent, pos) {
			c.lateBytes(&p.marks, tx, rx, s, max(sent, pos))
		} else if pos > max(sent, rx.acked) {
			c.openHole(&p.marks, sent, pos, s)
		}
		if pos > sent {
			c.run[s.Dir] = s.Seq
			if tx.packets == 1 && pos > rx.acked {
				tx.busyBefore()
			}
		}
	} else if !tx.flags.has(isnKnown) && pos < tx.start {
		if end < tx.start && c.run[s.Dir] == 0 {
			c.run[s.Dir] = uint32(tx.start) // it was placed by an ACK, or by what came later
		}
		tx.start = pos // began before the capture did
	}
	if s.Len > 0 {
		if !c.flags.has(asked) {
			c.flags |= asked
			c.asker = s.Dir
		}
		tx.flags |= sentData
	}
	if s.Flags.Has(wire.ACK) {
		c.seen |= ackOrData(s)
		if before == 0 {
			c.firstACK(p, rx, s)
		}
		tx.flags |= sentACK
		tx.acknowledge(rx, s)
		if tx.acked > rx.end {
			c.unseen(&p.marks, tx, rx, s, before)
		}
	}
	tx.measure(rx, s, grew)
	if c.flags.has(watching | alert) {
		if c.flags.has(watching) {
			c.noteOrdinary(p, tx, rx, s, before, sent)
		}
		c.markOrdinary(&p.marks, tx, rx, s, before, sent)
	}
	if tx.zeek <= zeekSYNACKSent || s.Window == 0 || tx.flags&(didACK|didData) != didACK|didData || !grew && s.Len > 0 {
		c.zeekOrdinary(tx, rx, s, grew)
	}
}

// ackOrData is the bit of Completeness that Wireshark gives a segment with ACK and
// without SYN, be it also a FIN or an RST.
func ackOrData(s *wire.Segment) Completeness {
	if s.Len > 0 {
		return SawData
	}
	return SawACK
}

// acknowledge notes the acknowledgment and the window of s.
func (tx *half) acknowledge(rx *half, s *wire.Segment) {
	rx.place(s.Ack)
	ack := reassembly.Unwrap(rx.end, reassembly.Seq(s.Ack))
	if ack > tx.acked {
		if ack-rx.end > farthest {
			return
		}
		tx.acked = ack
	}
	win := reassembly.Pos(s.Window)
	if tx.flags.has(hasWScale) && rx.flags.has(hasWScale) && !s.Flags.Has(wire.SYN) {
		win <<= tx.wscale
	}
	if ack+win > tx.rightWin {
		tx.rightWin = ack + win
	}
}

// count adds a segment, be it one that the analysis passes over: its receiver never saw it, or saw it once. What an RST
// carries is a text for people, and no part of the stream (RFC 9293 3.5.3).
func (c *conv) count(tx *half, s *wire.Segment) {
	c.last, c.lastFrame = max(c.last, Time(s.Time)), s.Frame
	tx.packets++
	if s.Flags&wire.RST == 0 {
		tx.payload += uint64(s.Len)
	}
	tx.ipBytes += uint64(s.IPLen)
	tx.frameBytes += uint64(s.WireLen)
}
