package segment

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/reading"
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// proof is how it is known that a retransmission was not needed.
type proof = int64

const (
	byACK       proof = 1 << iota // the bytes were acknowledged before it was sent
	byDSACK                       // the receiver reports that they came twice (RFC 2883)
	byTimestamp                   // the ACK echoes the first copy's timestamp (Eifel, RFC 3522)
	byTime                        // the ACK came sooner than one of the second copy can
	byFirstCopy                   // the first copy, overtaken, came later
)

const (
	// timerPause is the least that a timer waits: what is sent sooner after a timeout or an ACK goes with that.
	timerPause = conn.MinRTO / 2

	strikingKinds = 1<<reading.KindRST | 1<<reading.KindRetransmission | 1<<reading.KindOutOfOrder | 1<<reading.KindKeepAlive | 1<<reading.KindZeroWindowProbe | 1<<reading.KindUnacceptable
	strikingNotes = reading.NoteZeroWindow | reading.NoteWindowFull | reading.NoteWindowExceeded | reading.NoteWindowShrunk | reading.NoteACKOfUnseen
)

// Snapshot is what the statistics knew of its sender's packets before a segment is read.
type Snapshot struct {
	tsMax            uint32
	id               uint16
	ttlMin, ttlMax   uint8
	idSteps, idJumps uint8
}

func (a *SenderStats) Snapshot() Snapshot {
	return Snapshot{a.tsMax, a.id, a.ttlMin, a.ttlMax, a.idSteps, a.idJumps}
}

// Unlike reports whether a segment is unlike those that its sender sent before: by its TTL, by its timestamp, or because it
// is an RST or has no ACK.
func (a *SenderStats) Unlike(s *wire.Segment) bool {
	return s.TTL-a.ttlMin > a.ttlMax-a.ttlMin || s.Flags&(wire.RST|wire.ACK) != wire.ACK || s.Bits&wire.HasTimestamps != 0 && int32(s.TSval-a.tsMax) < 0
}

// Striking reports whether there is more to a segment than ordinary data and ACKs. Most have nothing more.
func (r *Reader) Striking() bool {
	return r.V.Kind.Among(strikingKinds) || r.V.Notes&strikingNotes != 0 || (r.A.flags|r.b.flags)&statsEpisode != 0
}

// ObserveEpisodes notes what r shows beyond ordinary data and ACKs. It comes when the segment was read, and before the
// Conn takes it. was is of its sender's statistics before, valid if the segment is unlike others.
func (r *Reader) ObserveEpisodes(was Snapshot) {
	s := r.S
	if (r.A.flags|r.b.flags)&statsEpisode != 0 {
		r.followEpisodes()
	}
	switch r.V.Kind {
	case reading.KindRetransmission:
		r.sentAgain()
	case reading.KindOutOfOrder:
		r.sentEarlier()
	case reading.KindKeepAlive:
		r.asks()
	case reading.KindZeroWindowProbe:
		if m := r.find(conn.IncidentZeroWindow, 1-s.Dir); m != nil {
			m.Count++
			m.Last = r.now
			m.Run.Again(r.now, r.C.Ahead(r.S))
		}
	case reading.KindUnacceptable:
		r.rejected()
	case reading.KindRST:
		r.askedBefore()
	}
	if r.V.Notes&strikingNotes != 0 {
		r.noteWindows()
	}
	if s.Flags&(wire.SYN|wire.RST|wire.ACK) == 0 {
		r.noteIncident(conn.IncidentNoACK, s.Dir)
	}
	if r.Unlike && (s.Flags.Any(wire.RST|wire.FIN) || s.Len > 0) {
		r.suspect(was)
	}
}

func (r *Reader) find(k conn.IncidentKind, dir uint8) *conn.Incident {
	return r.C.Find(&r.p.Facts.Incidents, k, dir)
}

func (r *Reader) lasts(k conn.IncidentKind, dir uint8) bool {
	m := r.find(k, dir)
	return m != nil && m.Run.Since != 0
}

