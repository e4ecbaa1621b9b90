package state

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

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
	case i < 0 && (s.exchanged() || s.abortsMore(first)):
		s.move(fsm.RecvAckOfSYN, Step{Evidence: EvidenceAssumed, Frame: s.Frame(first), Time: first.Time})
	case i < 0:
	case own < 0:
		s.acceptUnproved(i)
	default:
		s.acceptProved(synack, own)
	}
}

// abortsMore reports whether the endpoint ends its connection by an RST that acknowledges more than its SYN-ACK did: what the peer sends in
// ESTABLISHED, none of which was captured.
func (s *walker) abortsMore(synack *conn.Fact) bool {
	return s.first(s.me, 0, func(f *conn.Fact) bool {
		return conn.IsRST(f) && f.Has(wire.ACK) && !f.Bits.Has(conn.FactOutside|conn.FactForeign) && f.Ahead > synack.Ahead && f.Ack-synack.Ack-1 < uint32(conn.Farthest)
	}) >= 0
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
// it repeats its SYN-ACK after every such ACK, or answers with an RST without ACK, unless that tells of what came later.
func (s *walker) established(ack int) bool {
	ignored := 0
	for i := s.first(s.me, 0, conn.IsSYNACK); i >= 0; i = s.first(s.me, i+1, conn.IsSYNACK) {
		if s.heard(&s.Facts[ack], s.Facts[i].Time) {
			ignored++
		}
	}
	if ignored > 1 {
		return false // it did not hear, or did not want, ACK after ACK
	}
	rst := s.first(s.me, 0, func(f *conn.Fact) bool { return conn.IsRST(f) && !f.Bits.Has(conn.FactForeign) })
	if rst >= 0 && conn.IsPlainRST(&s.Facts[rst]) && !s.resetBetween(ack, rst) && (ignored > 0 || !s.waitedNot(&s.Facts[rst])) {
		return false
	}
	last := ack
	for j := ack; j >= 0; j = s.first(s.peer, j+1, func(f *conn.Fact) bool { return conn.IsOrdinary(f) && f.Covers(s.self.ISN) }) {
		last = j
	}
	return !s.repeats(last, conn.IsSYNACK)
}

// resetBetween reports whether the peer, behind fact ack, reset the connection before the endpoint sent rst: what had been of it was gone by then.
func (s *walker) resetBetween(ack, rst int) bool {
	i := s.first(s.peer, ack+1, func(f *conn.Fact) bool { return conn.IsRST(f) && f.Bits.Has(conn.FactAccepted) })
	return i >= 0 && i < rst && s.heard(&s.Facts[i], s.Facts[rst].Time)
}
