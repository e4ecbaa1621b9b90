package segment

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/flight"
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// ethernetMSS is the largest segment that an Ethernet carries, without options.
const ethernetMSS = 1460

// repairs is how many lost segments a retransmission repairs, i being the place in flight of its first byte, and when the first of them
// had passed, or was missed. It repairs those of which it has the end, so that several pieces of one do not count each;
// of a super segment (TSO), which is many, and of what was not captured each piece counts.
func (r *Reader) repairs(rp *Recovery, i int, fresh int64) (lost uint8, since conn.Time) {
	switch {
	case rp.untaken:
		return 0, r.now
	case i >= 0:
	case fresh > 0 && r.end > r.una:
		return 1, r.now
	default:
		return 0, 0
	}
	since = r.A.flight.At(&r.p.Flights, i).Time
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
	for ; i < int(r.A.flight.N); i++ {
		e := r.A.flight.At(&r.p.Flights, i)
		end := reassembly.Unwrap(r.next, reassembly.Seq(e.End))
		switch {
		case from >= r.end:
			return lost, since
		case e.Flags&flight.InVain != 0: // it may have come, but was not taken
		case e.Flags&flight.IsSYN != 0 && r.Rx.Acked != 0: // it came, and its payload was not taken
		case end <= rp.renegedTo: // it came, and was thrown away
		case e.Flags&(flight.Hole|flight.Merged) != 0 || end-from > reassembly.Pos(limit)+1:
			if !pieces {
				pieces = true
				lost++
			}
		case end <= r.end && lost < 255:
			lost++
			if e.Flags&flight.Damaged != 0 {
				rp.damaged++
			}
		}
		from = end
	}
	return lost, since
}

// lose notes losses that the segment repairs, of what passed last, or was missed, at since.
func (r *Reader) lose(rp *Recovery, lost uint8, before bool, since conn.Time) {
	if r.pos != rp.lossPos && r.pos != rp.lossRest || rp.lossSince == 0 {
		rp.lossSince = since // else it is sent again once more, or the next piece of it
	}
	if rp.lossPos, rp.lossRest = r.pos, 0; lost == 0 {
		rp.lossRest = r.end
	}
	if lost == 0 || r.S.Len == 0 || r.S.Flags.Any(wire.SYN) {
		return // SYNs and FINs have anomalies of their own
	}
	m := r.find(conn.IncidentLoss, r.S.Dir)
	if m == nil {
		m = r.noteIncident(conn.IncidentLoss, r.S.Dir)
		m.Count = 0
	}
	if m.Count == 0 {
		m.Time, m.Ahead = r.now, r.C.Ahead(r.S)
	}
	m.Last = r.now
	m.Count += uint32(lost)
	if before {
		m.Amount++
	}
	m.Run.N += uint32(lost)
	rp.unanswered = true
	m.Causes |= 1 << r.V.Cause
	if rp.lossSince != 0 { // else it passed before the capture began
		m.Run.Longest = max(m.Run.Longest, r.now-rp.lossSince)
	}
}

// answered is an ACK that advances: the retransmissions before it were not the last word.
func (r *Reader) answered(rp *Recovery) {
	rp.unanswered, rp.untaken = false, false
	if m := r.find(conn.IncidentLoss, 1-r.S.Dir); m != nil {
		m.Run.N = 0
	}
}

// untaken is a SYN-ACK that is sent once more though it was acknowledged: what its peer has sent so far came, and was not taken.
func (r *Reader) untaken() {
	if r.Rx.End == r.Tx.Acked && r.b.recovery == 0 {
		return
	}
	rp := r.p.RecoveryOf(r.b, r.Rx)
	rp.lost, rp.lostPackets, rp.untaken, rp.unanswered = 0, 0, true, true
	if m := r.find(conn.IncidentLoss, 1-r.S.Dir); m != nil {
		m.Count, m.Amount, m.Run.N = 0, 0, 0
	}
}

// unlose takes back the losses that a retransmission of h seemed to repair.
func (r *Reader) unlose(h *conn.Half, one *resent) {
	dir := r.S.Dir
	if h == r.Rx {
		dir = 1 - dir
	}
	m := r.find(conn.IncidentLoss, dir)
	if m == nil || isControl(h, one) {
		return
	}
	m.Count -= min(m.Count, uint32(one.lost))
	m.Run.N -= min(m.Run.N, uint32(one.lost))
	if one.before {
		m.Amount = max(0, m.Amount-1)
	}
}

// isControl reports whether a retransmission is that of a SYN or of a FIN alone.
func isControl(h *conn.Half, one *resent) bool {
	return one.lo < h.Start || one.hi-one.lo <= 1 && h.Flags.Has(conn.SentFIN) && one.lo >= h.FIN
}