func (r *Reader) noteIncident(k conn.IncidentKind, dir uint8) *conn.Incident {
	return r.C.Note(&r.p.Facts.Incidents, k, dir, r.S, 0)
}

// sentAgain is a retransmission. SYNs and FINs without data have anomalies of their own.
func (r *Reader) sentAgain() {
	if r.S.Len == 0 || r.S.Flags.Any(wire.SYN) {
		return
	}
	if r.V.Spurious {
		r.noteIncident(conn.IncidentNeedless, r.S.Dir).Amount |= byACK
	}
	if r.V.Cause != conn.CauseTimeout || r.pos > r.una || r.end <= r.una {
		return
	}
	r.vanishes()
	since := max(r.A.advanced, r.Tx.BusySince)
	if since <= conn.LongAgo {
		since = r.Tx.Last
	}
	m := r.find(conn.IncidentTimer, r.S.Dir)
	last := since
	if m != nil {
		last = max(last, m.Last)
	}
	if r.now-last < max(timerPause, r.responseTime()) {
		return // the timer fired before; this goes with the ACK
	}
	m = r.noteIncident(conn.IncidentTimer, r.S.Dir)
	if m.Run.Since == 0 {
		m.Run.Begin(since)
		r.A.flags |= statsEpisode
	}
	m.Run.Again(r.now, r.C.Ahead(r.S))
}

// sentEarlier is a segment that others overtook. What was captured behind its ACK tells of the capture only.
func (r *Reader) sentEarlier() {
	if r.V.Notes&reading.NoteAfterACK != 0 || r.S.Flags.Any(wire.SYN) {
		return
	}
	m := r.noteIncident(conn.IncidentLate, r.S.Dir)
	m.Amount = max(m.Amount, int64(r.next-r.end))
	m.Run.Longest = max(m.Run.Longest, r.p.RecoveryOf(r.A, r.Tx).lateMax)
}

// asks is a keep-alive.
func (r *Reader) asks() {
	m := r.noteIncident(conn.IncidentKeepAlive, r.S.Dir)
	if m.Run.Since == 0 {
		m.Run.Begin(r.now)
		r.A.flags |= statsEpisode
	}
	m.Run.Again(r.now, r.C.Ahead(r.S))
}

// askedBefore is an RST that shows that all that was captured before it was keep-alives without data, if it comes when the next was due: its number
// is one above theirs (RFC 9293 3.8.4).
func (r *Reader) askedBefore() {
	n := r.Tx.Packets
	if m := r.find(conn.IncidentDuplicate, r.S.Dir); m != nil {
		n -= uint64(m.Count)
	}
	if r.pos != r.Tx.End+1 || n < 2 || n > maxAsked || !r.S.Flags.Has(wire.ACK) || !r.Tx.OnlyAsked(r.Rx) || r.lasts(conn.IncidentKeepAlive, r.S.Dir) {
		return
	}
	m := r.noteIncident(conn.IncidentKeepAlive, r.S.Dir)
	m.Time, m.Ahead, m.Count, m.Last = r.C.First, 0, uint32(n), r.Tx.Last
	m.Run.Begin(r.C.First)
	m.Run.Again(r.C.First, 0)
	m.Run.N, m.Run.Most, m.Hole.Passed = m.Count, m.Count, true
}

// maxAsked is more keep-alives than any stack sends in vain.
const maxAsked = 1000

// rejected is what its receiver drops. RSTs and SYNs have anomalies of their own.
func (r *Reader) rejected() {
	if !r.S.Flags.Any(wire.RST) {
		r.C.NoteStray(&r.p.Facts.Incidents, r.S)
	}
	switch dir := r.S.Dir; {
	case r.S.Flags.Any(wire.SYN | wire.RST):
	case r.V.Notes&reading.NotePAWS != 0:
		m := r.noteIncident(conn.IncidentOldStamp, dir)
		m.Amount = max(m.Amount, int64(r.A.tsMax-r.S.TSval))
	case r.V.Notes&reading.NoteOldACK != 0 && r.ackTooFar():
		m := r.noteIncident(conn.IncidentUnsent, dir)
		m.Amount = max(m.Amount, int64(r.S.Ack-uint32(r.Rx.End)))
	case r.V.Notes&reading.NoteOldACK != 0:
		m := r.noteIncident(conn.IncidentOldACK, dir)
		m.Amount = max(m.Amount, int64(uint32(max(r.Tx.Acked, r.Rx.Start))-r.S.Ack))
		r.C.Provoke(r.Rx)
	case !r.S.Flags.Has(wire.ACK):
	case r.S.SeqLen() > 0:
		far := int64(r.pos - r.una)
		if far > 0 {
			far = int64(r.end - r.Rx.RightWin)
		}
		r.beyond(far)
	}
}

