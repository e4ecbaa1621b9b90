package analyzer

import (
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// why finds the cause of a retransmission. i is its place in flight, and e that segment, if it is in flight.
func (r *reader) why(rp *repair, i int, e *sent) {
	r.v.cause = r.cause(rp, i, e)
	switch r.v.cause {
	case CauseTimeout:
		rp.recover, rp.by = r.next, CauseTimeout
	case CauseFast, CauseSACK:
		if rp.recover <= r.una {
			rp.recover, rp.by = r.next, r.v.cause
		}
	default:
		return
	}
	if r.una < r.next {
		r.a.enter(modeRecovery, r.now, r.c.first, r.tx.distance)
	}
}

// cause weighs what the sender had heard, and how long it had waited:
//
//   - until all is acknowledged that was in flight at a timeout, it repeats because of that;
//   - it heard of a loss, and answers an ACK: fast; it waited after the last ACK, less than its timer: SACK, if there were any;
//   - it heard of none: the last segment, for the first time: a tail probe, which only who uses SACK sends;
//   - else, if it waited long enough, its timer.
func (r *reader) cause(rp *repair, i int, e *sent) Cause {
	last, times, sentAt := r.end >= r.next, uint8(0), r.a.advanced
	switch {
	case e != nil:
		times, sentAt = e.times, e.time
	case r.pos == rp.tail:
		times, sentAt = rp.tailTimes, rp.tailTime
	}
	rp.tail, rp.tailTimes, rp.tailTime = r.pos, times+1, r.now
	var (
		rto     = r.a.rtt.rto(r.tx.distance)
		waited  = r.now - sentAt
		timer   = waited >= rto/4*3
		answers = r.now-r.rx.last < r.responseTime() || r.rx.packets == 0
		repairs = rp.recover > r.una || rp.by != CauseNone && r.now-rp.recovered < r.responseTime() // it hears later than the tap
	)
	switch {
	case repairs && rp.by == CauseTimeout:
		return CauseTimeout
	case r.lossHeard() || repairs:
		switch {
		case answers:
			return CauseFast
		case timer:
			return CauseTimeout
		case rp.sacks > 0:
			return CauseSACK
		}
		return CauseUnknown
	case last && times == 0 && r.mayProbe() && waited < r.latestProbe():
		return CauseTailProbe
	case timer:
		return CauseTimeout
	case waited < minRTO && (r.rx.packets == 0 || rp.heard != 0 && r.now-rp.heard < max(minRTO, r.responseTime())):
		return CauseFast // sooner than any timer: it answers what was heard before, or what nobody captured
	case waited >= minRTO && r.pos <= r.una && !answers:
		return CauseTimeout
	}
	return CauseUnknown
}

// lossHeard reports whether the sender was told that bytes behind the segment arrived: by SACK blocks, or where there
// are none by duplicate ACKs.
func (r *reader) lossHeard() bool {
	switch {
	case r.sackedAbove(), r.a.dup >= dupThresh:
		return true
	case r.a.dup == 0:
		return false
	case !r.tx.flags.has(sentSYN|sentSYNACK) || !r.rx.flags.has(sentSYN|sentSYNACK):
		return r.p.repairOf(r.a, r.tx).sacks == 0 // it may be that they do without
	}
	return !r.mayProbe()
}

// mayProbe reports whether the connection uses SACK, as far as is known.
func (r *reader) mayProbe() bool {
	return r.a.flags.has(bookSACK) && r.b.flags.has(bookSACK) || !r.tx.flags.has(sentSYN|sentSYNACK) || !r.rx.flags.has(sentSYN|sentSYNACK)
}

// responseTime is how long after an ACK the answer to it passes the tap, at most: the distance of the sender there
// and back, and what that may vary by.
func (r *reader) responseTime() Time {
	return r.tx.distance + r.tx.distance/2 + (r.a.rtt.srtt+r.tx.distance)/4
}

// latestProbe is when a tail loss probe is sent at the latest: after two round trips and the longest delay of
// an ACK (RFC 8985 7.2; 200 ms, as Linux has it), or in place of the timer.
func (r *reader) latestProbe() Time {
	if r.a.rtt.n == 0 {
		return 2 * firstRTO
	}
	return 2*(r.a.rtt.srtt+r.tx.distance) + 4*r.a.rtt.rttvar + 2*minRTO
}

// prove looks for retransmissions of h that turn out unneeded.
func (r *reader) prove(rp *repair, h *half, unneeded func(*resent) bool) {
	for i := 0; i < int(rp.nResent); {
		if !unneeded(&rp.resent[i]) {
			i++
			continue
		}
		r.acquit(rp, h, i)
	}
}

// acquit takes back that the i-th of the retransmissions of h repaired a loss.
func (r *reader) acquit(rp *repair, h *half, i int) {
	one := &rp.resent[i]
	rp.spurious++
	rp.lost -= min(rp.lost, uint32(one.lost))
	if one.before {
		rp.lostPackets -= min(rp.lostPackets, 1)
	}
	r.amend(h, one)
	if one.lost > 0 {
		r.unlose(h, one)
	}
	rp.forget(i)
}

// proveTwice takes a D-SACK: of each byte in it one copy too many came. Of several the latest is not needed.
func (r *reader) proveTwice(rp *repair, twice reassembly.Range) {
	from := twice.Hi + 1 // of those acquitted so far; one more for a FIN
	for i := int(rp.nResent) - 1; i >= 0; i-- {
		one := &rp.resent[i]
		if one.lo < twice.Lo || one.hi > min(from, twice.Hi+1) || r.now-one.time < r.tx.distance/2 {
			continue
		}
		from = one.lo
		r.acquit(rp, r.rx, i)
	}
}

// settleResent judges the retransmissions that an ACK covers: unneeded if it was sent too soon to answer them,
// or if it echoes a timestamp from before (Eifel, RFC 3522).
func (r *reader) settleResent(rp *repair) {
	r.prove(rp, r.rx, func(one *resent) bool {
		if one.head && r.ack > one.lo && one.stamps && r.s.Bits&wire.HasTimestamps != 0 && int32(r.s.TSecr-one.tsval) < 0 && r.s.TSecr != 0 {
			return true
		}
		return !one.stamps && r.ack >= one.hi && r.now-one.time < r.tx.distance/2-breakTime
	})
	rp.unjudged = 0
	for i := range rp.resent[:rp.nResent] {
		one := &rp.resent[i]
		one.head = false
		if one.hi > r.ack {
			rp.unjudged++
		}
	}
}

// amend tells that an earlier retransmission of h was not needed.
func (r *reader) amend(h *half, one *resent) {
	r.unneeded(h, one)
	r.revise(Reading{
		Seq: h.relative(uint32(one.lo)), Kind: KindRetransmission, Cause: one.cause, Spurious: true, Amends: one.frame,
	})
}

// revise tells what the segment shows of an earlier one.
func (r *reader) revise(to Reading) { r.p.revised = append(r.p.revised, to) }
