package state

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/fsm"
)

// midstream starts an endpoint whose opening was not captured.
func (s *walker) midstream() {
	i := s.first(s.me, 0, func(f *conn.Fact) bool { return conn.IsOrdinary(f) && !s.disowned(f) })
	if i < 0 {
		if s.backscatter() || s.stranger() {
			return
		}
		if i = s.first(s.peer, 0, conn.IsOrdinary); i < 0 {
			return
		}
	}
	if fin := s.first(s.peer, 0, conn.IsFIN); fin >= 0 && fin < i {
		i = fin // which may move it before it is heard of
	}
	f := &s.Facts[i]
	s.state = fsm.Established
	s.out = append(s.out, Step{State: fsm.Established, Evidence: EvidenceAssumed, Frame: s.Frame(f), Time: f.Time, NotAfter: f.Time})
}

// unaskedBy reports whether all that the sender in a direction sent, as far as the capture shows, are plain RSTs that answer a SYN-ACK. Whether it
// had sent a SYN nobody can tell; it has no connection when it answers so (RFC 9293 3.10.7.1).
func (m *Inference) unaskedBy(dir uint8) bool {
	synack := m.first(1-dir, 0, conn.IsSYNACK)
	if synack < 0 || m.first(dir, 0, func(f *conn.Fact) bool { return !conn.IsPlainRST(f) || f.Bits.Has(conn.FactForeign) }) >= 0 {
		return false
	}
	rst := m.first(dir, synack, conn.IsRST)
	return rst >= 0 && m.Facts[rst].Seq == m.Facts[synack].Ack
}

func (s *walker) unasked() bool { return s.unaskedBy(s.me) }

// disowned reports whether f is of an older connection, which the peer, in SYN_SENT, does not know any more and resets (RFC 9293 3.5.1,
// figure 8): of the one that it opens that tells nothing.
func (s *walker) disowned(f *conn.Fact) bool {
	return !s.heardMore(f) && s.first(s.peer, 0, func(g *conn.Fact) bool { return g.Ahead > f.Ahead && g.Seq == f.Ack && s.OfAnother(g) }) >= 0
}

// heardMore reports whether f has data, or comes behind its sender's SYN-ACK, and acknowledges a little more than the SYN of its receiver: it is
// of the connection which that opened, and of which the capture lacks the rest.
func (m *Inference) heardMore(f *conn.Fact) bool {
	to := &m.Sides[1-f.Dir()]
	if !conn.IsOrdinary(f) || !to.KnowsISN || f.Ack-to.ISN-1 > conn.Slack {
		return false
	}
	return f.Len > 0 || m.first(f.Dir(), 0, func(g *conn.Fact) bool { return g.Ahead < f.Ahead && conn.IsSYNACK(g) && g.Covers(to.ISN) }) >= 0
}

// backscatter takes an RST in front of which nothing is captured that it may be the answer to, but perhaps another
// RST: whatever that was, its sender is CLOSED, since then or before. Of its peer it tells nothing.
func (s *walker) backscatter() bool {
	i := s.first(s.me, 0, conn.IsRST)
	if i < 0 || s.Facts[i].Bits.Has(conn.FactForeign) {
		return false
	}
	if j := s.first(s.peer, 0, func(f *conn.Fact) bool { return !conn.IsRST(f) }); j >= 0 && j < i && !s.unasked() {
		return false
	}
	s.without(&s.Facts[i])
	return true
}

// stranger reports whether all that is captured of the endpoint are plain RSTs, the first of which has the number that what it answers
// acknowledges, and comes as soon as an answer does: it has no such connection (RFC 9293 3.10.7.1, 3.10.7.2), and had none.
func (s *walker) stranger() bool {
	i := s.first(s.me, 0, conn.IsRST)
	if i < 0 || s.first(s.me, 0, func(f *conn.Fact) bool { return !conn.IsPlainRST(f) || f.Bits.Has(conn.FactForeign) }) >= 0 {
		return false
	}
	rst := &s.Facts[i]
	if s.first(s.peer, 0, func(f *conn.Fact) bool {
		return f.Ahead < rst.Ahead && conn.IsOrdinary(f) && f.Ack == rst.Seq && rst.Time-f.Time <= conn.RoundTrip
	}) < 0 {
		return false
	}
	s.without(rst)
	return true
}

// without has the endpoint be CLOSED when it sent an RST that answers what is of no connection, and as long before as is captured.
func (s *walker) without(rst *conn.Fact) {
	step := Step{State: fsm.Closed, Cause: fsm.SendRST, Evidence: EvidenceSent, Frame: s.Frame(rst), Time: rst.Time, NotAfter: rst.Time}
	s.qualifyRST(&step, rst)
	step.NotBefore = 0
	s.state = fsm.Closed
	s.out = append(s.out, step)
}
