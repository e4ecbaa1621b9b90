package analyzer

import (
	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

// opening follows the endpoint to ESTABLISHED, or as far as it comes.
func (s *story) opening() {
	syn := s.first(s.me, 0, isSYN)
	synack := s.first(s.me, 0, isSYNACK)
	switch {
	case syn >= 0 && (synack < 0 || syn < synack || s.first(s.peer, 0, isSYN) >= 0 && s.first(s.peer, 0, isSYN) > syn):
		s.dial(syn, synack)
	case synack >= 0:
		s.accept(synack)
	case syn >= 0:
		s.dial(syn, -1)
	case s.refuse():
	case s.first(s.peer, 0, isSYNACK) >= 0:
		s.dialUnseen(&s.facts[s.first(s.peer, 0, isSYNACK)])
	default:
		s.midstream()
	}
}

// dialUnseen follows an active open of which the answer is the first that is seen: it proves the SYN.
func (s *story) dialUnseen(synack *fact) {
	s.state = fsm.Closed
	s.move(fsm.SendSYN, Step{Evidence: EvidenceAssumed, Frame: s.frame(synack), Time: synack.time, NotAfter: synack.time})
	s.connected(0)
}

// refuse reports whether the endpoint answered a SYN as only CLOSED does: by an RST that
// acknowledges the SYN (RFC 9293 3.10.7.1), having sent nothing else.
func (s *story) refuse() bool {
	if s.first(s.peer, 0, isSYN) < 0 || s.first(s.me, 0, ordinary) >= 0 {
		return false
	}
	i := s.first(s.me, 0, func(f *fact) bool { return isRST(f) && f.covers(s.other.isn) && !f.bits.has(factOutside) })
	if i < 0 {
		return false
	}
	s.state = fsm.Closed
	f := &s.facts[i]
	s.out = append(s.out, Step{State: fsm.Closed, Cause: fsm.SendRST, Evidence: EvidenceSent, Frame: s.frame(f), Time: f.time, NotBefore: f.time - s.self.distance, NotAfter: f.time})
	return true
}

// midstream starts an endpoint whose opening was not captured.
func (s *story) midstream() {
	i := s.first(s.me, 0, func(f *fact) bool { return ordinary(f) && !s.disowned(f) })
	if i < 0 {
		if s.backscatter() {
			return
		}
		if i = s.first(s.peer, 0, ordinary); i < 0 {
			return
		}
	}
	f := &s.facts[i]
	s.state = fsm.Established
	s.out = append(s.out, Step{State: fsm.Established, Evidence: EvidenceAssumed, Frame: s.frame(f), Time: f.time, NotAfter: f.time})
}

// disowned reports whether f is of an older connection, which the peer, in SYN_SENT, does not know any more and resets (RFC 9293 3.5.1,
// figure 8): of the one that it opens that tells nothing.
func (s *story) disowned(f *fact) bool {
	return s.first(s.peer, 0, func(g *fact) bool { return g.ahead > f.ahead && g.seq == f.ack && s.ofAnother(g) }) >= 0
}

// backscatter takes an RST in front of which nothing is captured that it may be the answer to, but perhaps another
// RST: whatever that was, its sender is CLOSED, since then or before. Of its peer it tells nothing.
func (s *story) backscatter() bool {
	i := s.first(s.me, 0, isRST)
	if i < 0 || s.facts[i].bits.has(factForeign) {
		return false
	}
	if j := s.first(s.peer, 0, func(f *fact) bool { return !isRST(f) }); j >= 0 && j < i {
		return false
	}
	f := &s.facts[i]
	step := Step{State: fsm.Closed, Cause: fsm.SendRST, Evidence: EvidenceSent, Frame: s.frame(f), Time: f.time, NotAfter: f.time}
	s.qualifyRST(&step, f)
	step.NotBefore = 0
	s.state = fsm.Closed
	s.out = append(s.out, step)
	return true
}

// dial follows an active open.
func (s *story) dial(syn, synack int) {
	s.state = fsm.Closed
	s.sent(fsm.SendSYN, &s.facts[syn])
	s.redial(syn)
	if synack >= 0 { // its own: a simultaneous open
		if i := s.copyBefore(isSYN, &s.facts[synack]); i >= 0 {
			s.received(fsm.RecvSYN, &s.facts[i], &s.facts[synack])
		} else {
			s.sent(fsm.SendSYNACK, &s.facts[synack])
		}
		// An ACK without SYN says nothing in SYN_SENT (RFC 9293 3.10.7.3).
		covering := func(f *fact) bool { return !isRST(f) && f.covers(s.self.isn) }
		ack := s.first(s.peer, max(0, s.first(s.peer, 0, isSYN)), covering)
		for ack >= 0 && s.repeats(ack, isSYNACK) {
			ack = s.first(s.peer, ack+1, covering) // the one before was not taken
		}
		if ack >= 0 {
			proof := s.first(s.me, syn, func(f *fact) bool { return s.coversSYN(f) && (f.len > 0 || isFIN(f)) && s.heard(&s.facts[ack], f.time) })
			s.received(fsm.RecvAckOfSYN, &s.facts[ack], s.at(proof)) // SYN_RCVD sends ACKs, too, but no data
		}
		return
	}
	s.connected(syn)
}

// connected follows an active open from its SYN to ESTABLISHED.
func (s *story) connected(syn int) {
	proof := s.first(s.me, syn, s.coversSYN)
	answer := func(f *fact) bool { return isSYNACK(f) && f.covers(s.self.isn) }
	if proof >= 0 {
		if i := s.copyBefore(answer, &s.facts[proof]); i >= 0 {
			s.received(fsm.RecvSYNACK, &s.facts[i], &s.facts[proof])
			s.earlier(answer, syn, proof)
		} else { // the SYN-ACK was not captured
			s.uncaptured(fsm.RecvSYNACK, s.facts[syn].time, &s.facts[proof])
		}
		return
	}
	i := s.first(s.peer, syn, answer)
	if i < 0 {
		return
	}
	copies := 0
	for j := i; j >= 0; j = s.first(s.peer, j+1, answer) {
		i = j
		copies++
	}
	if copies > 1 && s.first(s.me, i, isRST) < 0 {
		return // it does not answer copy after copy: they did not arrive
	}
	if rst := s.first(s.me, i, isRST); rst >= 0 && !s.facts[rst].has(wire.ACK) {
		return // connect() was given up: the RST answers the SYN-ACK from CLOSED
	}
	if !s.repeats(i, isSYN) {
		s.received(fsm.RecvSYNACK, &s.facts[i], nil)
	}
}

// earlier lets the latest step begin with the first copy of what moved the endpoint after which it did not send its SYN again: what it
// answered to that may not have been captured.
func (s *story) earlier(answer func(*fact) bool, syn, proof int) {
	step := &s.out[len(s.out)-1]
	if step.Cause != fsm.RecvSYNACK || step.NotBefore == 0 {
		return
	}
	for j := s.first(s.peer, syn, answer); j >= 0 && j < proof; j = s.first(s.peer, j+1, answer) {
		if !s.repeatsBefore(j, proof, isSYN) {
			step.NotBefore = min(step.NotBefore, s.facts[j].time)
			return
		}
	}
}

// synTimeout is the least time after which an unanswered SYN is repeated (RFC 6298 2.1), or nearly.
const synTimeout = 900e6

func (s *story) coversSYN(f *fact) bool {
	return ordinary(f) && s.other.knowsISN && f.covers(s.other.isn) && int32(f.seq-s.self.isn) > 0
}

// redial follows an endpoint that does not take the first RST for an answer. It sends its SYN again
// sooner than one that had not received the RST would. If it is let in, in the end, its attempt had not ended.
func (s *story) redial(syn int) {
	if s.first(s.peer, syn, isSYNACK) >= 0 {
		return
	}
	for {
		rst := s.first(s.peer, syn, func(f *fact) bool { return isRST(f) && f.bits.has(factAccepted) })
		if rst < 0 {
			return
		}
		sent := s.facts[syn].time
		syn = s.first(s.me, rst, isSYN)
		if syn < 0 || !s.heard(&s.facts[rst], s.facts[syn].time) || s.facts[syn].time-sent >= synTimeout {
			return
		}
		s.received(fsm.RecvRST, &s.facts[rst], &s.facts[syn])
		s.sent(fsm.SendSYN, &s.facts[syn])
	}
}

// accept follows a passive open, of which the SYN-ACK is the first that is seen.
func (s *story) accept(synack int) {
	first := &s.facts[synack]
	s.state, s.passive = fsm.Listen, true
	s.out = append(s.out, Step{State: fsm.Listen, Cause: fsm.PassiveOpen, Evidence: EvidenceAssumed, Frame: s.frame(first), Time: first.time, NotAfter: first.time})
	s.sent(fsm.SendSYNACK, first)
	i := s.first(s.peer, 0, s.coversSYNACK)
	own := s.first(s.me, synack, func(f *fact) bool { return ordinary(f) && !(s.isBare(f) && i >= 0 && f.ahead < s.facts[i].ahead) })
	early := func(f *fact) bool { return i >= 0 && f.time < s.facts[i].time+s.self.distance*3/4 }
	if s.fastOpen(first) {
		// It takes data with the SYN, and sends, and closes, before the ACK comes (RFC 7413 4.2).
		if s.self.firstFIN >= 0 && early(&s.facts[s.self.firstFIN]) {
			return
		}
		own = s.first(s.me, synack, func(f *fact) bool { return ordinary(f) && !early(f) })
	}
	switch {
	case i < 0:
	case own < 0:
		s.acceptUnproved(i)
	default:
		s.acceptProved(synack, own)
	}
}

// isBare reports whether a segment of the endpoint is what SYN_RCVD sends, too: the answer to a SYN that comes again (RFC 9293 3.10.7.4).
func (s *story) isBare(f *fact) bool {
	return f.len == 0 && !f.any(wire.FIN) && f.seq == s.self.isn+1 && s.other.knowsISN && f.ack == s.other.isn+1
}

func (s *story) coversSYNACK(f *fact) bool { return ordinary(f) && f.covers(s.self.isn) }

// fastOpen reports whether the SYN that a SYN-ACK answers had data that it acknowledges, or may have had.
func (s *story) fastOpen(synack *fact) bool {
	syn := s.at(s.first(s.peer, 0, isSYN))
	switch {
	case syn == nil || syn.bits.has(factStandIn):
		return true
	case synack.bits.has(factStandIn):
		return syn.len > 0
	}
	return s.other.knowsISN && synack.ack != s.other.isn+1
}

// acceptUnproved takes what nothing proves: that the ACK of the SYN-ACK arrived, which fact i is first.
func (s *story) acceptUnproved(i int) {
	if !s.established(i) {
		return
	}
	// Of several the one that can have been received: behind the last SYN-ACK.
	for j := i; j >= 0 && s.repeats(i, isSYNACK); j = s.first(s.peer, j+1, s.coversSYNACK) {
		i = j
	}
	s.received(fsm.RecvAckOfSYN, &s.facts[i], nil)
}

// acceptProved takes what fact own proves: that an ACK of the SYN-ACK had arrived.
func (s *story) acceptProved(synack, own int) {
	proof := &s.facts[own]
	j := s.copyBefore(s.coversSYNACK, proof)
	if j < 0 {
		s.uncaptured(fsm.RecvAckOfSYN, s.facts[synack].time, proof)
		return
	}
	for k := s.first(s.peer, 0, s.coversSYNACK); k >= 0 && k <= j; k = s.first(s.peer, k+1, s.coversSYNACK) {
		if !s.repeatsBefore(k, own, isSYNACK) {
			j = k
			break
		}
	}
	if s.fastOpen(&s.facts[synack]) && (s.oneSided() || proof.bits.has(factSkips)) {
		proof = nil // what is missing may be a FIN that it sent before the ACK came
	}
	s.received(fsm.RecvAckOfSYN, &s.facts[j], proof)
	if s.first(s.me, synack+1, isSYNACK) < 0 {
		// With SYN cookies (RFC 4987 3.6) the server keeps no state before the ACK comes.
		s.out[len(s.out)-2].NotAfter = s.out[len(s.out)-1].NotAfter
	}
}

// established reports whether a server that sent nothing but SYN-ACKs may have taken the
// handshake's ACK. It did not (its accept queue was full, it deferred, it gave up) if
// it repeats its SYN-ACK after every such ACK, or answers with an RST without ACK.
func (s *story) established(ack int) bool {
	if rst := s.first(s.me, 0, func(f *fact) bool { return isRST(f) && !f.bits.has(factForeign) }); rst >= 0 && !s.facts[rst].has(wire.ACK) {
		return false
	}
	ignored := 0
	for i := s.first(s.me, 0, isSYNACK); i >= 0; i = s.first(s.me, i+1, isSYNACK) {
		if s.heard(&s.facts[ack], s.facts[i].time) {
			ignored++
		}
	}
	if ignored > 1 {
		return false // it did not hear, or did not want, ACK after ACK
	}
	last := ack
	for j := ack; j >= 0; j = s.first(s.peer, j+1, func(f *fact) bool { return ordinary(f) && f.covers(s.self.isn) }) {
		last = j
	}
	return !s.repeats(last, isSYNACK)
}
