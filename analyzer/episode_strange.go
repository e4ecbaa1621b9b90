package analyzer

import (
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// farTTL is by how many hops a segment is off if another sent it. Routes change by one or two.
const farTTL = 3

// suspect weighs whether an RST, a FIN or data are from another than they say. Who injects a segment seldom knows which
// TTL it has to arrive with; the IP ID and timestamp that come next are harder to guess for who is not on the path.
func (r *reader) suspect(was glance) {
	s := r.s
	early := r.tooSoon()
	if r.tx.packets == 0 || s.Flags.Any(wire.SYN) {
		return // nothing to compare with
	}
	m := r.find(markStrange, s.Dir)
	if m != nil && m.amount != 0 && m.ttl == s.TTL && m.ttl != m.usual {
		m.count++
		m.last = r.now
		return
	}
	what := r.misfits(was)
	if early {
		what |= badTiming
	}
	rst, ends := s.Flags.Any(wire.RST), s.Flags.Any(wire.RST|wire.FIN)
	switch {
	case what == badTTL && !ends, what&(badTTL|badFlags) == 0 && !rst: // routes change; hosts have several counters
		return
	case m != nil && (m.amount != 0 || what == 0):
		return // one is enough
	case rst && what&(badTTL|badTiming) == 0 && !(r.tx.flags & r.rx.flags).has(sentACK):
		return // before both are ESTABLISHED an endpoint resets what it does not expect, and goes on
	case m == nil:
		m = r.note(markStrange, s.Dir)
	}
	m.time, m.ahead, m.count = r.now, uint32(s.Frame-r.c.firstFrame), 1
	m.amount, m.ttl = what, s.TTL
	m.usual = min(max(s.TTL, was.ttlMin), was.ttlMax)
	m.hole = hole{from: r.pos, to: r.end}
	if m.run.since = 0; ends {
		m.run.begin(r.now)
		r.a.flags |= bookEpisode
	}
}

// tooSoon reports whether an RST acknowledges what passed the tap less than half the distance of its sender ago, there
// and back: no way becomes so much shorter. Of a sender that is near, queues say more than the way.
func (r *reader) tooSoon() bool {
	s := r.s
	if !s.Flags.Has(wire.RST|wire.ACK) || r.tx.distance < captureSkew || r.rx.probe == 0 {
		return false
	}
	ack := reassembly.Unwrap(r.rx.end, reassembly.Seq(s.Ack))
	return ack >= r.rx.probe && ack <= r.rx.end && r.now-r.rx.probeTime < r.tx.distance/2
}

// misfits is what does not fit the endpoint that a segment says it is from.
func (r *reader) misfits(was glance) (what betrayal) {
	s := r.s
	if int(s.TTL)-int(was.ttlMax) >= farTTL || int(was.ttlMin)-int(s.TTL) >= farTTL {
		what |= badTTL
	}
	before := book{id: was.id, idSteps: was.idSteps, idJumps: was.idJumps}
	if s.IPID != 0 && before.counts() && s.IPID-was.id+largestStep > 2*largestStep {
		what |= badID
	}
	if s.Flags&(wire.FIN|wire.ACK) == wire.FIN {
		what |= badFlags
	}
	stamped := s.Bits&wire.HasTimestamps != 0
	if was.tsMax != 0 && (stamped && int32(s.TSval-was.tsMax) < 0 || !stamped && !s.Flags.Any(wire.RST)) {
		what |= badTimestamp
	}
	if r.v.kind == KindUnacceptable && r.v.notes&NotePAWS == 0 && what&badFlags == 0 {
		what |= badPosition
	}
	return what
}

// goesOn looks whether a segment shows that its sender did not send the RST or FIN of m: no endpoint sends anything but
// RSTs behind its RST, or bytes behind its FIN. The network may have the RST overtake what was sent before it.
func (r *reader) goesOn(m *mark) {
	switch late := r.order() < 0 || r.now-m.run.since < max(captureSkew, r.loop()); {
	case late, r.s.Flags.Any(wire.RST | wire.SYN), r.s.TTL == m.ttl && m.ttl != m.usual:
		return
	}
	isRST := m.hole.from == m.hole.to
	if isRST || r.end > m.hole.to || r.end == m.hole.to && r.s.Len > 0 && !r.s.Flags.Any(wire.FIN) {
		m.amount |= badEnd
		m.run.end(r.now)
	}
}
