package segment

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/flight"
	"tcptrace/analyzer/internal/reading"
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// readDisorder is a segment that takes positions but does not begin where the last ended, or an ACK that does not.
func (r *Reader) readDisorder() {
	s := r.S
	switch {
	case r.outside():
		r.V.Kind = reading.KindUnacceptable
	case r.pos > r.next && !s.Flags.Has(wire.ACK) && r.Tx.Flags.Has(conn.SentACK): // nobody takes it, and who sends so does not skip bytes
		r.V.Kind = reading.KindUnacceptable
	case r.pos > r.next && r.Unlike && r.stampTooOld(): // of an older connection: who sends more does not do so with an older timestamp
		r.V.Kind = reading.KindUnacceptable
		r.V.Notes |= reading.NotePAWS | reading.NotePreviousMissing
	case r.isKeepAlive():
		r.V.Kind = reading.KindKeepAlive
		if r.b.flags.has(statsZero) {
			r.probe()
		} else {
			rp := r.p.RecoveryOf(r.A, r.Tx)
			rp.ProbePackets++
			rp.ProbeBytes += uint64(s.Len)
			r.A.flags |= statsProbed
		}
	case r.end == r.pos:
		r.V.Kind = reading.KindACK
		switch {
		case r.pos > r.next:
			r.leaveHole()
		case r.pos < r.Tx.Start:
			r.p.RecoveryOf(r.A, r.Tx) // before this moves the start, which was that of what was captured
		}
	case r.pos > r.next:
		r.ahead()
	default:
		r.sentBefore()
	}
}

// leaveHole notes that bytes before the segment were not captured.
func (r *Reader) leaveHole() *Recovery {
	r.V.Notes |= reading.NotePreviousMissing
	rp := r.p.RecoveryOf(r.A, r.Tx)
	hole := flight.Segment{Time: r.now, End: uint32(r.pos), ID: r.S.IPID, Flags: flight.Hole}
	if !r.A.counts() && r.S.Bits&wire.HasTimestamps != 0 {
		hole.ID, hole.Flags = uint16(r.S.TSval), flight.Hole|flight.Stamped
	}
	r.A.flight.Push(&r.p.Flights, hole, r.Rx.Packets == 0)
	return rp
}

// ahead is a segment that leaves a hole behind it.
func (r *Reader) ahead() {
	rp := r.leaveHole()
	r.capture(rp)
	r.push(0)
	r.V.Kind = reading.KindData
	if r.S.Flags&wire.FIN != 0 {
		r.V.Kind = reading.KindFIN
	}
	if r.S.Len > 0 {
		r.payload()
	}
}

// outside reports whether the segment is so far from all that its sender has sent and was allowed to send that
// its receiver drops it. An ACK that opened the window may not have been captured: as much as was ever offered is allowed once more.
func (r *Reader) outside() bool {
	if r.pos < r.next {
		return r.pos < r.una-conn.Farthest
	}
	if r.pos-r.next > conn.Farthest {
		return true // of another connection, or forged
	}
	if !r.Tx.Flags.Has(conn.ISNKnown) || !conn.KnowsScale(r.Tx, r.Rx) || r.Rx.RightWin == 0 {
		return false
	}
	return r.pos > max(r.Rx.RightWin, r.next)+reassembly.Pos(max(r.b.windowMax, 1<<16))
}

// misplaced reports whether a FIN is none that its receiver takes: it has no ACK (RFC 9293 3.10.7.4), or the receiver has acknowledged
// what is there, and that was no FIN. The Conn knows that such a FIN ends nothing.
func (r *Reader) misplaced() bool {
	if !r.S.Flags.Has(wire.ACK) {
		return (r.Tx.Flags | r.Rx.Flags).Has(conn.Spoke)
	}
	return r.Tx.End != 0 && r.end-1 < r.una && r.Rx.Acked != 0 && !r.C.TakesFIN(r.Tx, r.S)
}

// isKeepAlive reports whether the segment is one below the next number, with at most one byte, while nothing
// is in flight. A pure ACK that was overtaken by what its sender sent next looks the same, but is older.
func (r *Reader) isKeepAlive() bool {
	if r.S.Len > 1 || r.pos != r.next-1 || r.una != r.next || r.S.Flags.Any(wire.FIN) || !r.S.Flags.Has(wire.ACK) {
		return false
	}
	if r.Tx.Acked != 0 && reassembly.Unwrap(r.Rx.End, reassembly.Seq(r.S.Ack)) < r.Tx.Acked {
		return false
	}
	order := r.order()
	return order > 0 || order == 0 && r.now-r.Tx.Last > r.loop()
}

