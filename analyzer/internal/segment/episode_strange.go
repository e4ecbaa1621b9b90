package segment

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/reading"
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// farTTL is by how many hops a segment is off if another sent it. Routes change by one or two.
const farTTL = 3

// abortsRST is in the causes of IncidentStrange if it is an RST with ACK.
const abortsRST uint8 = 1

// suspect weighs whether an RST, a FIN or data are from another than they say. Who injects a segment seldom knows which
// TTL it has to arrive with; the IP ID and timestamp that come next are harder to guess for who is not on the path.
func (r *Reader) suspect(was Snapshot) {
	s := r.S
	early := r.tooSoon()
	if r.Tx.Packets == 0 || s.Flags.Any(wire.SYN) {
		return // nothing to compare with
	}
	m := r.find(conn.IncidentStrange, s.Dir)
	if m != nil && m.Amount != 0 && m.TTL == s.TTL && m.TTL != m.Usual {
		m.Count++
		m.Last = r.now
		return
	}
	what := r.misfits(was)
	if early {
		what |= conn.BadTiming
	}
	rst, ends := s.Flags.Any(wire.RST), s.Flags.Any(wire.RST|wire.FIN)
	switch {
	case what == conn.BadTTL && !ends, what&(conn.BadTTL|conn.BadFlags) == 0 && !rst: // routes change; hosts have several counters
		return
	case m != nil && (m.Amount != 0 || what == 0):
		return // one is enough
	case rst && what&(conn.BadTTL|conn.BadTiming) == 0 && !(r.Tx.Flags & r.Rx.Flags).Has(conn.SentACK):
		return // before both are ESTABLISHED an endpoint resets what it does not expect, and goes on
	case m == nil:
		m = r.noteIncident(conn.IncidentStrange, s.Dir)
	}
	m.Time, m.Ahead, m.Count = r.now, uint32(s.Frame-r.C.FirstFrame), 1
	m.Amount, m.TTL = what, s.TTL
	m.Usual = min(max(s.TTL, was.ttlMin), was.ttlMax)
	m.Hole = conn.Hole{From: r.pos, To: r.end}
	if m.Causes = 0; s.Flags.Has(wire.RST | wire.ACK) {
		m.Causes = abortsRST
	}
	if m.Run.Since = 0; ends {
		m.Run.Begin(r.now)
		r.A.flags |= statsEpisode
	}
}

// tooSoon reports whether an RST acknowledges what passed the tap less than half the distance of its sender ago, there
// and back: no way becomes so much shorter. Of a sender that is near, queues say more than the way.
func (r *Reader) tooSoon() bool {
	s := r.S
	if !s.Flags.Has(wire.RST|wire.ACK) || r.Tx.Distance < conn.CaptureSkew || r.Rx.Probe == 0 || r.Tx.Acked >= r.Rx.Probe { // it has what was captured behind its ACK
		return false
	}
	ack := reassembly.Unwrap(r.Rx.End, reassembly.Seq(s.Ack))
	return ack >= r.Rx.Probe && ack <= r.Rx.End && r.now-r.Rx.ProbeTime < r.Tx.Distance/2
}

// misfits is what does not fit the endpoint that a segment says it is from.
func (r *Reader) misfits(was Snapshot) (what conn.Betrayal) {
	s := r.S
	if int(s.TTL)-int(was.ttlMax) >= farTTL || int(was.ttlMin)-int(s.TTL) >= farTTL {
		what |= conn.BadTTL
	}
	before := SenderStats{id: was.id, idSteps: was.idSteps, idJumps: was.idJumps}
	if s.IPID != 0 && before.counts() && s.IPID-was.id+largestStep > 2*largestStep {
		what |= conn.BadID
	}
	if s.Flags&(wire.FIN|wire.ACK) == wire.FIN {
		what |= conn.BadFlags
	}
	stamped := s.Bits&wire.HasTimestamps != 0
	if was.tsMax != 0 && (stamped && int32(s.TSval-was.tsMax) < 0 || !stamped && !s.Flags.Any(wire.RST)) {
		what |= conn.BadTimestamp
	}
	if r.V.Kind == reading.KindUnacceptable && r.V.Notes&reading.NotePAWS == 0 && what&conn.BadFlags == 0 && !r.answersStray() {
		what |= conn.BadPosition
	}
	return what
}

// answersStray reports whether an RST is what a host without such a connection answers to a segment that the connection does not take: that
// was of another, and whoever has neither may have sent the RST.
func (r *Reader) answersStray() bool {
	if !r.S.Flags.Any(wire.RST) {
		return false
	}
	m := r.find(conn.IncidentStray, 1-r.S.Dir)
	return m != nil && r.now-m.Last <= max(conn.RoundTrip, 2*r.loop()) && m.AnswersStray(r.S)
}

// goesOn looks whether a segment shows that its sender did not send the RST or FIN of m: no endpoint sends anything but
// RSTs behind its RST, or bytes behind its FIN. The network may have the RST overtake what was sent before it.
func (r *Reader) goesOn(m *conn.Incident) {
	switch late := r.order() < 0 || !r.Tx.SentBehind(conn.Ending{Time: m.Run.Since, Seq: uint32(m.Hole.From), Aborts: m.Causes&abortsRST != 0}, r.Rx, r.S, r.end > r.next); {
	case late, r.S.Flags.Any(wire.RST | wire.SYN), r.S.TTL == m.TTL && m.TTL != m.Usual:
		return
	case r.S.Flags.Any(wire.FIN) && r.end == m.Hole.To:
		m.Run.End(r.now) // the end is there
		return
	}
	isRST := m.Hole.From == m.Hole.To
	if isRST || r.end > m.Hole.To || r.end == m.Hole.To && r.S.Len > 0 && !r.S.Flags.Any(wire.FIN) {
		m.Amount |= conn.BadEnd
		m.Run.End(r.now)
	}
}
