package state

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

// moment is something that moves an endpoint in the closing of a connection, at
// the time it happens there: half the distance before the tap sees what the endpoint sent,
// half the distance behind what passes towards it.
type moment struct {
	at    conn.Time
	event fsm.Event
	fact  *conn.Fact
	proof *conn.Fact
	sent  bool
	doubt bool // it happened, but perhaps in another order
}

// closing follows the endpoint from ESTABLISHED, or from where the opening left it, to its end.
func (s *walker) closing() {
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
			if n > s.begin && isFINOnSYN(m.fact) {
				s.out[n].follow(&s.out[n-1])
			}
		}
	}
}

// follow has a step by the FIN of a SYN be made when the one before, into ESTABLISHED, is.
func (step *Step) follow(open *Step) {
	step.NotBefore, step.NotAfter = open.NotBefore, open.NotAfter
	if step.Cause == fsm.RecvFIN {
		step.Frame, step.Time, step.Evidence, step.ProofFrame = open.Frame, open.Time, open.Evidence, open.ProofFrame
	}
}

// qualify says what the segment behind a step does not prove: the state, if something of which the capture
// tells nothing may have come first; and when it was entered.
func (s *walker) qualify(step *Step, m *moment) {
	switch step.Cause {
	case fsm.SendFIN:
		m.doubt = m.doubt || s.self.FinUnproved || s.self.FinFirst && step.State == fsm.LastAck || step.State == fsm.FinWait1 && s.mayAnswerUnseen()
		if s.self.BusySince != 0 {
			step.NotBefore = min(step.NotBefore, s.self.SentSince(s.self.BusySince))
		}
	case fsm.SendRST, fsm.ReturnToListen:
		if m.sent {
			s.qualifyRST(step, m.fact)
		}
	case fsm.RecvRST:
		if m.fact.Bits.Has(conn.FactOutside) {
			step.NotAfter = s.goneBy(m.fact)
		}
	case fsm.RecvFINAndAck:
		step.NotBefore = min(step.NotBefore, s.earliestFIN(m))
	case fsm.RecvFIN:
		step.NotBefore = min(step.NotBefore, s.earliestFIN(m))
		// The FIN may acknowledge one of the endpoint's own that passed unseen, or its sender does so later.
		m.doubt = m.doubt || step.State == fsm.CloseWait && (s.other.FinBlind || s.self.EndBlind) && !s.self.KnowsFIN
	}
	if m.doubt || s.oneSided() && step.Cause != fsm.SendRST {
		step.assume()
	}
}

// earliestFIN is when the first copy of the peer's FIN passed that may be the one which moved the endpoint: which of several it
// was only what it sends in between tells.
func (s *walker) earliestFIN(m *moment) conn.Time {
	for i := s.first(s.peer, 0, conn.IsFIN); i >= 0; i = s.first(s.peer, i+1, conn.IsFIN) {
		if f := &s.Facts[i]; f == m.fact || !s.deferred(f, m.proof) {
			return f.Time
		}
	}
	return m.fact.Time
}

// oneSided reports whether one direction only was captured. The other's FIN cannot be told from an octet of data then, nor which
// FIN came first.
func (s *walker) oneSided() bool { return s.self.Unseen || s.other.Unseen }

// qualifyRST says what an RST of the endpoint does not prove. It may be the answer to a segment for which there is
// no connection (RFC 9293 3.10.7.1): then that had ended at any time since it last sent anything else.
func (s *walker) qualifyRST(step *Step, f *conn.Fact) {
	if !f.Has(wire.ACK) && !f.Bits.Has(conn.FactOwnNumber) && !(step.Cause == fsm.SendRST && s.other.Unseen && s.fromSYN(f)) {
		step.Evidence = EvidenceAssumed // and its number does not show that it was this one
	}
	if n := len(s.out) - 2; conn.IsPlainRST(f) && s.passive && n >= s.begin && s.out[n].State == fsm.Established && s.out[n].Evidence == EvidenceAssumed {
		step.Evidence = EvidenceAssumed // it may never have left SYN_RCVD but for LISTEN
	}
	if f.Bits.Has(conn.FactOutside) && (s.self.End != 0 || s.passive) {
		step.Evidence = EvidenceAssumed // somebody else's, or the capture lacks what is before it
	}
	if f.Has(wire.ACK) && s.self.Acked != 0 && int32(f.Ack-uint32(s.self.Acked)) < 0 {
		step.Evidence = EvidenceAssumed // it had acknowledged more, and never acknowledges less: the RST is of whoever had the segment that it answers
	}
	if !f.Has(wire.ACK) || s.other.Last > s.self.Last {
		step.NotBefore = min(step.NotBefore, s.self.SentSince(s.self.Last))
	}
	if step.Cause == fsm.ReturnToListen {
		step.Evidence = EvidenceAssumed // the listener may be gone, too
	}
}

