package state

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

// opening follows the endpoint to ESTABLISHED, or as far as it comes.
func (s *walker) opening() {
	syn := s.first(s.me, 0, conn.IsSYN)
	synack := s.first(s.me, 0, conn.IsSYNACK)
	switch {
	case s.returns(syn):
		s.midstream()
	case syn >= 0 && (synack < 0 || syn < synack || s.first(s.peer, 0, isAnySYN) >= 0): // no listener sends a SYN, in whatever order they were captured
		s.dial(syn, synack)
	case synack >= 0 && s.bothAnswer(synack):
		s.dialUnseen(synack)
	case synack >= 0:
		s.accept(synack)
	case s.refuse(), s.refuseProbe():
	case s.unasked() && s.backscatter():
	case s.first(s.peer, 0, conn.IsSYNACK) >= 0:
		s.dialUnseen(-1)
	default:
		s.midstream()
	}
}

// returns reports whether the endpoint's SYN, fact i, passed long after what it sent behind that: the network held it back, or the endpoint sent
// it once more, having forgotten the connection. It opens nothing unless it is answered.
func (s *walker) returns(i int) bool {
	return i >= 0 && s.first(s.peer, 0, isAnySYN) < 0 && s.first(s.me, 0, func(f *conn.Fact) bool {
		return conn.IsOrdinary(f) && f.Time < s.Facts[i].Time-conn.RoundTrip && int32(f.Seq-s.self.ISN) > 0 && conn.Near(f.Seq, s.self.ISN)
	}) >= 0
}

func isAnySYN(f *conn.Fact) bool { return conn.IsSYN(f) || conn.IsSYNACK(f) }

// bothAnswer reports whether the peer answered the endpoint's SYN, which was not captured, by a SYN-ACK as the endpoint did the peer's: both
// opened at once.
func (s *walker) bothAnswer(synack int) bool {
	i := s.first(s.peer, 0, conn.IsSYNACK)
	return i >= 0 && s.Facts[i].Covers(s.self.ISN) && s.Facts[synack].Covers(s.other.ISN)
}

// dialUnseen follows an active open of which the answer is the first that is seen: it proves the SYN. synack is the endpoint's own, -1 if it
// sent none.
func (s *walker) dialUnseen(synack int) {
	answer := &s.Facts[s.first(s.peer, 0, conn.IsSYNACK)]
	s.state = fsm.Closed
	s.move(fsm.SendSYN, Step{Evidence: EvidenceAssumed, Frame: s.Frame(answer), Time: answer.Time, NotAfter: answer.Time})
	if synack >= 0 {
		s.dialed(0, synack)
	} else {
		s.connected(0)
	}
}

// refuse reports whether the endpoint answered a SYN as only CLOSED does: by an RST that
// acknowledges the SYN (RFC 9293 3.10.7.1), having sent nothing else, nor a SYN that the peer answered.
func (s *walker) refuse() bool {
	if s.first(s.peer, 0, conn.IsSYN) < 0 || s.first(s.me, 0, conn.IsOrdinary) >= 0 || s.first(s.peer, 0, conn.IsSYNACK) >= 0 {
		return false
	}
	i := s.first(s.me, 0, s.refuses)
	if i < 0 {
		return false
	}
	s.refused(&s.Facts[i], EvidenceSent)
	return true
}

// refuses tells the RSTs by which the endpoint refuses its peer's SYN.
func (s *walker) refuses(f *conn.Fact) bool {
	return conn.IsRST(f) && f.Covers(s.other.ISN) && !f.Bits.Has(conn.FactOutside)
}

// refused takes the endpoint for CLOSED when it sent an RST.
func (s *walker) refused(rst *conn.Fact, how Evidence) {
	s.state = fsm.Closed
	s.out = append(s.out, Step{State: fsm.Closed, Cause: fsm.SendRST, Evidence: how, Frame: s.Frame(rst), Time: rst.Time, NotBefore: rst.Time - s.self.Distance, NotAfter: rst.Time})
}

// dial follows an active open.
func (s *walker) dial(syn, synack int) {
	s.state = fsm.Closed
	s.sent(fsm.SendSYN, &s.Facts[syn])
	s.redial(syn)
	if synack >= 0 {
		s.dialed(syn, synack)
	} else {
		s.connected(syn)
	}
}