// What IncidentOutside is about: Incident.Causes.
const (
	OutsideData uint8 = 1 << iota
	OutsideFIN
)

func (r *Reader) beyond(far int64) {
	m := r.noteIncident(conn.IncidentOutside, r.S.Dir)
	if m.Count == 1 || far > m.Amount {
		m.Amount = far
	}
	if r.S.Len > 0 {
		m.Causes |= OutsideData
	}
	if r.S.Flags.Has(wire.FIN) {
		m.Causes |= OutsideFIN
	}
}

// noteWindows notes what there is to say of windows and acknowledgments.
func (r *Reader) noteWindows() {
	n, dir := r.V.Notes, r.S.Dir
	if n&reading.NoteWindowFull != 0 {
		r.noteIncident(conn.IncidentFullWindow, dir)
	}
	if n&reading.NoteWindowExceeded != 0 && r.end > r.Rx.RightWin && !r.lasts(conn.IncidentZeroWindow, 1-dir) {
		r.beyond(int64(r.end - r.Rx.RightWin))
	}
	all := r.Rx.Flags.Has(conn.SentFIN) && r.ack > r.Rx.FIN // who has everything needs no window
	if n&reading.NoteWindowShrunk != 0 && r.order() >= 0 && !all {
		m := r.noteIncident(conn.IncidentShrunk, dir)
		m.Amount = max(m.Amount, int64(r.Tx.RightWin-r.A.edge))
	}
	if n&reading.NoteZeroWindow != 0 && !r.S.Flags.Any(wire.SYN) && !all {
		m := r.find(conn.IncidentZeroWindow, dir)
		if m == nil {
			m = r.noteIncident(conn.IncidentZeroWindow, dir)
			m.Count = 0 // of probes
		}
		if m.Run.Since == 0 {
			m.Run.Begin(r.now)
			r.A.flags |= statsEpisode
		}
	}
	if n&reading.NoteACKOfUnseen != 0 && r.Rx.Flags.Has(conn.ISNKnown) && r.Rx.Flags.Has(conn.SentACK|conn.SentSYNACK) && !r.Rx.Flags.Has(conn.Fragmented) {
		r.doubt()
	}
}

// doubt notes an ACK of bytes that were not captured. Were they sent? Their sender may tell.
func (r *Reader) doubt() {
	m := r.find(conn.IncidentUnsent, r.S.Dir)
	if m == nil {
		m = r.noteIncident(conn.IncidentUnsent, r.S.Dir)
		m.Count = 0
	}
	if m.Run.Since == 0 {
		m.Hole = conn.Hole{From: r.Tx.Acked, To: r.ack}
		m.Run.Begin(r.now)
		r.b.flags |= statsEpisode
	}
	m.Hole.To = max(m.Hole.To, r.ack)
	if r.C.Premature(r.S) {
		r.deny(m)
	}
}

