package anomaly

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/state"
	"tcptrace/fsm"
)

var _ = register(inClosing, "time-wait-refused", &AnomalyKind{
	ID: "time-wait-assassination", Severity: SeverityError,
	Summary: "an RST probably ended TIME_WAIT",
	RFC:     "RFC 1337",
	Meaning: "An old segment was answered from TIME_WAIT, the other side did not know the connection any more and sent an RST, and that removed the state that keeps old " +
		"duplicates out of the next connection.",
	Causes: "Old duplicates; a passive closer that resets after its FIN; Linux takes such an RST unless net.ipv4.tcp_rfc1337 is set.",
	Next:   "Harmless unless the same ports are used again within a minute.",
	needs:  triggerRST, detect: detectAssassination, detail: detailAssassination,
})

// resetsOldAnswer reports whether the RST is the answer to the ACK by which TIME_WAIT answered a SYN.
func (s *pass) resetsOldAnswer(holder conn.Side, rst *conn.Fact) bool {
	m := s.Incident(conn.IncidentSucceeded, s.Dir(holder.Peer()))
	return m != nil && m.Ahead < rst.Ahead && s.Incident(conn.IncidentChallenge, s.Dir(holder)) != nil
}

func detectAssassination(s *pass) {
	for side := range s.J.Trajectory {
		holder := conn.Side(side)
		st := s.Step(holder, fsm.TimeWait)
		if st == nil || st.Evidence == state.EvidenceAssumed {
			continue // it may not have been in TIME_WAIT at all
		}
		w := s.TimeWait(s.Dir(holder), st.Time, s.Now)
		if w.Cause == fsm.RecvRST && !s.resetsOldAnswer(holder, w.Rst) {
			s.raise(holder, w.Rst, args{int64(w.Rst.Time - st.Time), int64(w.Start + s.TwoMSL - st.Time)})
		}
	}
}

func detailAssassination(a *Anomaly) string {
	return "an RST of the " + a.Side.Peer().String() + " probably ended the " + a.Side.String() + "'s TIME_WAIT after " + duration(a.args[0]) + " instead of " + duration(a.args[1])
}
