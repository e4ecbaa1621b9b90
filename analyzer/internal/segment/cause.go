package segment

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/flight"
	"tcptrace/analyzer/internal/reading"
	"tcptrace/analyzer/internal/rtt"
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// why finds the cause of a retransmission. i is its place in flight, and e that segment, if it is in flight.
func (r *Reader) why(rp *Recovery, i int, e *flight.Segment) {
	r.V.Cause = r.cause(rp, i, e)
	switch r.V.Cause {
	case conn.CauseTimeout:
		rp.recover, rp.by = r.next, conn.CauseTimeout
	case conn.CauseFast, conn.CauseSACK:
		if rp.recover <= r.una {
			rp.recover, rp.by = r.next, r.V.Cause
		}
	default:
		return
	}
	if r.una < r.next {
		r.A.enter(modeRecovery, r.now, r.C.First, r.Tx.Distance)
	}
}

// cause weighs what the sender had heard, and how long it had waited:
//
//   - until all is acknowledged that was in flight at a timeout, it repeats because of that;
//   - it heard of a loss, and answers an ACK: fast; it waited after the last ACK, less than its timer: SACK, if there were any;
//   - a SYN-ACK without the data that came with its SYN calls for them at once (RFC 7413 4.2.2), which has no name here;
//   - it heard of none: the last segment, for the first time: a tail probe, which only who uses SACK sends;
//   - else, if it waited long enough, its timer.
func (r *Reader) cause(rp *Recovery, i int, e *flight.Segment) conn.Cause {
	last, times, sentAt := r.end >= r.next, uint8(0), r.A.advanced
	switch {
	case e != nil:
		times, sentAt = e.Times, e.Time
	case r.pos == rp.tail:
		times, sentAt = rp.tailTimes, rp.tailTime
	}
	rp.tail, rp.tailTimes, rp.tailTime = r.pos, times+1, r.now
	var (
		rto     = r.A.RTT.RTO(r.Tx.Distance)
		waited  = r.now - sentAt
		timer   = waited >= rto/4*3
		answers = r.now-r.Rx.Last < r.responseTime() || r.Rx.Packets == 0
		repairs = rp.recover > r.una || rp.by != conn.CauseNone && r.now-rp.recovered < r.responseTime() // it hears later than the tap
	)
	switch {
	case repairs && rp.by == conn.CauseTimeout:
		return conn.CauseTimeout
	case r.lossHeard() || repairs:
		switch {
		case answers:
			return conn.CauseFast
		case timer:
			return conn.CauseTimeout
		case rp.sacks > 0:
			return conn.CauseSACK
		}
		return conn.CauseUnknown
	case e != nil && e.Flags&flight.IsSYN != 0 && (answers || !r.Tx.Flags.Has(conn.SentACK)):
		return conn.CauseUnknown
	case last && times == 0 && r.mayProbe() && waited < r.latestProbe():
		return conn.CauseTailProbe
	case timer:
		return conn.CauseTimeout
	case waited < conn.MinRTO && (r.Rx.Packets == 0 || rp.heard != 0 && r.now-rp.heard < max(conn.MinRTO, r.responseTime())):
		return conn.CauseFast // sooner than any timer: it answers what was heard before, or what nobody captured
	case waited >= conn.MinRTO && r.pos <= r.una && !answers:
		return conn.CauseTimeout
	}
	return conn.CauseUnknown
}

// lossHeard reports whether the sender was told that bytes behind the segment arrived: by SACK blocks, or where there
// are none by duplicate ACKs.
func (r *Reader) lossHeard() bool {
	switch {
	case r.sackedAbove(), r.A.dup >= dupThresh:
		return true
	case r.A.dup == 0:
		return false
	case !r.Tx.Flags.Has(conn.SentSYN|conn.SentSYNACK) || !r.Rx.Flags.Has(conn.SentSYN|conn.SentSYNACK):
		return r.p.RecoveryOf(r.A, r.Tx).sacks == 0 // it may be that they do without
	}
	return !r.mayProbe()
}

