package analyzer

import (
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
	// forgetTimestamp is for how long a receiver keeps to the timestamp it saw last (RFC 7323 5.5).
	forgetTimestamp Time = 24 * 86400e9
	// timerPause is the least that a timer waits: what is sent sooner after a timeout or an ACK goes with that.
	timerPause = minRTO / 2

	strikingKinds = 1<<KindRST | 1<<KindRetransmission | 1<<KindOutOfOrder | 1<<KindKeepAlive | 1<<KindZeroWindowProbe | 1<<KindUnacceptable
	strikingNotes = NoteZeroWindow | NoteWindowFull | NoteWindowExceeded | NoteWindowShrunk | NoteACKOfUnseen
)

// glance is what a book knew of its sender's packets before a segment is read.
type glance struct {
	tsMax            uint32
	id               uint16
	ttlMin, ttlMax   uint8
	idSteps, idJumps uint8
}

func (a *book) glance() glance {
	return glance{a.tsMax, a.id, a.ttlMin, a.ttlMax, a.idSteps, a.idJumps}
}

// unlike reports whether a segment is unlike those that its sender sent before: by its TTL, by its timestamp, or because it
// is an RST or has no ACK.
func (a *book) unlike(s *wire.Segment) bool {
	return s.TTL-a.ttlMin > a.ttlMax-a.ttlMin || s.Flags&(wire.RST|wire.ACK) != wire.ACK || s.Bits&wire.HasTimestamps != 0 && int32(s.TSval-a.tsMax) < 0
}

// striking reports whether there is more to a segment than ordinary data and ACKs. Most have nothing more.
func (r *reader) striking() bool {
	return strikingKinds>>r.v.kind&1 != 0 || r.v.notes&strikingNotes != 0 || (r.a.flags|r.b.flags)&bookEpisode != 0
}

// observeEpisodes notes what r shows beyond ordinary data and ACKs. It comes when the segment was read, and before the
// conv takes it. was is its sender's book before, valid if the segment is unlike others.
func (r *reader) observeEpisodes(was glance) {
	s := r.s
	if (r.a.flags|r.b.flags)&bookEpisode != 0 {
		r.followEpisodes()
	}
	switch r.v.kind {
	case KindRetransmission:
		r.sentAgain()
	case KindOutOfOrder:
		r.sentEarlier()
	case KindKeepAlive:
		r.asks()
	case KindZeroWindowProbe:
		if m := r.find(markZeroWindow, 1-s.Dir); m != nil {
			m.count++
			m.last = r.now
			m.run.again()
		}
	case KindUnacceptable:
		r.rejected()
	}
	if r.v.notes&strikingNotes != 0 {
		r.noteWindows()
	}
	if s.Flags&(wire.SYN|wire.RST|wire.ACK) == 0 {
		r.note(markNoACK, s.Dir)
	}
	if r.unlike && (s.Flags.Any(wire.RST|wire.FIN) || s.Len > 0) {
		r.suspect(was)
	}
}

func (r *reader) find(k markKind, dir uint8) *mark {
	return r.c.find(&r.p.facts.marks, k, dir)
}

func (r *reader) lasts(k markKind, dir uint8) bool {
	m := r.find(k, dir)
	return m != nil && m.run.since != 0
}

func (r *reader) note(k markKind, dir uint8) *mark {
	return r.c.mark(&r.p.facts.marks, k, dir, r.s, 0)
}

// sentAgain is a retransmission. SYNs and FINs without data have anomalies of their own.
func (r *reader) sentAgain() {
	if r.s.Len == 0 || r.s.Flags.Any(wire.SYN) {
		return
	}
	if r.v.spurious {
		r.note(markNeedless, r.s.Dir).amount |= byACK
	}
	if r.v.cause != CauseTimeout || r.pos > r.una || r.end <= r.una {
		return
	}
	r.vanishes()
	since := max(r.a.advanced, r.tx.busySince)
	if since <= longAgo {
		since = r.tx.last
	}
	m := r.find(markTimer, r.s.Dir)
	last := since
	if m != nil {
		last = max(last, m.last)
	}
	if r.now-last < max(timerPause, r.responseTime()) {
		return // the timer fired before; this goes with the ACK
	}
	m = r.note(markTimer, r.s.Dir)
	if m.run.since == 0 {
		m.run.begin(since)
		r.a.flags |= bookEpisode
	}
	m.run.again()
}