// loop is the least time in which a segment and its answer pass the whole path, as far as is known.
func (r *Reader) loop() conn.Time { return r.A.RTT.Min + r.Tx.Distance }

// order tells whether the segment was sent after all that was captured of its sender (1), before
// some of it (-1), or that nothing says (0).
func (r *Reader) order() int {
	if r.A.counts() && r.S.IPID != r.A.id {
		return before(r.S.IPID-r.A.id < 1<<15)
	}
	if r.S.Bits&wire.HasTimestamps != 0 && r.A.flags.has(statsStamps) && r.S.TSval != r.A.tsMax {
		return before(int32(r.S.TSval-r.A.tsMax) > 0)
	}
	return 0
}

// orderOf is order, against the segment that left the hole e.
func (r *Reader) orderOf(e *flight.Segment) int {
	switch {
	case e.Flags&flight.Stamped == 0 && r.A.counts() && r.S.IPID != e.ID:
		return before(r.S.IPID-e.ID < 1<<15)
	case e.Flags&flight.Stamped != 0 && r.S.Bits&wire.HasTimestamps != 0 && uint16(r.S.TSval) != e.ID:
		return before(uint16(r.S.TSval)-e.ID < 1<<15)
	}
	return 0
}

func before(later bool) int {
	if later {
		return 1
	}
	return -1
}

// origin says which transmission a segment is whose bytes were captured before.
type origin uint8

const (
	sentAgain  origin = iota
	samePacket        // doubled by the network or by the capture
	overtook          // an earlier one, which a later one overtook
)

// origin tells from what differs when a sender sends again: the IP ID, a later timestamp, and a
// round trip of time. e is the latest transmission of the bytes, nil if they are acknowledged.
func (r *Reader) origin(e *flight.Segment) origin {
	if r.Differs {
		return sentAgain
	}
	if r.S.Flags&wire.FIN != 0 && r.C.CopiesFIN(&r.p.Facts, r.Tx, r.S) || e == nil && r.S.Flags&(wire.SYN|wire.ACK) == wire.SYN && r.C.CopiesSYN(&r.p.Facts, r.Tx, r.S) {
		return samePacket
	}
	if r.A.counts() && r.S.IPID != 0 {
		switch {
		case r.S.IPID-r.A.id-1 < 1<<15:
			return sentAgain
		case e == nil || e.Flags&(flight.Merged|flight.Stamped) != 0 || r.S.IPID == e.ID:
			return samePacket
		case r.S.IPID-e.ID < 1<<15:
			return sentAgain
		case e.Times > 0:
			return overtook
		}
		return samePacket
	}
	switch r.order() {
	case 1:
		return sentAgain
	case -1:
		switch {
		case r.sinceSent(e) >= conn.MinRTO && int32(r.S.Ack-uint32(r.Tx.Acked)) >= 0:
			return sentAgain // some send a SYN-ACK again with the timestamp that it had; a late copy has its ACK of then
		case e != nil && e.Times > 0:
			return overtook
		}
		return samePacket
	}
	if r.sinceSent(e) < conn.CaptureDelay && r.farther() {
		return samePacket
	}
	if e == nil || r.Rx.Packets == 0 || r.A.dup > 0 || r.now-e.Time >= r.loop() {
		return sentAgain
	}
	return samePacket
}

// sinceSent is how long ago what a segment repeats passed last: at e, or before it was acknowledged.
func (r *Reader) sinceSent(e *flight.Segment) conn.Time {
	if e != nil {
		return r.now - e.Time
	}
	return r.now - max(r.A.advanced, 1)
}

// doubled enters a second copy of a packet.
func (r *Reader) doubled(rp *Recovery, e *flight.Segment) reading.Kind {
	rp.Copied(r.S)
	r.again = r.sinceSent(e) <= conn.CaptureSkew || r.farther()
	return reading.KindCaptureDuplicate
}

