package analyzer

import "tcptrace/reassembly"

const (
	// vanished is how often a full segment is sent again in vain before that is no chance.
	vanished = 2
	// optionRoom is by how much a segment may be smaller than the MSS that its receiver offered, and be full: options.
	optionRoom = 40
	// leastFull is the size below which every path takes a packet, nearly (RFC 9293 3.7.1).
	leastFull = 536
)

// isFull reports whether n bytes are as many as the sender of a segment may put into one: peer is the book of its receiver.
func (peer *book) isFull(n reassembly.Pos) bool {
	return peer.mss > leastFull && n+optionRoom >= reassembly.Pos(peer.mss)
}

// vanishes notes that the first segment in flight is sent again by a timer: as a full one, or in pieces.
func (r *reader) vanishes() {
	m := r.find(markBlackHole, r.s.Dir)
	switch full := r.b.isFull(reassembly.Pos(r.s.Len)); {
	case r.a.flags.has(bookFullACKed) || r.b.mss == 0:
		return
	case !full && m != nil && m.count >= vanished && r.pos > m.hole.from && r.pos < m.hole.to:
		m.amount = int64(r.s.Len) // the piece before it was acknowledged
	case !full:
		return
	case m == nil || m.hole.from != r.pos:
		if m == nil {
			m = r.note(markBlackHole, r.s.Dir)
		}
		if m.amount == 0 {
			m.count, m.hole = 1, hole{from: r.pos, to: r.end}
		}
	default:
		m.count++
		m.last = r.now
	}
	if m.amount == 0 && m.count >= vanished && r.sackedAbove() {
		m.amount = -1
	}
}
