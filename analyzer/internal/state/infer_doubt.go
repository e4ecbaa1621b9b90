package state

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

// waitsUnseen reports whether the endpoint, of which no FIN was captured, may have had one to send when it sent proof. The peer's FIN tells it
// of all that landed before.
func (s *walker) waitsUnseen(fin, proof *conn.Fact) bool {
	return s.waits(proof) && (s.self.Landed == 0 || s.self.Landed > fin.Time)
}

// waits reports whether the endpoint may have had a FIN to send, behind data, when it sent proof.
func (s *walker) waits(proof *conn.Fact) bool {
	return s.self.BusySince != 0 && s.self.BusySince < proof.Time
}

// maybeCopy reports whether the peer's FIN that was captured first may not be the first that it sent: what answers it may have been
// sent for one before.
func (s *walker) maybeCopy() bool { return s.lacks || s.other.FinFirst }

// maybeAcked reports whether the endpoint may have had an ACK of its FIN, which was not captured, when it sent proof: the capture lacks other
// segments, or nothing that it sent between the peer's FIN and proof, which is late for an answer, shows why; and it does not send its FIN again.
func (s *walker) maybeAcked(fin, proof *conn.Fact) bool {
	late := proof != nil && !s.prompt(proof, fin, answerTime) && !s.deferred(fin, proof)
	return proof != nil && (s.lacks || late) && !s.insists(proof)
}

// mayAnswerUnseen reports whether the endpoint's FIN may acknowledge one of the peer's that was not captured: the last octet that it acknowledges was
// not, and no other FIN is surely the peer's.
func (s *walker) mayAnswerUnseen() bool {
	return s.self.FinBlind && (!s.other.KnowsFIN || s.other.FinUnproved || s.other.FinFirst)
}

// insists reports whether the endpoint sent its FIN, again, with proof or behind it: the ACK of that had not come.
func (s *walker) insists(proof *conn.Fact) bool {
	return s.first(s.me, 0, func(f *conn.Fact) bool { return conn.IsFIN(f) && f.Ahead >= proof.Ahead && !s.late(f) }) >= 0
}

// isFalseACK reports whether f acknowledges what had not been sent: nobody takes it, and it proves nothing.
func isFalseACK(f *conn.Fact) bool {
	return conn.IsOrdinary(f) && !f.Any(wire.FIN) && f.Bits.Has(conn.FactForeign)
}

// foretold reports whether ack acknowledges a FIN so long before that was captured that its sender must have heard it.
func (s *walker) foretold(fin, ack *conn.Fact, sender *conn.Endpoint) bool {
	return fin.Time > ack.Time+max(conn.CaptureSkew, sender.Margin())
}

// acksFIN reports whether f, of the endpoint, acknowledges the peer's FIN. Before that was captured it may be an ACK of one that was not, but
// of nothing behind it.
func (s *walker) acksFIN(f *conn.Fact) bool {
	if !f.Covers(s.other.FIN) || f.Bits.Has(conn.FactForeign) || s.disowned(f) {
		return false
	}
	fin := s.at(s.first(s.peer, 0, conn.IsFIN))
	return f.Ack == s.other.FIN+1 || fin == nil || fin.Ahead < f.Ahead
}

// opensBehind reports whether the endpoint sent its SYN-ACK again after f: it was in SYN_RCVD still.
func (s *walker) opensBehind(f *conn.Fact) bool {
	return s.first(s.me, 0, func(g *conn.Fact) bool {
		return conn.IsSYNACK(g) && g.Time > f.Time+conn.CaptureSkew && g.Bits&conn.FactCopy == 0
	}) >= 0
}

// endsBefore reports whether an RST of the peer ended the endpoint's connection before fact i.
func (s *walker) endsBefore(i int) bool {
	rst := s.first(s.peer, 0, func(f *conn.Fact) bool { return conn.IsRST(f) && s.endedBy(s.me, f) == fsm.RecvRST })
	return rst >= 0 && rst < i && s.receivedAt(&s.Facts[rst]) < s.receivedAt(&s.Facts[i])
}
