package segment

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/reading"
	"tcptrace/reassembly"
)

// leastRenege is the least time for which a receiver has to stick to it that it threw bytes away: its next ACK may cover
// them. Linux waits for that (tcp_check_sack_reneging), or half a round trip.
const leastRenege conn.Time = 10e6

// strangeBlocks looks for SACK blocks of bytes that the peer cannot have sent: beyond all that its window ever allowed, or before its stream.
func (r *Reader) strangeBlocks(blocks [][2]uint32) {
	h := r.Rx
	low, high := r.ack-conn.Farthest, max(r.ack, h.End)+conn.Farthest
	if h.Flags.Has(conn.ISNKnown) && conn.KnowsScale(h, r.Tx) && r.Tx.RightWin != 0 {
		low, high = h.Start-1, max(r.Tx.RightWin, h.End)
	}
	for _, b := range blocks {
		lo, hi := reassembly.Unwrap(r.ack, reassembly.Seq(b[0])), reassembly.Unwrap(r.ack, reassembly.Seq(b[1]))
		if lo >= hi || lo >= low && hi <= high {
			continue
		}
		m := r.noteIncident(conn.IncidentStrangeSACK, r.S.Dir)
		if m.Count == 1 {
			m.Amount = int64(lo - r.ack)
		}
		return
	}
}

// takesBack is an ACK that ends where bytes begin that were selectively acknowledged, n of them.
func (r *Reader) takesBack(rp *Recovery, n int64) {
	rp.renegedTo = max(rp.renegedTo, r.ack+reassembly.Pos(n))
	rp.renegedAt, rp.renegedIn = r.now, r.S.Frame
}

// sticks reports whether the receiver of a's data has had time to acknowledge what it took back.
func (a *SenderStats) sticks(rp *Recovery, now conn.Time) bool {
	return now-rp.renegedAt >= max(leastRenege, a.RTT.SRTT/2)
}

// reneges looks whether an ACK sticks to it that its sender has thrown bytes away.
func (r *Reader) reneges(rp *Recovery) {
	switch {
	case r.ack >= rp.renegedTo:
		rp.renegedIn, rp.renegedTo = 0, 0
	case r.b.sticks(rp, r.now):
		r.V.Notes |= reading.NoteReneged
		r.reneged(rp, r.S.Dir)
		rp.renegedIn = 0
	}
}

// believes is a retransmission of bytes that the receiver, of direction dir, seems to have thrown away: its sender believes that.
func (r *Reader) believes(rp *Recovery, dir uint8) {
	if r.pos < rp.renegedTo && r.end > r.una && r.A.sticks(rp, r.now) {
		r.reneged(rp, dir)
	}
}

// reneged notes that the endpoint dir has thrown away what it had selectively acknowledged, as the frame showed that stopped short of it.
func (r *Reader) reneged(rp *Recovery, dir uint8) {
	m := r.find(conn.IncidentReneged, dir)
	if m != nil && m.Last >= rp.renegedAt {
		return // told already
	}
	if m = r.noteIncident(conn.IncidentReneged, dir); m.Count == 1 {
		m.Time, m.Ahead = rp.renegedAt, uint32(rp.renegedIn-r.C.FirstFrame)
	}
}
