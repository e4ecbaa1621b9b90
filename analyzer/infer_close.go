package analyzer

import (
	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

// moment is something that moves an endpoint in the closing of a connection, at
// the time it happens there: half the distance before the tap sees what the endpoint sent,
// half the distance behind what passes towards it.
type moment struct {
	at    Time
	event fsm.Event
	fact  *fact
	proof *fact
	sent  bool
	doubt bool // it happened, but perhaps in another order
}

// closing follows the endpoint from ESTABLISHED, or from where the opening left it, to its end.
func (s *story) closing() {
	var moments [5]moment
	list := s.resetMoment(s.closeMoments(moments[:0]))
	for i := range list {
		m, n := &list[i], len(s.out)
		if m.sent {
			s.sent(m.event, m.fact)
		} else {
			s.received(m.event, m.fact, m.proof)
		}
		if len(s.out) > n {
			s.qualify(&s.out[n], m)
		}
	}
}

// qualify says what the segment behind a step does not prove: the state, if something of which the capture
// tells nothing may have come first; and when it was entered.
func (s *story) qualify(step *Step, m *moment) {
	switch step.Cause {
	case fsm.SendFIN:
		m.doubt = m.doubt || s.self.finFirst && step.State == fsm.LastAck || s.self.finBlind && !s.other.knowsFIN && step.State == fsm.FinWait1
		if s.self.busySince != 0 {
			step.NotBefore = min(step.NotBefore, s.self.sentSince(s.self.busySince))
		}
	case fsm.SendRST, fsm.ReturnToListen:
		if m.sent {
			s.qualifyRST(step, m.fact)
		}
	case fsm.RecvFINAndAck:
		step.NotBefore = min(step.NotBefore, s.earliestFIN(m))
	case fsm.RecvFIN:
		step.NotBefore = min(step.NotBefore, s.earliestFIN(m))
		// The FIN may acknowledge one of the endpoint's own that passed unseen.
		m.doubt = m.doubt || step.State == fsm.CloseWait && s.other.finBlind && !s.self.knowsFIN
	}
	if m.doubt || s.oneSided() && step.Cause != fsm.SendRST {
		step.Evidence, step.ProofFrame = EvidenceAssumed, 0
	}
}

// earliestFIN is when the first copy of the peer's FIN passed that may be the one which moved the endpoint: which of several it
// was only what it sends in between tells.
func (s *story) earliestFIN(m *moment) Time {
	for i := s.first(s.peer, 0, isFIN); i >= 0; i = s.first(s.peer, i+1, isFIN) {
		if f := &s.facts[i]; f == m.fact || !s.deferred(f, m.proof) {
			return f.time
		}
	}
	return m.fact.time
}

// oneSided reports whether one direction only was captured. The other's FIN cannot be told from an octet of data then, nor which
// FIN came first.
func (s *story) oneSided() bool { return s.self.unseen || s.other.unseen }

// qualifyRST says what an RST of the endpoint does not prove. It may be the answer to a segment for which there is
// no connection (RFC 9293 3.10.7.1): then that had ended at any time since it last sent anything else.
func (s *story) qualifyRST(step *Step, f *fact) {
	if !f.has(wire.ACK) && !f.bits.has(factOwnNumber) {
		step.Evidence = EvidenceAssumed // and its number does not show that it was this one
	}
	if !f.has(wire.ACK) || s.other.last > s.self.last {
		step.NotBefore = min(step.NotBefore, s.self.sentSince(s.self.last))
	}
	if step.Cause == fsm.ReturnToListen {
		step.Evidence = EvidenceAssumed // the listener may be gone, too
	}
}

// afterlife follows a listener that answers an old duplicate SYN once the connection is
// over: with another ISN, until the RST comes that its SYN-ACK provokes (RFC 9293 figure 9).
func (s *story) afterlife() {
	if s.state != fsm.Closed || len(s.out) == 0 {
		return
	}
	over := s.out[len(s.out)-1].Time
	i := s.first(s.me, 0, func(f *fact) bool {
		return f.bits.has(factForeign) && f.has(wire.SYN|wire.ACK) && f.time >= over && f.seq != s.self.isn
	})
	if i < 0 {
		return
	}
	synack := &s.facts[i]
	s.state, s.passive = fsm.Listen, true
	s.sent(fsm.SendSYNACK, synack)
	rst := s.first(s.peer, i, func(f *fact) bool { return isRST(f) && f.seq == synack.ack })
	if rst >= 0 {
		s.received(fsm.ReturnToListen, &s.facts[rst], nil)
	}
}

func (s *story) sentAt(f *fact) Time     { return f.time - s.self.distance/2 }
func (s *story) receivedAt(f *fact) Time { return f.time + s.self.distance/2 }

// closeMoments lists, in the order in which they happened at the endpoint: its FIN, the peer's
// FIN, the ACK of its own. The order tells active from passive and simultaneous close.
func (s *story) closeMoments(list []moment) []moment {
	own := s.at(s.self.firstFIN)
	var fin, proof *fact
	if s.other.knowsFIN {
		fin, proof = s.peerFIN()
	}
	add := func(ev fsm.Event, f, proof *fact, sent, doubt bool) {
		at := s.receivedAt(f)
		if sent {
			at = s.sentAt(f)
		} else if proof != nil { // it had arrived when the proof was sent
			at = min(at, s.sentAt(proof))
		}
		list = append(list, moment{at, ev, f, proof, sent, doubt})
	}
	if own == nil {
		if fin != nil {
			add(fsm.RecvFIN, fin, proof, false, proof != nil && (isAnswer(proof) || ordinary(proof) && proof.bits.has(factSkips) || s.waitsUnseen(fin, proof)))
		}
		return list
	}
	ack := s.ackOfFIN(own)
	if fin != nil && proof != nil && fin.covers(s.self.fin) && (ack == nil || ack.ahead > fin.ahead) {
		ack = fin
	}
	if fin != nil && proof != nil && isRST(proof) && (ack != nil || fin.covers(s.self.fin)) {
		fin, proof = nil, nil // TIME_WAIT would have acknowledged it: nothing was there any more
	}
	passive, sure := s.closedSecond(own, fin, proof)
	if lost := s.lostFIN(own); lost != nil {
		own = lost
	}
	if passive {
		add(fsm.RecvFIN, fin, proof, false, !sure)
		add(fsm.SendFIN, own, nil, true, !sure)
		if ack != nil {
			add(fsm.RecvAckOfFIN, ack, nil, false, false)
		}
		return list
	}
	add(fsm.SendFIN, own, nil, true, !sure)
	switch {
	case fin == nil && ack != nil:
		add(fsm.RecvAckOfFIN, ack, nil, false, false)
	case fin == nil:
	case ack == nil:
		add(fsm.RecvFIN, fin, proof, false, !sure || s.lacks && proof != nil && !s.insists(proof))
	case s.isBoth(ack, fin, proof):
		add(fsm.RecvFINAndAck, fin, proof, false, !sure)
	case s.ackedFirst(ack, fin, proof):
		add(fsm.RecvAckOfFIN, ack, nil, false, false)
		add(fsm.RecvFIN, fin, proof, false, !fin.covers(s.self.fin))
	default:
		add(fsm.RecvFIN, fin, proof, false, !sure || !s.unacked(proof))
		add(fsm.RecvAckOfFIN, ack, nil, false, false)
	}
	return list
}

// closedSecond reports whether the endpoint had the peer's FIN when the application closed, and whether that is sure.
func (s *story) closedSecond(own, fin, proof *fact) (passive, sure bool) {
	switch {
	case fin == nil || proof == nil:
		return false, true
	case s.lostFIN(own) != nil:
		lost := s.lostFIN(own)
		if !lost.covers(s.other.fin) {
			return false, true
		}
		crossed := s.crossed(lost, fin)
		return !crossed, crossed && !s.maybeCopy() || s.before(proof, own)
	case !own.covers(s.other.fin):
		return false, true
	case s.other.firstFIN >= 0 && s.facts[s.other.firstFIN].covers(s.self.fin):
		return false, false // each acknowledges the other: the first copy of one of them was not captured, or of both
	}
	return !own.bits.has(factBusy), !s.waits(proof) && !s.self.finFirst && (s.self.atTap && !s.lacks || s.before(proof, own) || proof == own && s.prompt(proof, fin, ackDelay))
}

// before reports whether proof shows that the endpoint had not sent its FIN by then: what it sends next is that.
func (s *story) before(proof, own *fact) bool {
	return !isFIN(proof) && !proof.bits.has(factSkips) && int32(proof.seq+uint32(proof.len)-s.self.fin) <= 0
}

// prompt reports whether proof is the immediate answer to the peer's FIN.
func (s *story) prompt(proof, fin *fact, within Time) bool {
	return proof.time-fin.time <= s.self.distance*3/2+within
}

// isBoth reports whether the segment that brought the peer's FIN was the first that acknowledged the endpoint's.
func (s *story) isBoth(ack, fin, proof *fact) bool {
	if !fin.covers(s.self.fin) || fin.bits.has(factStandIn) || s.deferred(fin, proof) {
		return false
	}
	return isFIN(ack) || ack.time > fin.time
}

// ackedFirst reports whether the ACK of the endpoint's FIN came before it took the peer's. An ACK that passed the tap no later
// than the FIN is received no later; a FIN ahead of missing bytes is not taken when it comes.
func (s *story) ackedFirst(ack, fin, proof *fact) bool {
	if ack.time <= fin.time {
		return true
	}
	return proof != nil && s.deferred(fin, proof) && ack.time <= proof.time-s.self.distance*9/10 && !s.echoedBefore(proof, ack)
}

// echoedBefore reports whether proof was sent before f had come, as the timestamp that it echoes tells.
func (s *story) echoedBefore(proof, f *fact) bool {
	return s.echoes(isFIN, proof) && f.bits.has(factTimestamps) && int32(f.tsval-proof.tsecr) > 0
}

// unacked reports whether nothing had passed that acknowledges the endpoint's FIN when it sent proof.
func (s *story) unacked(proof *fact) bool {
	if proof == nil {
		return false
	}
	i := s.first(s.peer, 0, func(f *fact) bool { return f.covers(s.self.fin) })
	if i < 0 {
		return true
	}
	f := &s.facts[i]
	return f.time > proof.time-s.self.distance
}

// deferred reports whether the endpoint sent anything that does not acknowledge the peer's FIN after that had come.
func (s *story) deferred(fin, proof *fact) bool {
	if proof == nil {
		return false
	}
	i := s.first(s.me, 0, func(f *fact) bool {
		return f.ahead < proof.ahead && !isRST(f) && f.has(wire.ACK) && !f.covers(s.other.fin) && s.heard(fin, f.time)
	})
	return i >= 0
}

// lostFIN is the first segment behind the endpoint's FIN that passed the tap before the FIN
// did: the first copy was lost before the tap.
func (s *story) lostFIN(own *fact) *fact {
	i := s.first(s.me, 0, func(f *fact) bool {
		return ordinary(f) && !f.any(wire.FIN) && f.ahead < own.ahead && f.seq == s.self.fin+1
	})
	return s.at(i)
}

// crossed reports whether the endpoint's FIN was under way when the peer's arrived: proof, which
// follows it, is the immediate answer to the peer's FIN. An application needs longer.
func (s *story) crossed(proof, fin *fact) bool {
	first := s.first(s.me, 0, s.acksFIN)
	return &s.facts[first] == proof && s.prompt(proof, fin, answerTime)
}

// answerTime is what a host takes at most to acknowledge a FIN: that is never delayed.
const answerTime = 5e6

// peerFIN is the copy of the peer's FIN that the endpoint received, and what proves it;
// nil if it did not receive one, or more likely did not than did.
func (s *story) peerFIN() (fin, proof *fact) {
	fin = s.at(s.first(s.peer, 0, isFIN))
	if i := s.first(s.me, 0, s.acksFIN); i >= 0 {
		proof = &s.facts[i]
		if j := s.copyBefore(isFIN, proof); j >= 0 {
			return s.takenFIN(&s.facts[j], proof), proof
		}
		return proof, proof // the FIN itself was not captured
	}
	if fin == nil || fin.any(wire.SYN) && s.first(s.me, 0, isSYNACK) >= 0 {
		return nil, nil // what comes with a SYN the SYN-ACK acknowledges, or it is not taken
	}
	copies := 0
	for i := s.first(s.peer, 0, isFIN); i >= 0; i = s.first(s.peer, i+1, isFIN) {
		if isOwnFIN(&s.facts[i]) {
			copies++
		}
		fin = &s.facts[i]
	}
	rst := s.first(s.me, 0, func(f *fact) bool { return isRST(f) && !f.bits.has(factForeign) && f.time > fin.time })
	if copies > 1 || s.other.holed || s.heard(fin, s.self.last) || rst >= 0 {
		return nil, nil // it would have acknowledged it, or lacks what comes before it
	}
	return fin, nil
}

// takenFIN is fin, or the copy behind it that came before proof if the endpoint sent, after fin had come, what
// does not acknowledge it.
func (s *story) takenFIN(fin, proof *fact) *fact {
	for i := s.first(s.peer, 0, isFIN); i >= 0; i = s.first(s.peer, i+1, isFIN) {
		f := &s.facts[i]
		if f.ahead > fin.ahead && f.time <= proof.time-s.self.distance*3/4 && s.deferred(fin, proof) {
			fin = f
		}
	}
	return fin
}

// ackOfFIN is the segment that first told the endpoint that its FIN had arrived: one after which it does
// not repeat the FIN.
func (s *story) ackOfFIN(own *fact) *fact {
	covering := func(f *fact) bool { return !isRST(f) && f.covers(s.self.fin) }
	fin, gone := s.first(s.me, 0, isFIN), s.goneBefore(covering)
	for i := s.first(s.peer, 0, covering); i >= 0; i = s.first(s.peer, i+1, covering) {
		if fin > i || i < gone || !s.repeats(i, isFIN) { // one captured before its FIN is no answer to a copy of that
			return &s.facts[i]
		}
	}
	return nil
}

// goneBefore is the ACK of the endpoint's FIN that it answered as CLOSED does, by a plain RST: one before had ended its connection, and a
// FIN that came in between was sent before that. It is -1 if there is none.
func (s *story) goneBefore(covering func(*fact) bool) int {
	rst := s.first(s.me, 0, func(f *fact) bool { return isPlainRST(f) && f.seq == s.self.fin+1 })
	last := -1
	for i := s.first(s.peer, 0, covering); i >= 0 && i < rst; i = s.first(s.peer, i+1, covering) {
		last = i
	}
	if last < 0 || s.facts[rst].time-s.facts[last].time > roundTrip {
		return -1
	}
	return last
}

// isAnswer reports whether f may be an RST by which an endpoint without the connection answers a segment: some of them
// acknowledge that, whatever RFC 9293 3.10.7.1 says, but none knows of timestamps.
func isAnswer(f *fact) bool { return isRST(f) && !f.bits.has(factTimestamps) }

// answersSYN reports whether an RST of the endpoint is what only CLOSED answers to a SYN (RFC 9293 3.10.7.1).
func (s *story) answersSYN(rst *fact) bool {
	return rst.has(wire.ACK) && rst.ack == s.other.isn+1 && rst.seq != s.self.isn+1
}

// ofAnother reports whether f is the RST by which an endpoint in SYN_SENT answers an ACK of a connection that it no longer
// knows: it goes on (RFC 9293 3.10.7.3), and of the connection that it opens nothing has ended.
func (m *mind) ofAnother(f *fact) bool {
	dir := f.dir()
	if !isPlainRST(f) || f.seq == m.sides[dir].isn+1 || m.first(dir, 0, isSYN) < 0 || m.first(dir, 0, isSYNACK) >= 0 {
		return false
	}
	i := m.first(dir, 0, ordinary)
	return i < 0 || m.facts[i].ahead > f.ahead
}

// resetMoment cuts the list where an RST ended the connection for the endpoint, unless that was in
// TIME_WAIT by then.
func (s *story) resetMoment(list []moment) []moment {
	var cut moment
	for i := range s.facts {
		f := &s.facts[i]
		if s.ofAnother(f) {
			continue
		}
		m := moment{event: s.endedBy(s.me, f), fact: f}
		switch m.event {
		case fsm.NoEvent:
			continue
		case fsm.SendRST:
			m.at, m.sent = s.sentAt(f), true
		case fsm.RecvRST:
			m.at = s.receivedAt(f)
		}
		if cut.fact == nil || m.at < cut.at {
			cut = m
		}
	}
	if cut.fact == nil {
		return list
	}
	n, state := 0, s.state
	for n < len(list) && list[n].at <= cut.at {
		if next, ok := state.Next(list[n].event); ok {
			state = next
		}
		n++
	}
	switch {
	case state == fsm.TimeWait:
		return list[:n]
	case state == fsm.SynRcvd && s.passive && !(cut.sent && s.answersSYN(cut.fact)):
		cut.event = fsm.ReturnToListen
	}
	return append(list[:n], cut)
}
