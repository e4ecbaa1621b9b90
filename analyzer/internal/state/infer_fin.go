package state

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
)

// peerFIN is the copy of the peer's FIN that the endpoint received, and what proves it;
// nil if it did not receive one, or more likely did not than did.
func (s *walker) peerFIN() (fin, proof *conn.Fact) {
	fin = s.at(s.first(s.peer, 0, conn.IsFIN))
	if i := s.first(s.me, 0, s.acksFIN); i >= 0 {
		proof = &s.Facts[i]
		if j := s.copyBefore(conn.IsFIN, proof); j >= 0 {
			return s.takenFIN(&s.Facts[j], proof), proof
		}
		if i := s.first(s.me, i, func(f *conn.Fact) bool { return s.acksFIN(f) && fin != nil && f.Time > fin.Time }); i >= 0 && s.foretold(fin, proof, s.other) {
			proof = &s.Facts[i] // the one before may have acknowledged what had not been sent
		}
		return proof, proof // the FIN itself was not captured
	}
	if fin == nil || fin.Any(wire.SYN) && s.first(s.me, 0, conn.IsSYNACK) >= 0 {
		return nil, nil // what comes with a SYN the SYN-ACK acknowledges, or it is not taken
	}
	copies := 0
	for i := s.first(s.peer, 0, conn.IsFIN); i >= 0; i = s.first(s.peer, i+1, conn.IsFIN) {
		if IsOwnFIN(&s.Facts[i]) {
			copies++
		}
		fin = &s.Facts[i]
	}
	rst := s.first(s.me, 0, func(f *conn.Fact) bool { return conn.IsRST(f) && !f.Bits.Has(conn.FactForeign) && f.Time > fin.Time })
	if copies > 1 || s.other.Holed || s.heard(fin, s.self.Last) || rst >= 0 {
		return nil, nil // it would have acknowledged it, or lacks what comes before it
	}
	return fin, nil
}

// takenFIN is fin, or the copy behind it that came before proof if the endpoint sent, after fin had come, what
// does not acknowledge it.
func (s *walker) takenFIN(fin, proof *conn.Fact) *conn.Fact {
	for i := s.first(s.peer, 0, conn.IsFIN); i >= 0; i = s.first(s.peer, i+1, conn.IsFIN) {
		f := &s.Facts[i]
		if f.Ahead > fin.Ahead && f.Time <= proof.Time-s.self.Distance*3/4 && s.deferred(fin, proof) {
			fin = f
		}
	}
	return fin
}

// ackOfFIN is the segment that first told the endpoint that its FIN had arrived: one after which it does
// not repeat the FIN.
func (s *walker) ackOfFIN(own *conn.Fact) *conn.Fact {
	covering := func(f *conn.Fact) bool { return !conn.IsRST(f) && f.Covers(s.self.FIN) && s.heedsACK(f) }
	fin, gone := s.first(s.me, 0, conn.IsFIN), s.goneBefore(covering)
	for i := s.first(s.peer, 0, covering); i >= 0; i = s.first(s.peer, i+1, covering) {
		if s.foretold(own, &s.Facts[i], s.self) {
			continue // it was sent again, if not for the first time, by who had not heard that
		}
		if fin > i || i < gone || !s.repeats(i, conn.IsFIN) { // one captured before its FIN is no answer to a copy of that
			return &s.Facts[i]
		}
	}
	return nil
}

// heedsACK reports whether the endpoint, synchronized, heeds the ACK in f: that of a SYN-ACK it does not (RFC 5961 4.2), unless its FIN came with a SYN.
func (s *walker) heedsACK(f *conn.Fact) bool {
	return !f.Any(wire.SYN) || s.self.FirstFIN >= 0 && isFINOnSYN(&s.Facts[s.self.FirstFIN])
}

// goneBefore is the ACK of the endpoint's FIN that it answered as CLOSED does, by a plain RST: one before had ended its connection, and a
// FIN that came in between was sent before that. It is -1 if there is none.
func (s *walker) goneBefore(covering func(*conn.Fact) bool) int {
	rst := s.first(s.me, 0, func(f *conn.Fact) bool { return conn.IsPlainRST(f) && f.Seq == s.self.FIN+1 })
	if rst < 0 {
		return -1
	}
	last := -1
	for i := s.first(s.peer, 0, covering); i >= 0 && i < rst; i = s.first(s.peer, i+1, covering) {
		last = i
	}
	if last < 0 || s.Facts[rst].Time-s.Facts[last].Time > conn.RoundTrip {
		return -1
	}
	return last
}

// isAnswer reports whether f may be an RST by which an endpoint without the connection answers a segment: some of them
// acknowledge that, whatever RFC 9293 3.10.7.1 says, but none knows of timestamps.
func isAnswer(f *conn.Fact) bool { return conn.IsRST(f) && !f.Bits.Has(conn.FactTimestamps) }

// answersSYN reports whether an RST of the endpoint is what only CLOSED answers to a SYN (RFC 9293 3.10.7.1).
func (s *walker) answersSYN(rst *conn.Fact) bool {
	return rst.Has(wire.ACK) && rst.Ack == s.other.ISN+1 && rst.Seq != s.self.ISN+1
}
