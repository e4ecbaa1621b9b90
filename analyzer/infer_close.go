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
}

// closing follows the endpoint from ESTABLISHED, or from where the opening left it, to its end.
func (s *story) closing() {
	var moments [5]moment
	list := s.closeMoments(moments[:0])
	list = s.resetMoment(list)
	for _, m := range list {
		if m.sent {
			n := len(s.out)
			s.sent(m.event, m.fact)
			if len(s.out) > n {
				s.qualify(&s.out[n], m.fact)
			}
		} else {
			n := len(s.out)
			s.received(m.event, m.fact, m.proof)
			if m.event == fsm.RecvFIN && len(s.out) > n {
				s.qualifyPeerFIN(&s.out[n])
			}
		}
	}
}

// qualify says what a FIN or RST of the endpoint does not prove.
func (s *story) qualify(step *Step, f *fact) {
	switch {
	case step.Cause == fsm.SendFIN:
		s.qualifyFIN(step)
	case !f.has(wire.ACK) && !f.bits.has(factOwnNumber):
		// It answers a segment for which there is no connection (RFC 9293 3.10.7.1), and its number does not
		// show that it was this one.
		step.Evidence = EvidenceAssumed
	}
}

// qualifyFIN says what a FIN does not prove: the state that its sender entered, if the peer's
// FIN or an earlier copy of its own may have passed unseen; and when.
func (s *story) qualifyFIN(step *Step) {
	if s.other.unseen || s.self.finFirst && step.State == fsm.LastAck || s.self.finBlind && !s.other.knowsFIN && step.State == fsm.FinWait1 {
		step.Evidence = EvidenceAssumed
	}
	if s.self.busySince != 0 {
		// The application may have closed long before its FIN's turn came.
		step.NotBefore = min(step.NotBefore, s.self.busySince-s.self.distance)
	}
}

// qualifyPeerFIN says what the receipt of a FIN does not prove: CLOSE_WAIT, if the FIN may acknowledge
// one of the endpoint's own that passed unseen.
func (s *story) qualifyPeerFIN(step *Step) {
	if step.State == fsm.CloseWait && s.other.finBlind && !s.self.knowsFIN {
		step.Evidence, step.ProofFrame = EvidenceAssumed, 0
	}
}