// dialed follows a simultaneous open from SYN_SENT: the endpoint sent a SYN-ACK of its own.
func (s *walker) dialed(syn, synack int) {
	if i := s.copyBefore(conn.IsSYN, &s.Facts[synack]); i >= 0 {
		s.received(fsm.RecvSYN, &s.Facts[i], &s.Facts[synack])
	} else {
		s.sent(fsm.SendSYNACK, &s.Facts[synack])
	}
	// An ACK without SYN says nothing in SYN_SENT (RFC 9293 3.10.7.3).
	covering := func(f *conn.Fact) bool { return !conn.IsRST(f) && f.Covers(s.self.ISN) }
	ack := s.first(s.peer, max(0, s.first(s.peer, 0, conn.IsSYN)), covering)
	for ack >= 0 && s.repeats(ack, conn.IsSYNACK) && !s.exchanged() {
		ack = s.first(s.peer, ack+1, covering) // the one before was not taken
	}
	if ack < 0 {
		if s.exchanged() {
			s.move(fsm.RecvAckOfSYN, Step{Evidence: EvidenceAssumed, Frame: s.Frame(&s.Facts[synack]), Time: s.Facts[synack].Time})
		}
		return
	}
	proof := s.first(s.me, syn, func(f *conn.Fact) bool {
		return s.coversSYN(f) && (f.Len > 0 || conn.IsFIN(f)) && s.heard(&s.Facts[ack], f.Time)
	})
	if proof < 0 && s.endsBefore(ack) {
		return
	}
	s.received(fsm.RecvAckOfSYN, &s.Facts[ack], s.at(proof)) // SYN_RCVD sends ACKs, too, but no data
}

