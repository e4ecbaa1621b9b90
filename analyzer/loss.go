package analyzer

import (
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// ethernetMSS is the largest segment that an Ethernet carries, without options.
const ethernetMSS = 1460

// repairs is how many lost segments a retransmission repairs, i being the place in flight of its first byte, and when the first of them
// had passed, or was missed. It repairs those of which it has the end, so that several pieces of one do not count each;
// of a super segment (TSO), which is many, and of what was not captured each piece counts.
func (r *reader) repairs(rp *repair, i int, fresh int64) (lost uint8, since Time) {
	switch {
	case rp.untaken:
		return 0, r.now
	case i >= 0:
	case fresh > 0 && r.end > r.una:
		return 1, r.now
	default:
		return 0, 0
	}
	since = r.a.flight.at(&r.p.flights, i).time
	limit, from, pieces := uint32(r.b.mss), min(r.una, r.pos), fresh > 0
	if limit == 0 {
		limit = ethernetMSS
	}
	if i > 0 {
		from = r.startOf(i)
	}
	if fresh > 0 {
		lost = 1
	}
	for ; i < int(r.a.flight.n); i++ {
		e := r.a.flight.at(&r.p.flights, i)
		end := reassembly.Unwrap(r.next, reassembly.Seq(e.end))
		switch {
		case from >= r.end:
			return lost, since
		case e.flags&sentInVain != 0: // it may have come, but was not taken
		case e.flags&sentIsSYN != 0 && r.rx.acked != 0: // it came, and its payload was not taken
		case end <= rp.renegedTo: // it came, and was thrown away
		case e.flags&(sentHole|sentMerged) != 0 || end-from > reassembly.Pos(limit)+1:
			if !pieces {
				pieces = true
				lost++
			}
		case end <= r.end && lost < 255:
			lost++
			if e.flags&sentDamaged != 0 {
				rp.damaged++
			}
		}
		from = end
	}
	return lost, since
}

// lose notes losses that the segment repairs, of what passed last, or was missed, at since.
func (r *reader) lose(rp *repair, lost uint8, before bool, since Time) {
	if r.pos != rp.lossPos && r.pos != rp.lossRest || rp.lossSince == 0 {
		rp.lossSince = since // else it is sent again once more, or the next piece of it
	}
	if rp.lossPos, rp.lossRest = r.pos, 0; lost == 0 {
		rp.lossRest = r.end
	}
	if lost == 0 || r.s.Len == 0 || r.s.Flags.Any(wire.SYN) {
		return // SYNs and FINs have anomalies of their own
	}
	m := r.find(markLoss, r.s.Dir)
	if m == nil {
		m = r.note(markLoss, r.s.Dir)
		m.count = 0
	}
	if m.count == 0 {
		m.time, m.ahead = r.now, r.c.ahead(r.s)
	}
	m.last = r.now
	m.count += uint32(lost)
	if before {
		m.amount++
	}
	m.run.n += uint32(lost)
	rp.unanswered = true
	m.causes |= 1 << r.v.cause
	if rp.lossSince != 0 { // else it passed before the capture began
		m.run.longest = max(m.run.longest, r.now-rp.lossSince)
	}
}

// answered is an ACK that advances: the retransmissions before it were not the last word.
func (r *reader) answered(rp *repair) {
	rp.unanswered, rp.untaken = false, false
	if m := r.find(markLoss, 1-r.s.Dir); m != nil {
		m.run.n = 0
	}
}

// untaken is a SYN-ACK that is sent once more though it was acknowledged: what its peer has sent so far came, and was not taken.
func (r *reader) untaken() {
	if r.rx.end == r.tx.acked && r.b.repair == 0 {
		return
	}
	rp := r.p.repairOf(r.b, r.rx)
	rp.lost, rp.lostPackets, rp.untaken, rp.unanswered = 0, 0, true, true
	if m := r.find(markLoss, 1-r.s.Dir); m != nil {
		m.count, m.amount, m.run.n = 0, 0, 0
	}
}

// unlose takes back the losses that a retransmission of h seemed to repair.
func (r *reader) unlose(h *half, one *resent) {
	dir := r.s.Dir
	if h == r.rx {
		dir = 1 - dir
	}
	m := r.find(markLoss, dir)
	if m == nil || isControl(h, one) {
		return
	}
	m.count -= min(m.count, uint32(one.lost))
	m.run.n -= min(m.run.n, uint32(one.lost))
	if one.before {
		m.amount = max(0, m.amount-1)
	}
}

// isControl reports whether a retransmission is that of a SYN or of a FIN alone.
func isControl(h *half, one *resent) bool {
	return one.lo < h.start || one.hi-one.lo <= 1 && h.flags.has(sentFIN) && one.lo >= h.fin
}