// fromSYN reports whether an RST of the endpoint has the number of its SYN, which was captured, or the next.
func (s *walker) fromSYN(rst *conn.Fact) bool {
	i := s.first(s.me, 0, conn.IsSYN)
	return i >= 0 && rst.Seq-s.self.ISN <= 1+uint32(s.Facts[i].Len)
}

// afterlife follows a listener that answers an old duplicate SYN once the connection is
// over: with another ISN, until the RST comes that its SYN-ACK provokes (RFC 9293 figure 9).
func (s *walker) afterlife() {
	if s.state != fsm.Closed || len(s.out) == 0 {
		return
	}
	over := &s.out[len(s.out)-1]
	i := s.first(s.me, 0, func(f *conn.Fact) bool {
		return f.Bits.Has(conn.FactForeign) && f.Has(wire.SYN|wire.ACK) && f.Time >= over.Time && s.Frame(f) > over.Frame && f.Seq != s.self.ISN
	})
	if i < 0 {
		return
	}
	synack := &s.Facts[i]
	asked := s.first(s.peer, 0, func(f *conn.Fact) bool {
		return IsSYNOnly(f) && s.Frame(f) > over.Frame && f.Ahead < synack.Ahead && f.Seq+1 == synack.Ack
	}) >= 0
	if !s.passive && !asked {
		return // it never listened: somebody else's, in its name
	}
	s.state, s.passive = fsm.Listen, true
	s.sent(fsm.SendSYNACK, synack)
	if !asked {
		s.out[len(s.out)-1].assume() // who forges a SYN-ACK needs no SYN
	}
	rst := s.first(s.peer, i, func(f *conn.Fact) bool { return conn.IsRST(f) && f.Seq == synack.Ack })
	if rst >= 0 {
		s.received(fsm.ReturnToListen, &s.Facts[rst], nil)
	}
}

func (s *walker) sentAt(f *conn.Fact) conn.Time     { return f.Time - s.self.Distance/2 }
func (s *walker) receivedAt(f *conn.Fact) conn.Time { return f.Time + s.self.Distance/2 }

// closeMoments lists, in the order in which they happened at the endpoint: its FIN, the peer's
// FIN, the ACK of its own. The order tells active from passive and simultaneous close.
func (s *walker) closeMoments(list []moment) []moment {
	own := s.at(s.self.FirstFIN)
	var fin, proof *conn.Fact
	if s.other.KnowsFIN {
		fin, proof = s.peerFIN()
	}
	if fin != nil && isFINOnSYN(fin) && s.state != fsm.Established {
		fin, proof = nil, nil
	}
	add := func(ev fsm.Event, f, proof *conn.Fact, sent, doubt bool) {
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
			add(fsm.RecvFIN, fin, proof, false, proof != nil && (isAnswer(proof) || conn.IsOrdinary(proof) && proof.Bits.Has(conn.FactSkips) || s.waitsUnseen(fin, proof)))
		}
		return list
	}
	ack := s.ackOfFIN(own)
	if fin != nil && proof != nil && s.bringsACK(fin) && (ack == nil || ack.Ahead > fin.Ahead) {
		ack = fin
	}
	if fin != nil && proof != nil && conn.IsRST(proof) && (ack != nil || s.bringsACK(fin)) {
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
		add(fsm.RecvFIN, fin, proof, false, !sure || s.maybeAcked(fin, proof))
	case s.isBoth(ack, fin, proof):
		add(fsm.RecvFINAndAck, fin, proof, false, !sure)
	case s.ackedFirst(ack, fin, proof):
		add(fsm.RecvAckOfFIN, ack, nil, false, false)
		add(fsm.RecvFIN, fin, proof, false, !s.bringsACK(fin))
	default:
		add(fsm.RecvFIN, fin, proof, false, !sure || !s.unacked(fin, proof) || s.maybeAcked(fin, proof))
		add(fsm.RecvAckOfFIN, ack, nil, false, false)
	}
	return list
}

// bringsACK reports whether the peer's FIN acknowledges the endpoint's. Of one that was not captured, in the place of which is what proves it
// (peerFIN), that is not known.
func (s *walker) bringsACK(fin *conn.Fact) bool { return fin.Dir() == s.peer && fin.Covers(s.self.FIN) }

// closedSecond reports whether the endpoint had the peer's FIN when the application closed, and whether that is sure.
func (s *walker) closedSecond(own, fin, proof *conn.Fact) (passive, sure bool) {
	switch {
	case fin == nil || proof == nil:
		return false, true
	case s.other.FirstFIN >= 0 && s.Facts[s.other.FirstFIN].Covers(s.self.FIN):
		return false, !own.Covers(s.other.FIN) // if each acknowledges the other, the first copy of one of them was not captured, or of both
	case s.lostFIN(own) != nil:
		lost := s.lostFIN(own)
		if !lost.Covers(s.other.FIN) {
			return false, true
		}
		crossed := s.crossed(lost, fin)
		return !crossed, crossed && !s.maybeCopy() || s.before(proof, own)
	case !own.Covers(s.other.FIN):
		return false, true
	}
	return !own.Bits.Has(conn.FactBusy), !s.waits(proof) && !s.self.FinFirst && s.isFirst(own, fin, proof)
}