// mayProbe reports whether the connection uses SACK, as far as is known.
func (r *Reader) mayProbe() bool {
	return r.A.flags.has(statsSACK) && r.b.flags.has(statsSACK) || !r.Tx.Flags.Has(conn.SentSYN|conn.SentSYNACK) || !r.Rx.Flags.Has(conn.SentSYN|conn.SentSYNACK)
}

// responseTime is how long after an ACK the answer to it passes the tap, at most: the distance of the sender there
// and back, and what that may vary by.
func (r *Reader) responseTime() conn.Time {
	return r.Tx.Distance + r.Tx.Distance/2 + (r.A.RTT.SRTT+r.Tx.Distance)/4
}

// latestProbe is when a tail loss probe is sent at the latest: after two round trips and the longest delay of
// an ACK (RFC 8985 7.2; 200 ms, as Linux has it), or in place of the timer.
func (r *Reader) latestProbe() conn.Time {
	if r.A.RTT.N == 0 {
		return 2 * rtt.First
	}
	return 2*(r.A.RTT.SRTT+r.Tx.Distance) + 4*r.A.RTT.Var + 2*conn.MinRTO
}

// prove looks for retransmissions of h that turn out unneeded.
func (r *Reader) prove(rp *Recovery, h *conn.Half, unneeded func(*resent) bool) {
	for i := 0; i < int(rp.nResent); {
		if !unneeded(&rp.resent[i]) {
			i++
			continue
		}
		r.acquit(rp, h, i)
	}
}

// acquit takes back that the i-th of the retransmissions of h repaired a loss.
func (r *Reader) acquit(rp *Recovery, h *conn.Half, i int) {
	one := &rp.resent[i]
	rp.SpuriousPackets++
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
func (r *Reader) proveTwice(rp *Recovery, twice reassembly.Range) {
	from := twice.Hi + 1 // of those acquitted so far; one more for a FIN
	for i := int(rp.nResent) - 1; i >= 0; i-- {
		one := &rp.resent[i]
		if one.lo < twice.Lo || one.hi > min(from, twice.Hi+1) || r.now-one.time < r.Tx.Distance/2 {
			continue
		}
		from = one.lo
		r.acquit(rp, r.Rx, i)
	}
}

// settleResent judges the retransmissions that an ACK covers: unneeded if it was sent too soon to answer them,
// or if it echoes a timestamp from before (Eifel, RFC 3522).
func (r *Reader) settleResent(rp *Recovery) {
	r.prove(rp, r.Rx, func(one *resent) bool {
		if one.head && r.ack > one.lo && one.stamps && r.S.Bits&wire.HasTimestamps != 0 && int32(r.S.TSecr-one.tsval) < 0 && r.S.TSecr != 0 {
			return true
		}
		return !one.stamps && r.ack >= one.hi && r.now-one.time < r.Tx.Distance/2-conn.BreakTime
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

// TakeBack takes back that what h sent since a moment repaired a loss, although it had not been captured before: it filled a hole in front
// of what is not of h.
func (p *Pools) TakeBack(a *SenderStats, h *conn.Half, since conn.Time) {
	if a.recovery == 0 {
		return
	}
	rp := p.Recoveries.At(a.recovery)
	for i := int(rp.nResent) - 1; i >= 0; i-- {
		one := rp.resent[i]
		if !one.before || one.time <= since {
			continue
		}
		rp.causes[one.cause]--
		p.Recoveries.Causes[one.cause]--
		rp.lost -= min(rp.lost, uint32(one.lost))
		rp.lostPackets -= min(rp.lostPackets, 1)
		p.Revised = append(p.Revised, reading.Reading{Seq: h.Relative(uint32(one.lo)), Kind: reading.KindData, Amends: one.frame})
		rp.forget(i)
	}
}

// amend tells that an earlier retransmission of h was not needed.
func (r *Reader) amend(h *conn.Half, one *resent) {
	r.unneeded(h, one)
	r.revise(reading.Reading{
		Seq: h.Relative(uint32(one.lo)), Kind: reading.KindRetransmission, Cause: one.cause, Spurious: true, Amends: one.frame,
	})
}

// revise tells what the segment shows of an earlier one.
func (r *Reader) revise(to reading.Reading) { r.p.Revised = append(r.p.Revised, to) }
