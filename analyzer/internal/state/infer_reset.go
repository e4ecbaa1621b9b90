package state

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

// OfAnother reports whether f is the RST by which an endpoint in SYN_SENT answers an ACK of a connection that it no longer
// knows: it goes on (RFC 9293 3.10.7.3), and of the connection that it opens nothing has ended.
func (m *Inference) OfAnother(f *conn.Fact) bool {
	if !conn.IsPlainRST(f) {
		return false
	}
	dir := f.Dir()
	syn := m.first(dir, 0, conn.IsSYN)
	if syn < 0 || f.Seq-m.Sides[dir].ISN-1 < m.Facts[syn].SeqLen() || m.first(dir, 0, conn.IsSYNACK) >= 0 {
		return false
	}
	answered := m.first(1-dir, 0, func(g *conn.Fact) bool {
		return (g.Ahead < f.Ahead || g.Time < f.Time+conn.CaptureSkew) && g.Has(wire.ACK) && g.Ack == f.Seq // in whatever order they were captured
	})
	if answered < 0 && !m.oldAnswer || answered >= 0 && m.heardMore(&m.Facts[answered]) && !m.dialsOn(f) {
		return false // it answers nothing, and its sender gives up; or what it had opened
	}
	i := m.first(dir, 0, conn.IsOrdinary)
	return i < 0 || m.Facts[i].Ahead > f.Ahead
}

// dialsOn reports whether the sender of an RST sends its SYN again behind it: it was in SYN_SENT, and is.
func (m *Inference) dialsOn(rst *conn.Fact) bool {
	return m.first(rst.Dir(), 0, func(f *conn.Fact) bool {
		return conn.IsSYN(f) && f.Ahead > rst.Ahead && f.Seq == m.Sides[rst.Dir()].ISN && !f.Bits.Has(conn.FactCopy)
	}) >= 0
}

// resetMoment cuts the list where an RST ended the connection for the endpoint, unless that was in
// TIME_WAIT by then.
func (s *walker) resetMoment(list []moment) []moment {
	var cut moment
	for i := range s.Facts {
		f := &s.Facts[i]
		if !conn.IsRST(f) || f == s.refusal || s.OfAnother(f) {
			continue
		}
		m := moment{event: s.endedBy(s.me, f), fact: f}
		if m.event == fsm.NoEvent && s.seemsTaken(s.me, f) {
			m.event = fsm.RecvRST
		}
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
	n, state := 0, s.state
	for n < len(list) && list[n].at <= cut.at {
		if next, ok := state.Next(list[n].event); ok {
			state = next
		}
		n++
	}
	switch {
	case state == fsm.TimeWait:
		return list[:n]
	case state == fsm.SynRcvd && s.passive && !(cut.sent && s.answersSYN(cut.fact)):
		cut.event = fsm.ReturnToListen
	}
	return append(list[:n], cut)
}