// isFirst reports whether nothing speaks for a FIN of the endpoint, before own, that was not captured. One that answers the peer's late may be
// a second copy; how long its sender takes another segment than this has to tell.
func (s *walker) isFirst(own, fin, proof *conn.Fact) bool {
	wait := proof.Time - fin.Time
	measured := !s.lacks && s.self.KnowsISN || wait > s.self.Distance || wait <= conn.AckDelay // else what was taken for the distance is this wait, or another
	if proof == own {
		return measured && s.prompt(proof, fin, conn.AckDelay)
	}
	return s.self.AtTap && !s.lacks || s.before(proof, own)
}

// before reports whether proof shows that the endpoint had not sent its FIN by then: what it sends next is that. Where segments are missing from the
// capture, a FIN with data may be one of these, sent again: it may have been waiting for its turn behind data that was in flight.
func (s *walker) before(proof, own *conn.Fact) bool {
	resent := s.lacks && own.Len > 0
	return !resent && !conn.IsFIN(proof) && !proof.Bits.Has(conn.FactSkips) && int32(proof.Seq+uint32(proof.Len)-s.self.FIN) <= 0
}

// prompt reports whether proof is the immediate answer to the peer's FIN.
func (s *walker) prompt(proof, fin *conn.Fact, within conn.Time) bool {
	return proof.Time-fin.Time <= s.self.Distance*3/2+within
}

// isBoth reports whether the segment that brought the peer's FIN was the first that acknowledged the endpoint's.
func (s *walker) isBoth(ack, fin, proof *conn.Fact) bool {
	if !s.bringsACK(fin) || fin.Bits.Has(conn.FactStandIn) || s.deferred(fin, proof) {
		return false
	}
	return conn.IsFIN(ack) || ack.Time > fin.Time
}

// ackedFirst reports whether the ACK of the endpoint's FIN came before it took the peer's. An ACK that passed the tap no later
// than the FIN is received no later; a FIN ahead of missing bytes is not taken when it comes.
func (s *walker) ackedFirst(ack, fin, proof *conn.Fact) bool {
	if ack.Time <= fin.Time {
		return true
	}
	return proof != nil && s.deferred(fin, proof) && ack.Time <= proof.Time-s.self.Distance*9/10 && !s.echoedBefore(proof, ack)
}

// echoedBefore reports whether proof was sent before f had come, as the timestamp that it echoes tells.
func (s *walker) echoedBefore(proof, f *conn.Fact) bool {
	return s.echoes(conn.IsFIN, proof) && f.Bits.Has(conn.FactTimestamps) && int32(f.TSval-proof.TSecr) > 0
}

// unacked reports whether nothing had passed that acknowledges the endpoint's FIN when it sent proof, behind the peer's. In a capture that begins
// in mid-connection that may be all that measures the distance.
func (s *walker) unacked(fin, proof *conn.Fact) bool {
	if proof == nil {
		return false
	}
	i := s.first(s.peer, 0, func(f *conn.Fact) bool { return f.Covers(s.self.FIN) && s.heedsACK(f) })
	if i < 0 {
		return true
	}
	f := &s.Facts[i]
	return f.Time > proof.Time-s.self.Distance && (s.self.KnowsISN || s.self.Distance < proof.Time-fin.Time)
}

// deferred reports whether the endpoint sent anything that does not acknowledge the peer's FIN after that had come.
func (s *walker) deferred(fin, proof *conn.Fact) bool {
	if proof == nil {
		return false
	}
	i := s.first(s.me, 0, func(f *conn.Fact) bool {
		return f.Ahead < proof.Ahead && !conn.IsRST(f) && f.Has(wire.ACK) && !f.Covers(s.other.FIN) && s.heard(fin, f.Time)
	})
	return i >= 0
}

// lostFIN is the first segment behind the endpoint's FIN that passed the tap before the FIN
// did: the first copy was lost before the tap. It brings nothing: there is none behind a FIN.
func (s *walker) lostFIN(own *conn.Fact) *conn.Fact {
	i := s.first(s.me, 0, func(f *conn.Fact) bool {
		return conn.IsOrdinary(f) && f.SeqLen() == 0 && f.Ahead < own.Ahead && f.Seq == s.self.FIN+1
	})
	return s.at(i)
}

// crossed reports whether the endpoint's FIN was under way when the peer's arrived: proof, which
// follows it, is the immediate answer to the peer's FIN. An application needs longer.
func (s *walker) crossed(proof, fin *conn.Fact) bool {
	first := s.first(s.me, 0, s.acksFIN)
	return &s.Facts[first] == proof && s.prompt(proof, fin, answerTime)
}

// answerTime is what a host takes at most to acknowledge a FIN: that is never delayed.
const answerTime = 5e6