// followEpisodes brings up to date what lasts.
func (r *Reader) followEpisodes() {
	dir, heard := r.S.Dir, r.V.Kind != reading.KindUnacceptable && r.V.Kind != reading.KindRST
	if m := r.find(conn.IncidentTimer, 1-dir); m != nil && m.Run.Since != 0 && heard && r.ack > r.Tx.Acked {
		m.Run.End(r.now)
	}
	if m := r.find(conn.IncidentZeroWindow, dir); m != nil && m.Run.Since != 0 {
		if m.Run.N = 0; r.S.Window != 0 && heard {
			m.Run.End(r.now)
		}
	}
	if m := r.find(conn.IncidentKeepAlive, 1-dir); m != nil && m.Run.Since != 0 && !m.Hole.Passed && !m.Stopped(r.now-r.loop()) {
		r.answers(m, heard)
	}
	if m := r.find(conn.IncidentKeepAlive, dir); m != nil && m.Run.Since != 0 {
		if r.V.Kind == reading.KindRST {
			m.Hole.Passed = true
		} else if r.V.Kind != reading.KindKeepAlive && m.Stopped(r.now) {
			r.answers(m, true) // it goes on
		}
	}
	r.weigh()
	if m := r.find(conn.IncidentStrange, dir); m != nil && m.Run.Since != 0 {
		r.goesOn(m)
	}
	r.A.unfollow(r, dir)
	r.b.unfollow(r, 1-dir)
}

// answers ends the time for which an endpoint asked in vain whether its peer is there.
func (r *Reader) answers(m *conn.Incident, heard bool) {
	if heard {
		m.Amount++
	}
	m.Run.End(r.now)
}

// unfollow takes the flag from statistics of which nothing lasts any more.
func (a *SenderStats) unfollow(r *Reader, dir uint8) {
	if a.flags&statsEpisode == 0 {
		return
	}
	for _, k := range [...]conn.IncidentKind{conn.IncidentTimer, conn.IncidentZeroWindow, conn.IncidentKeepAlive, conn.IncidentStrange} {
		if r.lasts(k, dir) {
			return
		}
	}
	if r.lasts(conn.IncidentUnsent, 1-dir) {
		return
	}
	a.flags &^= statsEpisode
}

// weigh looks what the segment tells of ACKs of bytes that were not captured: that they had been sent, or that they had not.
func (r *Reader) weigh() {
	for acker := range uint8(2) {
		m := r.find(conn.IncidentUnsent, acker)
		if m == nil || m.Run.Since == 0 {
			continue
		}
		switch r.C.Doubts(&r.p.Facts.Incidents, acker, r.S, r.Tx.Acked, r.next) {
		case conn.SentUnseen:
			m.Run.End(r.now)
		case conn.NotSent:
			r.deny(m)
		}
	}
}

// deny notes that the ACK of m acknowledged what had not been sent.
func (r *Reader) deny(m *conn.Incident) {
	peer := &r.C.Half[1-m.Dir]
	h, a, acked := r.Tx, r.A, max(m.Hole.From, peer.Start)
	switch {
	case m.Dir != r.S.Dir:
		h, a = r.Rx, r.b
	case r.ack < m.Hole.To:
		acked = max(acked, r.ack)
	}
	m.Count++
	m.Amount = max(m.Amount, int64(m.Hole.To-max(peer.End, m.Hole.From)))
	m.Run.End(r.now)
	if h.Acked == m.Hole.To || h == r.Tx {
		a.edge = acked + reassembly.Pos(a.window)
		h.RightWin = a.edge
	}
}

// unneeded notes that a retransmission of h turns out not to have been needed.
func (r *Reader) unneeded(h *conn.Half, one *resent) {
	if isControl(h, one) {
		return
	}
	dir, why := r.S.Dir, byTime
	if h == r.Tx {
		why = byFirstCopy
	} else {
		dir = 1 - dir
		if s := r.S; r.V.Notes&reading.NoteDSACK != 0 && int32(s.Sack[0][0]-uint32(one.hi)) < 0 && int32(uint32(one.lo)-s.Sack[0][1]) < 0 {
			why = byDSACK
		} else if one.stamps && s.Bits&wire.HasTimestamps != 0 && int32(s.TSecr-one.tsval) < 0 {
			why = byTimestamp
		}
	}
	m := r.noteIncident(conn.IncidentNeedless, dir)
	m.Amount |= why
	if m.Count == 1 {
		m.Time, m.Ahead = one.time, uint32(one.frame-r.C.FirstFrame)
	}
}