// sentEarlier is a segment that others overtook. What was captured behind its ACK tells of the capture only.
func (r *reader) sentEarlier() {
	if r.v.notes&NoteAfterACK != 0 || r.s.Flags.Any(wire.SYN) {
		return
	}
	m := r.note(markLate, r.s.Dir)
	m.amount = max(m.amount, int64(r.next-r.end))
	m.run.longest = max(m.run.longest, r.p.repairOf(r.a, r.tx).lateMax)
}

// asks is a keep-alive.
func (r *reader) asks() {
	m := r.note(markKeepAlive, r.s.Dir)
	if m.run.since == 0 {
		m.run.begin(r.now)
		r.a.flags |= bookEpisode
	}
	m.run.again()
}

// rejected is what its receiver drops. RSTs and SYNs have anomalies of their own.
func (r *reader) rejected() {
	switch dir := r.s.Dir; {
	case r.s.Flags.Any(wire.SYN | wire.RST):
	case r.v.notes&NotePAWS != 0:
		m := r.note(markOldStamp, dir)
		m.amount = max(m.amount, int64(r.a.tsMax-r.s.TSval))
	case r.v.notes&NoteOldACK != 0 && r.ackTooFar():
		m := r.note(markUnsent, dir)
		m.amount = max(m.amount, int64(r.s.Ack-uint32(r.rx.end)))
	case r.v.notes&NoteOldACK != 0:
		m := r.note(markOldACK, dir)
		m.amount = max(m.amount, int64(uint32(r.tx.acked)-r.s.Ack))
		r.c.provoke(r.rx)
	case !r.s.Flags.Has(wire.ACK):
	case r.s.SeqLen() > 0:
		far := int64(r.pos - r.una)
		if far > 0 {
			far = int64(r.end - r.rx.rightWin)
		}
		r.beyond(far)
	}
}

// What markOutside is about: mark.causes.
const (
	outsideData uint8 = 1 << iota
	outsideFIN
)

func (r *reader) beyond(far int64) {
	m := r.note(markOutside, r.s.Dir)
	if m.count == 1 || far > m.amount {
		m.amount = far
	}
	if r.s.Len > 0 {
		m.causes |= outsideData
	}
	if r.s.Flags.Has(wire.FIN) {
		m.causes |= outsideFIN
	}
}

// noteWindows notes what there is to say of windows and acknowledgments.
func (r *reader) noteWindows() {
	n, dir := r.v.notes, r.s.Dir
	if n&NoteWindowFull != 0 {
		r.note(markFullWindow, dir)
	}
	if n&NoteWindowExceeded != 0 && r.end > r.rx.rightWin && !r.lasts(markZeroWindow, 1-dir) {
		r.beyond(int64(r.end - r.rx.rightWin))
	}
	all := r.rx.flags.has(sentFIN) && r.ack > r.rx.fin // who has everything needs no window
	if n&NoteWindowShrunk != 0 && r.order() >= 0 && !all {
		m := r.note(markShrunk, dir)
		m.amount = max(m.amount, int64(r.tx.rightWin-r.a.edge))
	}
	if n&NoteZeroWindow != 0 && !r.s.Flags.Any(wire.SYN) && !all {
		m := r.find(markZeroWindow, dir)
		if m == nil {
			m = r.note(markZeroWindow, dir)
			m.count = 0 // of probes
		}
		if m.run.since == 0 {
			m.run.begin(r.now)
			r.a.flags |= bookEpisode
		}
	}
	if n&NoteACKOfUnseen != 0 && r.rx.flags.has(isnKnown) && r.rx.flags.has(sentACK) && !r.rx.flags.has(fragmented) {
		r.doubt()
	}
}

// doubt notes an ACK of bytes that were not captured. Were they sent? Their sender may tell.
func (r *reader) doubt() {
	m := r.find(markUnsent, r.s.Dir)
	if m == nil {
		m = r.note(markUnsent, r.s.Dir)
		m.count = 0
	}
	if m.run.since == 0 {
		m.hole = hole{from: r.tx.acked, to: r.ack}
		m.run.begin(r.now)
		r.b.flags |= bookEpisode
	}
	m.hole.to = max(m.hole.to, r.ack)
}

