package segment

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/flight"
	"tcptrace/reassembly"
)

const (
	// Vanished is how often a full segment is sent again in vain before that is no chance.
	Vanished = 2
	// optionRoom is by how much a segment may be smaller than the MSS that its receiver offered, and be full: options.
	optionRoom = 40
	// leastFull is the size below which every path takes a packet, nearly (RFC 9293 3.7.1).
	leastFull = 536
)

// isFull reports whether n bytes are as many as the sender of a segment may put into one: peer has the statistics of its receiver.
func (peer *SenderStats) isFull(n reassembly.Pos) bool {
	return peer.mss > leastFull && n+optionRoom >= reassembly.Pos(peer.mss)
}

// vanishes notes that the first segment in flight is sent again by a timer: as a full one, or in pieces.
func (r *Reader) vanishes() {
	m := r.find(conn.IncidentBlackHole, r.S.Dir)
	switch full := r.b.isFull(reassembly.Pos(r.S.Len)); {
	case r.A.flags.has(statsFullACKed) || r.b.mss == 0:
		return
	case !full && m != nil && m.Count >= Vanished && r.pos > m.Hole.From && r.pos < m.Hole.To:
		m.Amount = int64(r.S.Len) // the piece before it was acknowledged
	case !full:
		return
	case m == nil || m.Hole.From != r.pos:
		if m == nil {
			m = r.noteIncident(conn.IncidentBlackHole, r.S.Dir)
		}
		if m.Amount == 0 {
			m.Count, m.Hole = 1, conn.Hole{From: r.pos, To: r.end}
		}
	default:
		m.Count++
		m.Last = r.now
	}
	if m.Amount == 0 && m.Count >= Vanished && (r.sackedAbove() || r.smallArrived()) {
		m.Amount = -1
	}
}

// smallArrived reports whether duplicate ACKs show that something smaller arrived behind the first segment in flight, which is full: there is
// nothing else behind it. Where both sides use SACK such an ACK would say what arrived.
func (r *Reader) smallArrived() bool {
	a, n := r.A, int(r.A.flight.N)
	if a.dup == 0 || n < 2 || a.flags.has(statsSACK) && r.b.flags.has(statsSACK) {
		return false
	}
	before := a.flight.At(&r.p.Flights, 0).End
	for i := 1; i < n; i++ {
		e := a.flight.At(&r.p.Flights, i)
		if e.Flags&(flight.Hole|flight.Merged) != 0 || r.b.isFull(reassembly.Pos(e.End-before)) {
			return false
		}
		before = e.End
	}
	return true
}
