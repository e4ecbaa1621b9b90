package segment

import "tcptrace/analyzer/internal/reading"

import "tcptrace/analyzer/internal/conn"

// NoteConflict notes that other bytes were in the place of the segment so many frames before, in one with that TTL. The octet of a keep-alive may
// be any (RFC 9293 3.8.4).
func (r *Reader) NoteConflict(frames uint32, ttl uint8) {
	if r.V.Kind == reading.KindKeepAlive || r.V.Kind == reading.KindUnacceptable {
		return
	}
	if m := r.C.Note(&r.p.Facts.Incidents, conn.IncidentConflict, r.S.Dir, r.S, int64(r.S.Len)); m.Count == 1 {
		m.Hole, m.Run.N, m.TTL, m.Usual = conn.Hole{From: r.pos, To: r.end}, frames, ttl, r.S.TTL
	}
}

// contradict enters a segment with other bytes than were in its place before. It is called a retransmission; but it repairs nothing, and no stack sends
// one: what made its sender send it is not known, nor which of the two its receiver has.
func (r *Reader) contradict(rp *Recovery) {
	r.V.Kind, r.V.Cause = reading.KindRetransmission, conn.CauseUnknown
	r.countRepeated(rp)
	r.p.Recoveries.again(rp, r.V.Cause)
}