// afterlife follows a listener that answers an old duplicate SYN once the connection is
// over: with another ISN, until the RST comes that its SYN-ACK provokes (RFC 9293 figure 9).
func (s *story) afterlife() {
	i := s.first(s.me, 0, func(f *fact) bool { return f.bits.has(factForeign) && f.has(wire.SYN|wire.ACK) })
	if i < 0 || s.state != fsm.Closed {
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
	var own, ack, fin, finProof *fact
	passive := false
	if i := s.self.firstFIN; i >= 0 {
		own = &s.facts[i]
	}
	if s.other.knowsFIN {
		fin, finProof = s.peerFIN()
	}
	lost := s.lostFIN(own)
	if own != nil {
		ack = s.ackOfFIN(own)
		passive = fin != nil && own.covers(s.other.fin) && !own.bits.has(factBusy)
		if lost != nil {
			own, passive = lost, fin != nil && !s.crossed(lost, fin)
		}
	}
	add := func(at Time, ev fsm.Event, f, proof *fact, sent bool) {
		if proof != nil { // it had arrived when the proof was sent
			at = min(at, s.sentAt(proof))
		}
		list = append(list, moment{at, ev, f, proof, sent})
	}
	switch {
	case own == nil && fin != nil:
		add(s.receivedAt(fin), fsm.RecvFIN, fin, finProof, false)
	case own == nil:
	case passive:
		add(s.receivedAt(fin), fsm.RecvFIN, fin, finProof, false)
		add(s.sentAt(own), fsm.SendFIN, own, nil, true)
		if ack != nil {
			add(s.receivedAt(ack), fsm.RecvAckOfFIN, ack, nil, false)
		}
	default:
		add(s.sentAt(own), fsm.SendFIN, own, nil, true)
		// In one segment the ACK is handled before the FIN; and an ACK that passed the
		// tap no later than the FIN is received no later.
		if ack != nil && (fin == nil || ack.time <= fin.time) {
			add(s.receivedAt(ack), fsm.RecvAckOfFIN, ack, nil, false)
			ack = nil
		}
		if fin != nil {
			add(s.receivedAt(fin), fsm.RecvFIN, fin, finProof, false)
		}
		if ack != nil {
			add(s.receivedAt(ack), fsm.RecvAckOfFIN, ack, nil, false)
		}
	}
	return list
}

// lostFIN is the segment behind the endpoint's FIN that passed before any copy of the FIN
// did: the first copy was lost before the tap.
func (s *story) lostFIN(own *fact) *fact {
	if own == nil {
		return nil
	}
	i := s.first(s.me, 0, func(f *fact) bool {
		return ordinary(f) && !f.any(wire.FIN) && f.ahead < own.ahead && f.seq == s.self.fin+1
	})
	return s.at(i)
}

// crossed reports whether the endpoint's FIN was under way when the peer's arrived: proof, which
// follows it, is the immediate answer to the peer's FIN. An application needs longer.
func (s *story) crossed(proof, fin *fact) bool {
	if !proof.covers(s.other.fin) {
		return true
	}
	first := s.first(s.me, 0, func(f *fact) bool { return f.covers(s.other.fin) })
	return &s.facts[first] == proof && proof.time-fin.time <= s.self.distance*3/2+answerTime
}

// answerTime is what a host takes at most to acknowledge a FIN: that is never delayed.
const answerTime = 5e6

// peerFIN is the copy of the peer's FIN that the endpoint received, and what proves it;
// nil if it did not receive one, or more likely did not than did.
func (s *story) peerFIN() (fin, proof *fact) {
	fin = s.at(s.first(s.peer, 0, isFIN))
	if i := s.first(s.me, 0, func(f *fact) bool { return f.covers(s.other.fin) }); i >= 0 {
		proof = &s.facts[i]
		if j := s.copyBefore(isFIN, proof); j >= 0 {
			return &s.facts[j], proof
		}
		return proof, proof // the FIN itself was not captured
	}
	if fin == nil {
		return nil, nil
	}
	copies := 0
	for i := s.first(s.peer, 0, isFIN); i >= 0; i = s.first(s.peer, i+1, isFIN) {
		copies++
		fin = &s.facts[i]
	}
	rst := s.first(s.me, 0, func(f *fact) bool { return isRST(f) && !f.has(wire.ACK) && f.time > fin.time })
	if copies > 1 || s.heard(fin, s.self.last) || rst >= 0 {
		return nil, nil // it would have acknowledged it
	}
	return fin, nil
}

// ackOfFIN is the segment that first told the endpoint that its FIN had arrived: one after which it does
// not repeat the FIN.
func (s *story) ackOfFIN(own *fact) *fact {
	covering := func(f *fact) bool { return !isRST(f) && f.covers(s.self.fin) }
	for i := s.first(s.peer, 0, covering); i >= 0; i = s.first(s.peer, i+1, covering) {
		if !s.repeats(i, isFIN) {
			return &s.facts[i]
		}
	}
	return nil
}

// resetMoment cuts the list where an RST ended the connection for the endpoint, unless that was in
// TIME_WAIT by then.
func (s *story) resetMoment(list []moment) []moment {
	var cut moment
	for i := range s.facts {
		f := &s.facts[i]
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
	if s.state == fsm.SynRcvd && s.passive {
		cut.event = fsm.ReturnToListen
	}
	n, state := 0, s.state
	for n < len(list) && list[n].at <= cut.at {
		if next, ok := state.Next(list[n].event); ok {
			state = next
		}
		n++
	}
	if state == fsm.TimeWait {
		return list[:n]
	}
	return append(list[:n], cut)
}
