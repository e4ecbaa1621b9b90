package analyzer

import "tcptrace/reassembly"

// leastRenege is the least time for which a receiver has to stick to it that it threw bytes away: its next ACK may cover
// them. Linux waits for that (tcp_check_sack_reneging), or half a round trip.
const leastRenege Time = 10e6

// strangeBlocks looks for SACK blocks of bytes that the peer cannot have sent: beyond all that its window ever allowed, or before its stream.
func (r *reader) strangeBlocks(blocks [][2]uint32) {
	h := r.rx
	low, high := r.ack-farthest, max(r.ack, h.end)+farthest
	if h.flags.has(isnKnown) && h.flags.has(sentSYN|sentSYNACK) && r.tx.flags.has(sentSYN|sentSYNACK) && r.tx.rightWin != 0 {
		low, high = h.start-1, max(r.tx.rightWin, h.end)
	}
	for _, b := range blocks {
		lo, hi := reassembly.Unwrap(r.ack, reassembly.Seq(b[0])), reassembly.Unwrap(r.ack, reassembly.Seq(b[1]))
		if lo >= hi || lo >= low && hi <= high {
			continue
		}
		m := r.note(markStrangeSACK, r.s.Dir)
		if m.count == 1 {
			m.amount = int64(lo - r.ack)
		}
		return
	}
}

// takesBack is an ACK that ends where bytes begin that were selectively acknowledged, n of them.
func (r *reader) takesBack(rp *repair, n int64) {
	rp.renegedTo = max(rp.renegedTo, r.ack+reassembly.Pos(n))
	rp.renegedAt, rp.renegedIn = r.now, r.s.Frame
}

// sticks reports whether the receiver of a's data has had time to acknowledge what it took back.
func (a *book) sticks(rp *repair, now Time) bool {
	return now-rp.renegedAt >= max(leastRenege, a.rtt.srtt/2)
}

// reneges looks whether an ACK sticks to it that its sender has thrown bytes away.
func (r *reader) reneges(rp *repair) {
	switch {
	case r.ack >= rp.renegedTo:
		rp.renegedIn, rp.renegedTo = 0, 0
	case r.b.sticks(rp, r.now):
		r.v.notes |= NoteReneged
		r.reneged(rp, r.s.Dir)
		rp.renegedIn = 0
	}
}

// believes is a retransmission of bytes that the receiver, of direction dir, seems to have thrown away: its sender believes that.
func (r *reader) believes(rp *repair, dir uint8) {
	if r.pos < rp.renegedTo && r.end > r.una && r.a.sticks(rp, r.now) {
		r.reneged(rp, dir)
	}
}

// reneged notes that the endpoint dir has thrown away what it had selectively acknowledged, as the frame showed that stopped short of it.
func (r *reader) reneged(rp *repair, dir uint8) {
	m := r.find(markReneged, dir)
	if m != nil && m.last >= rp.renegedAt {
		return // told already
	}
	if m = r.note(markReneged, dir); m.count == 1 {
		m.time, m.ahead = rp.renegedAt, uint32(rp.renegedIn-r.c.firstFrame)
	}
}
