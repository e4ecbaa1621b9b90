package analyzer

import (
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// readDisorder is a segment that takes positions but does not begin where the last ended, or an ACK that does not.
func (r *reader) readDisorder() {
	s := r.s
	switch {
	case r.outside():
		r.v.kind = KindUnacceptable
	case r.isKeepAlive():
		r.v.kind = KindKeepAlive
		if r.b.flags.has(bookZero) {
			r.probe()
		} else {
			rp := r.p.repairOf(r.a, r.tx)
			rp.probes++
			rp.probeBytes += uint64(s.Len)
			r.a.flags |= bookProbed
		}
	case r.end == r.pos:
		r.v.kind = KindACK
		switch {
		case r.pos > r.next:
			r.leaveHole()
		case r.pos < r.tx.start:
			r.p.repairOf(r.a, r.tx) // before this moves the start, which was that of what was captured
		}
	case r.pos > r.next:
		r.ahead()
	default:
		r.sentBefore()
	}
}

// leaveHole notes that bytes before the segment were not captured.
func (r *reader) leaveHole() *repair {
	r.v.notes |= NotePreviousMissing
	rp := r.p.repairOf(r.a, r.tx)
	hole := sent{time: r.now, end: uint32(r.pos), id: r.s.IPID, flags: sentHole}
	if !r.a.counts() && r.s.Bits&wire.HasTimestamps != 0 {
		hole.id, hole.flags = uint16(r.s.TSval), sentHole|sentStamped
	}
	r.a.flight.push(&r.p.flights, hole, r.rx.packets == 0)
	return rp
}

// ahead is a segment that leaves a hole behind it.
func (r *reader) ahead() {
	rp := r.leaveHole()
	r.capture(rp)
	r.push(0)
	r.v.kind = KindData
	if r.s.Flags&wire.FIN != 0 {
		r.v.kind = KindFIN
	}
	if r.s.Len > 0 {
		r.payload()
	}
}

// outside reports whether the segment is so far from all that its sender has sent and was allowed to send that
// its receiver drops it. An ACK that opened the window may not have been captured: as much as was ever offered is allowed once more.
func (r *reader) outside() bool {
	if r.pos < r.next {
		return r.pos < r.una-farthest
	}
	if r.pos-r.next > farthest {
		return true // of another connection, or forged
	}
	if !r.tx.flags.has(isnKnown) || !knowsScale(r.tx, r.rx) || r.rx.rightWin == 0 {
		return false
	}
	return r.pos > max(r.rx.rightWin, r.next)+reassembly.Pos(max(r.b.windowMax, 1<<16))
}

// misplaced reports whether a FIN is none that its receiver takes: it has no ACK (RFC 9293 3.10.7.4), or the receiver has acknowledged
// what is there, and that was no FIN. The conv knows that such a FIN ends nothing.
func (r *reader) misplaced() bool {
	if !r.s.Flags.Has(wire.ACK) {
		return (r.tx.flags | r.rx.flags).has(spoke)
	}
	return r.tx.end != 0 && r.end-1 < r.una && r.rx.acked != 0 && !r.c.takesFIN(r.tx, r.s)
}

// isKeepAlive reports whether the segment is one below the next number, with at most one byte, while nothing
// is in flight. A pure ACK that was overtaken by what its sender sent next looks the same, but is older.
func (r *reader) isKeepAlive() bool {
	if r.s.Len > 1 || r.pos != r.next-1 || r.una != r.next || r.s.Flags.Any(wire.FIN) || !r.s.Flags.Has(wire.ACK) {
		return false
	}
	if r.tx.acked != 0 && reassembly.Unwrap(r.rx.end, reassembly.Seq(r.s.Ack)) < r.tx.acked {
		return false
	}
	order := r.order()
	return order > 0 || order == 0 && r.now-r.tx.last > r.loop()
}

// loop is the least time in which a segment and its answer pass the whole path, as far as is known.
func (r *reader) loop() Time { return r.a.rtt.min + r.tx.distance }

// order tells whether the segment was sent after all that was captured of its sender (1), before
// some of it (-1), or that nothing says (0).
func (r *reader) order() int {
	if r.a.counts() && r.s.IPID != r.a.id {
		return before(r.s.IPID-r.a.id < 1<<15)
	}
	if r.s.Bits&wire.HasTimestamps != 0 && r.a.flags.has(bookStamps) && r.s.TSval != r.a.tsMax {
		return before(int32(r.s.TSval-r.a.tsMax) > 0)
	}
	return 0
}

// orderOf is order, against the segment that left the hole e.
func (r *reader) orderOf(e *sent) int {
	switch {
	case e.flags&sentStamped == 0 && r.a.counts() && r.s.IPID != e.id:
		return before(r.s.IPID-e.id < 1<<15)
	case e.flags&sentStamped != 0 && r.s.Bits&wire.HasTimestamps != 0 && uint16(r.s.TSval) != e.id:
		return before(uint16(r.s.TSval)-e.id < 1<<15)
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
func (r *reader) origin(e *sent) origin {
	if r.s.Flags&wire.FIN != 0 && r.c.copiesFIN(&r.p.facts, r.tx, r.s) {
		return samePacket
	}
	if r.a.counts() && r.s.IPID != 0 {
		switch {
		case r.s.IPID-r.a.id-1 < 1<<15:
			return sentAgain
		case e == nil || e.flags&(sentMerged|sentStamped) != 0 || r.s.IPID == e.id:
			return samePacket
		case r.s.IPID-e.id < 1<<15:
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
		case r.sinceSent(e) >= minRTO && int32(r.s.Ack-uint32(r.tx.acked)) >= 0:
			return sentAgain // some send a SYN-ACK again with the timestamp that it had; a late copy has its ACK of then
		case e != nil && e.times > 0:
			return overtook
		}
		return samePacket
	}
	if e == nil || r.rx.packets == 0 || r.a.dup > 0 || r.now-e.time >= r.loop() {
		return sentAgain
	}
	return samePacket
}

// sinceSent is how long ago what a segment repeats passed last: at e, or before it was acknowledged.
func (r *reader) sinceSent(e *sent) Time {
	if e != nil {
		return r.now - e.time
	}
	return r.now - max(r.a.advanced, 1)
}

// doubled enters a second copy of a packet.
func (r *reader) doubled(rp *repair, e *sent) Kind {
	rp.copied(r.s)
	r.again = r.sinceSent(e) <= captureSkew
	return KindCaptureDuplicate
}

// sentBefore is a segment that begins before what its sender sent last, and takes positions.
func (r *reader) sentBefore() {
	rp := r.p.repairOf(r.a, r.tx)
	if rp.probe != 0 && r.pos >= rp.probe && r.una <= rp.probe {
		if r.b.flags.has(bookZero) && r.s.Len <= 1 {
			r.probe()
			return
		}
		if r.repeated(rp) == 0 {
			r.fromProbe(rp)
			return
		}
	}
	i := r.a.flight.find(&r.p.flights, r.una, r.pos)
	var e *sent
	if i >= 0 {
		e = r.a.flight.at(&r.p.flights, i)
	}
	from, to := r.bytes()
	fresh := rp.captured.Missing(r.p.repairs.ranges, from, min(to, r.next))
	which := sentAgain
	if another := e != nil && e.times > 0 && r.pos != rp.tail && r.pos > r.startOf(i); fresh == 0 && !another { // not another piece of e
		which = r.origin(e)
	}
	switch {
	case which == samePacket:
		r.v.kind = r.doubled(rp, e)
		return
	case which == overtook:
		r.late(rp, -1, nil)
		r.prove(rp, r.tx, func(one *resent) bool { return one.lo < r.end && r.pos < one.hi })
		return
	case fresh > 0 && r.overtaken(e):
		r.late(rp, i, e)
	default:
		r.v.kind = KindRetransmission
		r.why(rp, i, e)
		r.resend(i, fresh)
	}
	r.capture(rp)
	if r.s.Len > 0 {
		r.fly(max(r.end, r.next))
	}
	if r.end > r.next {
		r.push(0)
	}
}

// fromProbe is a segment that begins with the bytes of a zero-window probe, now that the window is open.
func (r *reader) fromProbe(rp *repair) {
	r.v.kind = KindData
	if r.s.Flags&wire.FIN != 0 {
		r.v.kind = KindFIN
	}
	rp.probe = 0
	r.capture(rp)
	if r.end > r.next {
		r.push(0)
	}
	r.payload()
}

// overtaken reports whether bytes that were not captured so far come for the first time, e being the hole they fill.
func (r *reader) overtaken(e *sent) bool {
	if r.end <= r.una && r.now-r.a.advanced <= captureSkew {
		r.v.notes |= NoteAfterACK
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
	if r.rx.last <= e.time || r.a.dup == 0 && !r.sackedAbove() {
		return elapsed < r.a.rtt.rto(r.tx.distance)
	}
	return elapsed < r.tx.distance
}

// late is a segment that others overtook.
func (r *reader) late(rp *repair, i int, e *sent) {
	r.v.kind = KindOutOfOrder
	rp.reordered++
	rp.reorderedBytes += uint64(r.s.Len)
	r.countRepeated(rp)
	if e != nil {
		rp.lateMax = max(rp.lateMax, r.now-e.time)
		if e.flags&sentHole != 0 && r.whole(i, e) {
			e.id, e.flags = r.s.IPID, e.flags&^(sentHole|sentStamped)|sentSkipped
		}
	}
}

// sackedAbove reports whether the receiver has bytes behind the segment's.
func (r *reader) sackedAbove() bool {
	if r.a.repair == 0 {
		return false
	}
	b := &r.p.repairs.at(r.a.repair).acked
	return b.Known() && b.Ranges().End() > max(r.end, r.una)
}

// repeated is how many bytes of the segment were captured before.
func (r *reader) repeated(rp *repair) uint64 {
	from, to := r.bytes()
	return uint64(int64(r.s.Len) - rp.captured.Missing(r.p.repairs.ranges, from, to))
}

// mostTwice is how many ranges of bytes that were captured twice are kept, but for those in flight.
const mostTwice = 32

// countRepeated counts the bytes of the segment that were captured before, and of these the ones for which that is so for the first time.
func (r *reader) countRepeated(rp *repair) {
	ranges := r.p.repairs.ranges
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
func (r *reader) capture(rp *repair) {
	from, to := r.bytes()
	rp.captured.Add(r.p.repairs.ranges, from, to)
}

// bytes is the positions of the payload.
func (r *reader) bytes() (from, to reassembly.Pos) {
	from = r.pos
	if r.s.Flags.Any(wire.SYN) {
		from++
	}
	return from, from + reassembly.Pos(r.s.Len)
}

// resend enters a retransmission in the books. i is the place in flight of its first byte, -1 if it
// is acknowledged already; fresh is how many of its bytes were not captured before.
func (r *reader) resend(i int, fresh int64) {
	rp := r.p.repairOf(r.a, r.tx)
	r.countRepeated(rp)
	if fresh > 0 {
		r.v.notes |= NoteLostBefore
	}
	r.p.repairs.again(rp, r.v.cause)
	if r.end <= r.rx.acked {
		r.v.spurious = true
	}
	if rp.renegedIn != 0 {
		r.believes(rp, 1-r.s.Dir)
	}
	lost, since := r.repairs(rp, i, fresh)
	for ; i >= 0 && i < int(r.a.flight.n); i++ {
		e := r.a.flight.at(&r.p.flights, i)
		if e.times < 255 {
			e.times++
		}
		if e.flags&sentHole == 0 {
			rp.interval(r.now-e.time, e.times)
		}
		if e.flags&sentHole == 0 || r.whole(i, e) {
			e.time, e.id = r.now, r.s.IPID
			e.flags = e.flags&^(sentHole|sentStamped|sentInVain|sentDamaged) | r.damage()
		}
		if int32(e.end-uint32(r.end)) >= 0 {
			break
		}
	}
	if r.v.spurious {
		rp.spurious++
		return
	}
	before := fresh > 0 && lost > 0
	if before {
		rp.lostPackets++
	}
	rp.lost += uint32(lost)
	r.lose(rp, lost, before, since)
	if rp.nResent == maxResent && rp.resent[0].hi > r.rx.acked {
		r.p.forgotten++
	}
	rp.remember(resent{
		lo: r.pos, hi: r.end, time: r.now, frame: r.s.Frame, tsval: r.s.TSval, cause: r.v.cause,
		head: r.pos <= r.una, stamps: r.s.Bits&wire.HasTimestamps != 0, before: before, lost: lost,
	})
}

// startOf is where the i-th range in flight begins.
func (r *reader) startOf(i int) reassembly.Pos {
	if i > 0 {
		return reassembly.Unwrap(r.next, reassembly.Seq(r.a.flight.at(&r.p.flights, i-1).end))
	}
	return r.una
}

// whole reports whether the segment has all of the i-th range in flight.
func (r *reader) whole(i int, e *sent) bool {
	return r.pos <= r.startOf(i) && int32(e.end-uint32(r.end)) <= 0
}
