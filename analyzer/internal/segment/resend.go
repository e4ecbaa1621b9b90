package segment

import (
	"tcptrace/analyzer/internal/flight"
	"tcptrace/analyzer/internal/reading"
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

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
		r.V.Notes |= reading.NoteLostBefore
	}
	r.p.Recoveries.again(rp, r.V.Cause)
	r.V.Spurious = r.V.Spurious || r.end <= r.Rx.Acked || rp.acked.Known() && rp.acked.Has(r.p.Recoveries.Ranges, max(r.pos, r.Rx.Acked), r.end)
	if r.pos < rp.old.end {
		r.p.Recoveries.forget(&rp.old)
	}
	if rp.renegedIn != 0 {
		r.believes(rp, 1-r.S.Dir)
	}
	lost, since := r.repairs(rp, i, fresh)
	for ; i >= 0 && i < int(r.A.flight.N); i++ {
		e := r.A.flight.At(&r.p.Flights, i)
		if e.Times < 255 {
			e.Times++
		}
		if e.Flags&flight.Hole == 0 {
			rp.interval(r.now-e.Time, e.Times)
		}
		if e.Flags&flight.Hole == 0 || r.whole(i, e) {
			e.Time, e.ID = r.now, r.S.IPID
			again := flight.Hole | flight.Stamped | flight.Damaged
			if int32(e.End-uint32(r.end)) <= 0 {
				again |= flight.InVain
			}
			e.Flags = e.Flags&^again | r.damage()
		}
		if int32(e.End-uint32(r.end)) >= 0 {
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
		return reassembly.Unwrap(r.next, reassembly.Seq(r.A.flight.At(&r.p.Flights, i-1).End))
	}
	return r.una
}

// whole reports whether the segment has all of the i-th range in flight.
func (r *Reader) whole(i int, e *flight.Segment) bool {
	return r.pos <= r.startOf(i) && int32(e.End-uint32(r.end)) <= 0
}
