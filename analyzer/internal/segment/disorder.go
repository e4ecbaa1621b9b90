package segment

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// readDisorder is a segment that takes positions but does not begin where the last ended, or an ACK that does not.
func (r *Reader) readDisorder() {
	s := r.S
	switch {
	case r.outside():
		r.V.Kind = KindUnacceptable
	case r.isKeepAlive():
		r.V.Kind = KindKeepAlive
		if r.b.flags.has(statsZero) {
			r.probe()
		} else {
			rp := r.p.RecoveryOf(r.A, r.Tx)
			rp.ProbePackets++
			rp.ProbeBytes += uint64(s.Len)
			r.A.flags |= statsProbed
		}
	case r.end == r.pos:
		r.V.Kind = KindACK
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
	r.V.Notes |= NotePreviousMissing
	rp := r.p.RecoveryOf(r.A, r.Tx)
	hole := sent{time: r.now, end: uint32(r.pos), id: r.S.IPID, flags: sentHole}
	if !r.A.counts() && r.S.Bits&wire.HasTimestamps != 0 {
		hole.id, hole.flags = uint16(r.S.TSval), sentHole|sentStamped
	}
	r.A.flight.push(&r.p.Flights, hole, r.Rx.Packets == 0)
	return rp
}

// ahead is a segment that leaves a hole behind it.
func (r *Reader) ahead() {
	rp := r.leaveHole()
	r.capture(rp)
	r.push(0)
	r.V.Kind = KindData
	if r.S.Flags&wire.FIN != 0 {
		r.V.Kind = KindFIN
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
func (r *Reader) loop() conn.Time { return r.A.RTT.min + r.Tx.Distance }

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
func (r *Reader) orderOf(e *sent) int {
	switch {
	case e.flags&sentStamped == 0 && r.A.counts() && r.S.IPID != e.id:
		return before(r.S.IPID-e.id < 1<<15)
	case e.flags&sentStamped != 0 && r.S.Bits&wire.HasTimestamps != 0 && uint16(r.S.TSval) != e.id:
		return before(uint16(r.S.TSval)-e.id < 1<<15)
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
func (r *Reader) origin(e *sent) origin {
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
		case e == nil || e.flags&(sentMerged|sentStamped) != 0 || r.S.IPID == e.id:
			return samePacket
		case r.S.IPID-e.id < 1<<15:
			return sentAgain
		case e.times > 0:
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
		case e != nil && e.times > 0:
			return overtook
		}
		return samePacket
	}
	if r.sinceSent(e) < conn.CaptureDelay && r.farther() {
		return samePacket
	}
	if e == nil || r.Rx.Packets == 0 || r.A.dup > 0 || r.now-e.time >= r.loop() {
		return sentAgain
	}
	return samePacket
}

// sinceSent is how long ago what a segment repeats passed last: at e, or before it was acknowledged.
func (r *Reader) sinceSent(e *sent) conn.Time {
	if e != nil {
		return r.now - e.time
	}
	return r.now - max(r.A.advanced, 1)
}

// doubled enters a second copy of a packet.
func (r *Reader) doubled(rp *Recovery, e *sent) Kind {
	rp.Copied(r.S)
	r.again = r.sinceSent(e) <= conn.CaptureSkew || r.farther()
	return KindCaptureDuplicate
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
	i := r.A.flight.find(&r.p.Flights, r.una, r.pos)
	var e *sent
	if i >= 0 {
		e = r.A.flight.at(&r.p.Flights, i)
	}
	from, to := r.bytes()
	fresh := rp.captured.Missing(r.p.Recoveries.Ranges, from, min(to, r.next))
	first := fresh > 0 || r.fillsByFIN(e)
	which := sentAgain
	if another := e != nil && e.times > 0 && r.pos != rp.tail && r.pos > r.startOf(i); !first && !another { // not another piece of e
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
		r.V.Kind = KindRetransmission
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
func (r *Reader) fillsByFIN(e *sent) bool {
	return r.S.Flags.Has(wire.FIN) && r.S.Len == 0 && (e == nil || e.flags&sentHole != 0) && !r.Tx.Flags.Has(conn.SentFIN)
}

// fromProbe is a segment that begins with the bytes of a zero-window probe, now that the window is open.
func (r *Reader) fromProbe(rp *Recovery) {
	r.V.Kind = KindData
	if r.S.Flags&wire.FIN != 0 {
		r.V.Kind = KindFIN
	}
	rp.probe = 0
	r.capture(rp)
	if r.end > r.next {
		r.push(0)
	}
	r.payload()
}

// overtaken reports whether bytes that were not captured so far come for the first time, e being the hole they fill.
func (r *Reader) overtaken(e *sent) bool {
	if r.end <= r.una && r.now-r.A.advanced <= conn.CaptureSkew {
		r.V.Notes |= NoteAfterACK
		return true
	}
	order := r.order()
	if e != nil && e.flags&sentHole != 0 {
		order = r.orderOf(e)
	}
	if order != 0 || e == nil {
		return order < 0
	}
	// Nothing dates it. Its sender sends it again after it heard of the hole, or after a timeout.
	elapsed := r.now - e.time
	if r.Rx.Last <= e.time || r.A.dup == 0 && !r.sackedAbove() {
		return elapsed < r.A.RTT.rto(r.Tx.Distance)
	}
	return elapsed < r.Tx.Distance
}

// late is a segment that others overtook.
func (r *Reader) late(rp *Recovery, i int, e *sent) {
	r.V.Kind = KindOutOfOrder
	rp.OutOfOrderPackets++
	rp.OutOfOrderBytes += uint64(r.S.Len)
	r.countRepeated(rp)
	if e != nil {
		rp.lateMax = max(rp.lateMax, r.now-e.time)
		if e.flags&sentHole != 0 && r.whole(i, e) {
			e.id, e.flags = r.S.IPID, e.flags&^(sentHole|sentStamped)|sentSkipped
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

// mostTwice is how many ranges of bytes that were captured twice are kept, but for those in flight.
const mostTwice = 32

// countRepeated counts the bytes of the segment that were captured before, and of these the ones for which that is so for the first time.
func (r *Reader) countRepeated(rp *Recovery) {
	ranges := r.p.Recoveries.Ranges
	from, to := r.bytes()
	for gap := range rp.captured.Gaps(ranges, from, to) {
		rp.bytes += uint64(gap.Lo - from)
		rp.twiceBytes += uint64(rp.twice.Add(ranges, from, gap.Lo))
		from = gap.Hi
	}
	rp.bytes += uint64(to - from)
	rp.twiceBytes += uint64(rp.twice.Add(ranges, from, to))
	if rp.twice.Len() > mostTwice {
		rp.twice.TrimBelow(ranges, r.una)
	}
}

// capture adds the payload to what was captured.
func (r *Reader) capture(rp *Recovery) {
	from, to := r.bytes()
	rp.captured.Add(r.p.Recoveries.Ranges, from, to)
}

// bytes is the positions of the payload.
func (r *Reader) bytes() (from, to reassembly.Pos) {
	from = r.pos
	if r.S.Flags.Any(wire.SYN) {
		from++
	}
	return from, from + reassembly.Pos(r.S.Len)
}

// resend enters a retransmission in the statistics. i is the place in flight of its first byte, -1 if it
// is acknowledged already; fresh is how many of its bytes were not captured before.
func (r *Reader) resend(i int, fresh int64) {
	rp := r.p.RecoveryOf(r.A, r.Tx)
	r.countRepeated(rp)
	if fresh > 0 {
		r.V.Notes |= NoteLostBefore
	}
	r.p.Recoveries.again(rp, r.V.Cause)
	if r.end <= r.Rx.Acked {
		r.V.Spurious = true
	}
	if r.pos < rp.old.end {
		r.p.Recoveries.forget(&rp.old)
	}
	if rp.renegedIn != 0 {
		r.believes(rp, 1-r.S.Dir)
	}
	lost, since := r.repairs(rp, i, fresh)
	for ; i >= 0 && i < int(r.A.flight.n); i++ {
		e := r.A.flight.at(&r.p.Flights, i)
		if e.times < 255 {
			e.times++
		}
		if e.flags&sentHole == 0 {
			rp.interval(r.now-e.time, e.times)
		}
		if e.flags&sentHole == 0 || r.whole(i, e) {
			e.time, e.id = r.now, r.S.IPID
			again := sentHole | sentStamped | sentDamaged
			if int32(e.end-uint32(r.end)) <= 0 {
				again |= sentInVain
			}
			e.flags = e.flags&^again | r.damage()
		}
		if int32(e.end-uint32(r.end)) >= 0 {
			break
		}
	}
	if r.V.Spurious {
		rp.SpuriousPackets++
		return
	}
	before := fresh > 0 && lost > 0
	if before {
		rp.lostPackets++
	}
	rp.lost += uint32(lost)
	r.loses(r.A)
	r.lose(rp, lost, before, since)
	if rp.nResent == MaxResent && rp.resent[0].hi > r.Rx.Acked {
		r.p.Forgotten++
	}
	rp.remember(resent{
		lo: r.pos, hi: r.end, time: r.now, frame: r.S.Frame, tsval: r.S.TSval, cause: r.V.Cause,
		head: r.pos <= r.una, stamps: r.S.Bits&wire.HasTimestamps != 0, before: before, lost: lost,
	})
}

// startOf is where the i-th range in flight begins.
func (r *Reader) startOf(i int) reassembly.Pos {
	if i > 0 {
		return reassembly.Unwrap(r.next, reassembly.Seq(r.A.flight.at(&r.p.Flights, i-1).end))
	}
	return r.una
}

// whole reports whether the segment has all of the i-th range in flight.
func (r *Reader) whole(i int, e *sent) bool {
	return r.pos <= r.startOf(i) && int32(e.end-uint32(r.end)) <= 0
}