// sentBefore is a segment that begins before what its sender sent last, and takes positions.
func (r *Reader) sentBefore() {
	rp := r.p.RecoveryOf(r.A, r.Tx)
	if rp.probe != 0 && r.pos >= rp.probe && r.una <= rp.probe {
		if r.b.flags.has(statsZero) && r.S.Len <= 1 {
			r.probe()
			return
		}
		if r.repeated(rp) == 0 {
			r.fromProbe(rp)
			return
		}
	}
	i := r.A.flight.Find(&r.p.Flights, r.una, r.pos)
	var e *flight.Segment
	if i >= 0 {
		e = r.A.flight.At(&r.p.Flights, i)
	}
	from, to := r.bytes()
	fresh := rp.captured.Missing(r.p.Recoveries.Ranges, from, min(to, r.next))
	first := fresh > 0 || r.fillsByFIN(e)
	which := sentAgain
	if another := e != nil && e.Times > 0 && r.pos != rp.tail && r.pos > r.startOf(i); !first && !another { // not another piece of e
		which = r.origin(e)
	}
	switch {
	case which == samePacket:
		r.V.Kind = r.doubled(rp, e)
		return
	case which == overtook:
		r.late(rp, -1, nil)
		r.prove(rp, r.Tx, func(one *resent) bool { return one.lo < r.end && r.pos < one.hi })
		return
	case first && r.overtaken(e):
		r.late(rp, i, e)
	case r.Differs:
		r.contradict(rp)
	default:
		r.V.Kind = reading.KindRetransmission
		r.why(rp, i, e)
		r.resend(i, fresh)
	}
	r.capture(rp)
	if r.S.Len > 0 {
		r.fly(max(r.end, r.next))
	}
	if r.end > r.next {
		r.push(0)
	}
}

// fillsByFIN reports whether the segment is the first FIN of its sender that is captured, alone, and e the hole in which it is, nil if that
// was acknowledged before.
func (r *Reader) fillsByFIN(e *flight.Segment) bool {
	return r.S.Flags.Has(wire.FIN) && r.S.Len == 0 && (e == nil || e.Flags&flight.Hole != 0) && !r.Tx.Flags.Has(conn.SentFIN)
}

// fromProbe is a segment that begins with the bytes of a zero-window probe, now that the window is open.
func (r *Reader) fromProbe(rp *Recovery) {
	r.V.Kind = reading.KindData
	if r.S.Flags&wire.FIN != 0 {
		r.V.Kind = reading.KindFIN
	}
	rp.probe = 0
	r.capture(rp)
	if r.end > r.next {
		r.push(0)
	}
	r.payload()
}

// overtaken reports whether bytes that were not captured so far come for the first time, e being the hole they fill.
func (r *Reader) overtaken(e *flight.Segment) bool {
	if r.end <= r.una && r.now-r.A.advanced <= conn.CaptureSkew {
		r.V.Notes |= reading.NoteAfterACK
		return true
	}
	order := r.order()
	if e != nil && e.Flags&flight.Hole != 0 {
		order = r.orderOf(e)
	}
	if order != 0 || e == nil {
		return order < 0
	}
	// Nothing dates it. Its sender sends it again after it heard of the hole, or after a timeout.
	elapsed := r.now - e.Time
	if r.Rx.Last <= e.Time || r.A.dup == 0 && !r.sackedAbove() {
		return elapsed < r.A.RTT.RTO(r.Tx.Distance)
	}
	return elapsed < r.Tx.Distance
}

// late is a segment that others overtook.
func (r *Reader) late(rp *Recovery, i int, e *flight.Segment) {
	r.V.Kind = reading.KindOutOfOrder
	rp.OutOfOrderPackets++
	rp.OutOfOrderBytes += uint64(r.S.Len)
	r.countRepeated(rp)
	if e != nil {
		rp.lateMax = max(rp.lateMax, r.now-e.Time)
		if e.Flags&flight.Hole != 0 && r.whole(i, e) {
			e.ID, e.Flags = r.S.IPID, e.Flags&^(flight.Hole|flight.Stamped)|flight.Skipped
		}
	}
}

// sackedAbove reports whether the receiver has bytes behind the segment's.
func (r *Reader) sackedAbove() bool {
	if r.A.recovery == 0 {
		return false
	}
	b := &r.p.Recoveries.At(r.A.recovery).acked
	return b.Known() && b.Ranges().End() > max(r.end, r.una)
}

// repeated is how many bytes of the segment were captured before.
func (r *Reader) repeated(rp *Recovery) uint64 {
	from, to := r.bytes()
	return uint64(int64(r.S.Len) - rp.captured.Missing(r.p.Recoveries.Ranges, from, to))
}
