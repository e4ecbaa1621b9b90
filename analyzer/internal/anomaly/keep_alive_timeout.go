package anomaly

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/state"
)

var _ = register(inOpen, "keep-alive", &AnomalyKind{
	ID: "keep-alive-timeout", Severity: SeverityError,
	Summary: "keep-alive probes went unanswered",
	RFC:     "RFC 9293 3.8.4",
	Meaning: "The peer did not answer: three probes, or fewer if the side that asked then sent an RST or fell silent. It gives the connection up.",
	Causes:  "The peer or the path is gone; a firewall or NAT forgot the connection and drops.",
	Next:    "How long was it idle before? Compare with the idle timeout of firewalls on the way.",
	Absence: true,
	needs:   trigger(conn.IncidentKeepAlive), detect: detectDeadPeer, detail: detailDeadPeer,
})

// detectDeadPeer wants three probes without an answer, or two and then silence, or an RST of who asked.
func detectDeadPeer(s *pass) {
	for dir := range uint8(2) {
		if m := s.Incident(conn.IncidentKeepAlive, dir); m != nil && m.Unanswered() > 0 && !s.heardUnseen(m) {
			s.deadPeer(m, s.Side(dir))
		}
	}
}

// heardUnseen reports whether the endpoint that asked has acknowledged since what its peer sent and the capture lacks: that may have answered.
func (s *pass) heardUnseen(m *conn.Incident) bool {
	unseen := s.Incident(conn.IncidentUnseen, 1-m.Dir)
	return unseen != nil && unseen.Amount > 0 && unseen.Last > m.Last
}

func (s *pass) deadPeer(m *conn.Incident, side conn.Side) {
	n, since := m.Unanswered(), m.Run.Since
	if s.Sides[1-m.Dir].Unseen {
		if c := &s.J.Close; c.Cause == state.ResetKeepAlive && c.By == side {
			s.raiseUnanswered(m, args{int64(n), int64(m.Last - since), 3, 0}).onSide(side)
		}
		return
	}
	rst, silent := s.gaveUp(m.Dir, m.Last, doubled(since, m.Last))
	if c := &s.J.Close; c.Cause == state.ResetHalfOpen && c.By == side {
		rst = false // it answers what the capture lacks
	}
	if !rst && n < state.Enough && (n < state.Enough-1 || !silent) {
		return
	}
	end := int64(0)
	switch {
	case rst:
		end = 1
	case silent:
		end = 2
	}
	s.raiseUnanswered(m, args{int64(n), int64(m.Last - since), end, int64(max(0, since-s.Sides[1-m.Dir].Last))}).onSide(side)
}

func detailDeadPeer(a *Anomaly) string {
	peer := a.Side.Peer().String()
	text := count(a.args[0], "keep-alive") + " of the " + a.Side.String()
	if a.args[0] > 1 {
		text += " in " + duration(a.args[1])
	}
	if a.args[2] == 3 {
		return text + "; the " + peer + "'s answers would not be captured, but the RST came when the next one was due"
	}
	text += " without an answer; the " + peer + " had been silent for " + duration(a.args[3]) + " before"
	switch a.args[2] {
	case 1:
		text += "; then the " + a.Side.String() + " sent an RST"
	case 2:
		text += "; then the " + a.Side.String() + " gave up"
	}
	return text
}