// followEpisodes brings up to date what lasts.
func (r *reader) followEpisodes() {
	dir, heard := r.s.Dir, r.v.kind != KindUnacceptable && r.v.kind != KindRST
	if m := r.find(markTimer, 1-dir); m != nil && m.run.since != 0 && heard && r.ack > r.tx.acked {
		m.run.end(r.now)
	}
	if m := r.find(markZeroWindow, dir); m != nil && m.run.since != 0 {
		if m.run.n = 0; r.s.Window != 0 && heard {
			m.run.end(r.now)
		}
	}
	if m := r.find(markKeepAlive, 1-dir); m != nil && m.run.since != 0 && !m.hole.passed && !m.stopped(r.now-r.loop()) {
		r.answers(m, heard)
	}
	if m := r.find(markKeepAlive, dir); m != nil && m.run.since != 0 {
		if r.v.kind == KindRST {
			m.hole.passed = true
		} else if r.v.kind != KindKeepAlive && m.stopped(r.now) {
			r.answers(m, true) // it goes on
		}
	}
	if m := r.find(markUnsent, 1-dir); m != nil && m.run.since != 0 {
		r.deny(m)
	}
	if m := r.find(markStrange, dir); m != nil && m.run.since != 0 {
		r.goesOn(m)
	}
	r.a.unfollow(r, dir)
	r.b.unfollow(r, 1-dir)
}

// answers ends the time for which an endpoint asked in vain whether its peer is there.
func (r *reader) answers(m *mark, heard bool) {
	if heard {
		m.amount++
	}
	m.run.end(r.now)
}

// unfollow takes the flag from a book of which nothing lasts any more.
func (a *book) unfollow(r *reader, dir uint8) {
	if a.flags&bookEpisode == 0 {
		return
	}
	for _, k := range [...]markKind{markTimer, markZeroWindow, markKeepAlive, markStrange} {
		if r.lasts(k, dir) {
			return
		}
	}
	if r.lasts(markUnsent, 1-dir) {
		return
	}
	a.flags &^= bookEpisode
}

// deny looks whether the sender of the bytes that m says were acknowledged has not sent them: a pure ACK, which has the next
// number that its sender will use, comes behind m and is before them. Then m's ACK acknowledged nothing.
func (r *reader) deny(m *mark) {
	switch {
	case r.next >= m.hole.to:
		m.run.end(r.now) // it has sent them
	case r.end != r.pos || r.pos != r.next || r.s.Flags.Any(wire.SYN|wire.FIN|wire.RST) || r.now-m.run.since < captureSkew:
	default:
		n := int64(m.hole.to - r.next)
		m.count++
		m.amount = max(m.amount, n)
		m.run.end(r.now)
		if unseen := r.find(markUnseen, r.s.Dir); unseen != nil {
			unseen.amount = max(0, unseen.amount-n)
		}
		if r.rx.acked == m.hole.to {
			r.rx.acked = m.hole.from
			r.b.edge = m.hole.from + reassembly.Pos(r.b.window)
			r.rx.rightWin = r.b.edge
		}
	}
}

// unneeded notes that a retransmission of h turns out not to have been needed.
func (r *reader) unneeded(h *half, one *resent) {
	if isControl(h, one) {
		return
	}
	dir, why := r.s.Dir, byTime
	if h == r.tx {
		why = byFirstCopy
	} else {
		dir = 1 - dir
		if s := r.s; r.v.notes&NoteDSACK != 0 && int32(s.Sack[0][0]-uint32(one.hi)) < 0 && int32(uint32(one.lo)-s.Sack[0][1]) < 0 {
			why = byDSACK
		} else if one.stamps && s.Bits&wire.HasTimestamps != 0 && int32(s.TSecr-one.tsval) < 0 {
			why = byTimestamp
		}
	}
	m := r.note(markNeedless, dir)
	m.amount |= why
	if m.count == 1 {
		m.time, m.ahead = one.time, uint32(one.frame-r.c.firstFrame)
	}
}
