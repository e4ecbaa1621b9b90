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
// acknowledges the SYN (RFC 9293 3.10.7.1), having sent nothing else of the connection, nor a SYN that the peer answered.
func (s *walker) refuse() bool {
	of := func(f *conn.Fact) bool { return conn.IsOrdinary(f) && inReach(f, s.other.ISN) }
	if s.first(s.peer, 0, conn.IsSYN) < 0 || s.first(s.me, 0, of) >= 0 || s.first(s.peer, 0, conn.IsSYNACK) >= 0 {
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