// connected follows an active open from its SYN to ESTABLISHED.
func (s *walker) connected(syn int) {
	proof := s.first(s.me, syn, s.coversSYN)
	answer := func(f *conn.Fact) bool { return conn.IsSYNACK(f) && f.Covers(s.self.ISN) }
	if proof >= 0 {
		if i := s.copyBefore(answer, &s.Facts[proof]); i >= 0 {
			s.received(fsm.RecvSYNACK, &s.Facts[i], &s.Facts[proof])
			s.earlier(answer, syn, proof)
		} else { // the SYN-ACK was not captured
			s.uncaptured(fsm.RecvSYNACK, s.Facts[syn].Time, &s.Facts[proof])
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
	if copies > 1 && s.first(s.me, i, conn.IsRST) < 0 && !s.letIn(syn, len(s.Facts)) {
		return // it does not answer copy after copy: they did not arrive
	}
	if rst := s.first(s.me, i, conn.IsRST); rst >= 0 && s.answersGone(&s.Facts[rst], &s.Facts[i]) && !s.letIn(syn, rst) && !s.wentOn(syn, &s.Facts[rst]) {
		return
	}
	if !s.repeats(i, conn.IsSYN) {
		s.received(fsm.RecvSYNACK, &s.Facts[i], nil)
	}
}

// answersGone reports whether an RST answers a SYN-ACK from CLOSED: connect() was given up. Who takes a SYN-ACK says so before anything else,
// and who has a connection dates what it sends, be it an RST.
func (s *walker) answersGone(rst, synack *conn.Fact) bool {
	return !rst.Has(wire.ACK) || rst.Time-synack.Time < synTimeout && !rst.Bits.Has(conn.FactTimestamps)
}

// letIn reports whether the peer had acknowledged, before fact rst, more than the SYN of the endpoint, which has sent data, uncaptured, that
// only ESTABLISHED sends.
func (s *walker) letIn(syn, rst int) bool {
	i := s.first(s.peer, syn, func(f *conn.Fact) bool {
		return s.heardMore(f) && f.Ack-s.self.ISN-1 > uint32(s.Facts[syn].Len) && s.other.KnowsISN && conn.Near(f.Seq, s.other.ISN)
	})
	return i >= 0 && i < rst
}

// wentOn reports whether an RST with ACK, by which the endpoint ends its connection, has a number behind what it sent with its SYN, fact syn,
// and acknowledges what it was sent behind the SYN-ACK: neither was captured.
func (s *walker) wentOn(syn int, rst *conn.Fact) bool {
	return rst.Has(wire.ACK) && rst.Seq-s.self.ISN-1 > uint32(s.Facts[syn].Len) && conn.Near(rst.Seq, s.self.ISN) &&
		s.other.KnowsISN && rst.Ack != s.other.ISN+1 && inReach(rst, s.other.ISN)
}

// earlier lets the latest step begin with the first copy of what moved the endpoint after which it did not send its SYN again: what it
// answered to that may not have been captured.
func (s *walker) earlier(answer func(*conn.Fact) bool, syn, proof int) {
	step := &s.out[len(s.out)-1]
	if step.Cause != fsm.RecvSYNACK || step.NotBefore == 0 {
		return
	}
	for j := s.first(s.peer, syn, answer); j >= 0 && j < proof; j = s.first(s.peer, j+1, answer) {
		if !s.repeatsBefore(j, proof, conn.IsSYN) {
			step.NotBefore = min(step.NotBefore, s.Facts[j].Time)
			return
		}
	}
}

// synTimeout is the least time after which an unanswered SYN is repeated (RFC 6298 2.1), or nearly.
const synTimeout = 900e6

func (s *walker) coversSYN(f *conn.Fact) bool {
	return conn.IsOrdinary(f) && s.other.KnowsISN && inReach(f, s.other.ISN) && int32(f.Seq-s.self.ISN) > 0
}

// inReach reports whether f acknowledges the SYN at isn, and no more than a window beyond: farther it is of another connection.
func inReach(f *conn.Fact, isn uint32) bool { return f.Ack-isn-1 <= uint32(conn.Farthest) }

// redial follows an endpoint that does not take the first RST for an answer. It sends its SYN again
// sooner than one that had not received the RST would. If it is let in, in the end, its attempt had not ended.
func (s *walker) redial(syn int) {
	if s.first(s.peer, syn, conn.IsSYNACK) >= 0 {
		return
	}
	for {
		rst := s.first(s.peer, syn, func(f *conn.Fact) bool { return conn.IsRST(f) && f.Bits.Has(conn.FactAccepted) })
		if rst < 0 {
			return
		}
		sent := s.Facts[syn].Time
		syn = s.first(s.me, rst, func(f *conn.Fact) bool { return conn.IsSYN(f) && !f.Bits.Has(conn.FactCopy) })
		if syn < 0 || !s.heard(&s.Facts[rst], s.Facts[syn].Time) || s.Facts[syn].Time-sent >= synTimeout {
			return
		}
		s.received(fsm.RecvRST, &s.Facts[rst], &s.Facts[syn])
		s.sent(fsm.SendSYN, &s.Facts[syn])
	}
}

// accept follows a passive open, of which the SYN-ACK is the first that is seen.
func (s *walker) accept(synack int) {
	first := &s.Facts[synack]
	if i := s.first(s.me, 0, s.refuses); i >= 0 && i < synack && s.first(s.peer, 0, conn.IsSYN) >= 0 && !s.Facts[i].Bits.Has(conn.FactForeign) {
		s.refusal = &s.Facts[i]
		s.refused(s.refusal, EvidenceAssumed) // it listens since, or it was a device on the path
	}
	s.state, s.passive = fsm.Listen, true
	s.out = append(s.out, Step{State: fsm.Listen, Cause: fsm.PassiveOpen, Evidence: EvidenceAssumed, Frame: s.Frame(first), Time: first.Time, NotAfter: first.Time})
	s.sent(fsm.SendSYNACK, first)
	i := s.first(s.peer, 0, s.coversSYNACK)
	if i < 0 && s.succeeds && s.first(s.peer, 0, func(f *conn.Fact) bool { return !conn.IsRST(f) && !f.Bits.Has(conn.FactStandIn) }) < 0 {
		s.out[len(s.out)-1].assume() // the earlier connection was captured, and nothing of this: somebody else's, in its name, perhaps
	}
	own := s.first(s.me, synack, func(f *conn.Fact) bool {
		return conn.IsOrdinary(f) && !(s.isBare(f) && (i >= 0 && f.Ahead < s.Facts[i].Ahead || s.opensBehind(f) || s.answersAhead(f)))
	})
	early := func(f *conn.Fact) bool { return i >= 0 && f.Time < s.Facts[i].Time+s.self.Distance*3/4 }
	if s.fastOpen(first) {
		// It takes data with the SYN, and sends, and closes, before the ACK comes (RFC 7413 4.2).
		if s.self.FirstFIN >= 0 && early(&s.Facts[s.self.FirstFIN]) {
			return
		}
		if own = s.first(s.me, 0, func(f *conn.Fact) bool { return s.tookMore(first, f) }); own < 0 {
			own = s.first(s.me, synack, func(f *conn.Fact) bool { return conn.IsOrdinary(f) && !early(f) })
		}
	} else if own < 0 {
		// Captured in front of the SYN-ACK that came before it.
		own = s.first(s.me, 0, func(f *conn.Fact) bool { return s.isData(f) || s.tookMore(first, f) })
	}
	switch {
	case i < 0 && own >= 0 && s.hadACK(synack, &s.Facts[own]):
		s.uncaptured(fsm.RecvAckOfSYN, min(first.Time, s.Facts[own].Time), &s.Facts[own])
		if s.closedUnseen(first, &s.Facts[own]) {
			s.out[len(s.out)-1].assume()
		}
	case i < 0 && s.exchanged():
		s.move(fsm.RecvAckOfSYN, Step{Evidence: EvidenceAssumed, Frame: s.Frame(first), Time: first.Time})
	case i < 0:
	case own < 0:
		s.acceptUnproved(i)
	default:
		s.acceptProved(synack, own)
	}
}

// exchanged reports whether both endpoints sent data, and none with a SYN (RFC 7413): each has had the ACK of its own, be it that no fact shows
// which.
func (s *walker) exchanged() bool {
	early := func(f *conn.Fact) bool { return isAnySYN(f) && f.Len > 0 }
	return s.self.SentData && s.other.SentData && s.first(s.me, 0, early) < 0 && s.first(s.peer, 0, early) < 0
}

// isData reports whether a segment of the endpoint has data of this connection.
func (s *walker) isData(f *conn.Fact) bool {
	return conn.IsOrdinary(f) && f.Len > 0 && s.other.KnowsISN && int32(f.Seq-s.self.ISN) > 0 && conn.Near(f.Seq, s.self.ISN) && conn.Near(f.Ack, s.other.ISN)
}

// tookMore reports whether f, of the endpoint, acknowledges more than its SYN-ACK did. What comes with the SYN and is not acknowledged by
// that comes again behind it (RFC 7413 4.1.3), and brings its ACK.
func (s *walker) tookMore(synack, f *conn.Fact) bool {
	from := synack.Ack
	if syn := s.first(s.peer, 0, conn.IsSYN); syn >= 0 && synack.Bits.Has(conn.FactStandIn) {
		from = s.other.ISN + 1 + uint32(s.Facts[syn].Len)
	}
	switch {
	case s.self.FirstFIN >= 0 && f.Ahead > s.Facts[s.self.FirstFIN].Ahead: // from SYN_RCVD, perhaps
		return false
	case f.Ahead < synack.Ahead && f.Len == 0 && (synack.Time-f.Time > conn.RoundTrip || s.disowned(f)): // of the connection before, perhaps
		return false
	}
	return conn.IsOrdinary(f) && !f.Bits.Has(conn.FactStandIn) && conn.Near(f.Seq, s.self.ISN) && f.Ack-from-1 < uint32(conn.Farthest)
}

// hadACK reports whether f, of the endpoint, shows that it had the ACK of its SYN-ACK, of which none was captured: it has taken, or sent,
// what comes behind the handshake.
func (s *walker) hadACK(synack int, f *conn.Fact) bool {
	if s.tookMore(&s.Facts[synack], f) {
		return true
	}
	return !s.fastOpen(&s.Facts[synack]) && !f.Bits.Has(conn.FactStandIn) && (f.Len > 0 || s.other.KnowsISN && int32(f.Ack-s.other.ISN-1) > 0)
}

// isBare reports whether a segment of the endpoint is what SYN_RCVD sends, too: the answer to a SYN that comes again (RFC 9293 3.10.7.4).
func (s *walker) isBare(f *conn.Fact) bool {
	return f.Len == 0 && !f.Any(wire.FIN) && f.Seq == s.self.ISN+1 && s.other.KnowsISN && f.Ack == s.other.ISN+1
}

// coversSYNACK reports whether f, of the peer, acknowledges the endpoint's SYN-ACK, and does not lie before what SYN_RCVD expects.
func (s *walker) coversSYNACK(f *conn.Fact) bool {
	return conn.IsOrdinary(f) && inReach(f, s.self.ISN) && !(s.other.KnowsISN && int32(f.Seq+max(f.SeqLen(), 1)-s.other.ISN-1) <= 0)
}

// answersAhead reports whether all of the peer's that f may answer lies ahead of what SYN_RCVD expects: if its window does not reach there it
// answers so, too, and remains (RFC 9293 3.10.7.4).
func (s *walker) answersAhead(f *conn.Fact) bool {
	next := s.other.ISN + 1
	return s.first(s.peer, 0, func(g *conn.Fact) bool { return s.coversSYNACK(g) && g.Ahead < f.Ahead && int32(g.Seq-next) <= 0 }) < 0
}

// fastOpen reports whether the SYN that a SYN-ACK answers had data that it acknowledges, or may have had.
func (s *walker) fastOpen(synack *conn.Fact) bool {
	syn := s.at(s.first(s.peer, 0, conn.IsSYN))
	switch {
	case syn == nil || syn.Bits.Has(conn.FactStandIn):
		return true
	case synack.Bits.Has(conn.FactStandIn):
		return syn.Len > 0
	}
	first := s.other.ISN + 1
	if syn.Any(wire.FIN) && synack.Ack == first+1 {
		return false // the FIN
	}
	return s.other.KnowsISN && synack.Ack != first
}

// closedUnseen reports whether what the capture lacks of what the endpoint sent before proof may be a FIN, by which it went from SYN_RCVD to
// FIN_WAIT_1 before the ACK of its SYN-ACK came (RFC 7413 4.2): by then it was not in ESTABLISHED.
func (s *walker) closedUnseen(synack, proof *conn.Fact) bool {
	if !s.fastOpen(synack) {
		return false
	}
	if fin := s.at(s.self.FirstFIN); fin != nil && s.repeated(fsm.SendFIN, fin) {
		return true // the first copy is missing
	}
	return proof.Bits.Has(conn.FactSkips) || synack.Bits.Has(conn.FactStandIn) || s.oneSided() && !s.tookMore(synack, proof)
}

// acceptUnproved takes what nothing proves: that the ACK of the SYN-ACK arrived, which fact i is first.
func (s *walker) acceptUnproved(i int) {
	if !s.established(i) && !s.exchanged() {
		return
	}
	// Of several the one that can have been received: behind the last SYN-ACK.
	for j := i; j >= 0 && s.repeats(i, conn.IsSYNACK); j = s.first(s.peer, j+1, s.coversSYNACK) {
		i = j
	}
	s.received(fsm.RecvAckOfSYN, &s.Facts[i], nil)
}

// acceptProved takes what fact own proves: that an ACK of the SYN-ACK had arrived.
func (s *walker) acceptProved(synack, own int) {
	proof := &s.Facts[own]
	j := s.copyBefore(s.coversSYNACK, proof)
	if j < 0 {
		s.uncaptured(fsm.RecvAckOfSYN, min(s.Facts[synack].Time, proof.Time), proof)
		return
	}
	for k := s.first(s.peer, 0, s.coversSYNACK); k >= 0 && k <= j; k = s.first(s.peer, k+1, s.coversSYNACK) {
		if !s.repeatsBefore(k, own, conn.IsSYNACK) {
			j = k
			break
		}
	}
	if proof.Bits.Has(conn.FactStandIn) || s.closedUnseen(&s.Facts[synack], proof) {
		proof = nil
	}
	s.received(fsm.RecvAckOfSYN, &s.Facts[j], proof)
	if s.first(s.me, synack+1, conn.IsSYNACK) < 0 {
		// With SYN cookies (RFC 4987 3.6) the server keeps no state before the ACK comes.
		s.out[len(s.out)-2].NotAfter = s.out[len(s.out)-1].NotAfter
	}
}

// established reports whether a server that sent nothing but SYN-ACKs may have taken the
// handshake's ACK. It did not (its accept queue was full, it deferred, it gave up) if
// it repeats its SYN-ACK after every such ACK, or answers with an RST without ACK.
func (s *walker) established(ack int) bool {
	if rst := s.first(s.me, 0, func(f *conn.Fact) bool { return conn.IsRST(f) && !f.Bits.Has(conn.FactForeign) }); rst >= 0 && !s.Facts[rst].Has(wire.ACK) {
		return false
	}
	ignored := 0
	for i := s.first(s.me, 0, conn.IsSYNACK); i >= 0; i = s.first(s.me, i+1, conn.IsSYNACK) {
		if s.heard(&s.Facts[ack], s.Facts[i].Time) {
			ignored++
		}
	}
	if ignored > 1 {
		return false // it did not hear, or did not want, ACK after ACK
	}
	last := ack
	for j := ack; j >= 0; j = s.first(s.peer, j+1, func(f *conn.Fact) bool { return conn.IsOrdinary(f) && f.Covers(s.self.ISN) }) {
		last = j
	}
	return !s.repeats(last, conn.IsSYNACK)
}
