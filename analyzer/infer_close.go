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
	var moments [4]moment
	list := s.closeMoments(moments[:0])
	list = s.resetMoment(list)
	for _, m := range list {
		if m.sent {
			s.sent(m.event, m.fact)
		} else {
			s.received(m.event, m.fact, m.proof)
		}
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
	if own != nil {
		ack = s.ackOfFIN(own)
		passive = fin != nil && own.covers(s.other.fin) && !own.bits.has(factBusy)
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

// resetMoment cuts the list where an RST ended the connection for the endpoint.
func (s *story) resetMoment(list []moment) []moment {
	var cut moment
	for i := range s.facts {
		f := &s.facts[i]
		if !isRST(f) {
			continue
		}
		var m moment
		if f.dir() == s.me {
			if s.self.last > f.time {
				continue // it goes on: the RST was forged, or answered something else
			}
			m = moment{s.sentAt(f), fsm.SendRST, f, nil, true}
		} else {
			if !f.bits.has(factAccepted) || s.heard(f, s.self.last) {
				continue
			}
			m = moment{s.receivedAt(f), fsm.RecvRST, f, nil, false}
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
	n := 0
	for n < len(list) && list[n].at <= cut.at {
		n++
	}
	return append(list[:n:n], cut)
}
