package anomaly

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/state"
	"tcptrace/fsm"
)

var _ = register(inOpening, "handshake-incomplete", &AnomalyKind{
	ID: "simultaneous-open", Severity: SeverityNote,
	Summary: "SYNs crossed: both sides opened the connection",
	RFC:     "RFC 9293 3.5, figure 7",
	Meaning: "Both endpoints called connect() to each other at the same moment. Both went SYN_SENT, SYN_RCVD, ESTABLISHED; neither was a server.",
	Causes:  "Hole punching through NATs; a host that connects to itself, on its own ephemeral port; protocols between equals (BGP).",
	Next:    "Nothing, if it was meant. Firewalls that know only client and server may drop such a connection.",
	needs:   triggerBothSYN, detect: detectSimultaneousOpen, detail: detailSimultaneousOpen,
})

func detectSimultaneousOpen(s *pass) {
	a, b := s.Find(0, 0, conn.IsSYN), s.Find(1, 0, conn.IsSYN)
	if a == nil || b == nil || s.splitBy(a, b) >= 0 {
		return
	}
	if s.J.Close.Kind == state.CloseReset && (s.Step(conn.Client, fsm.Established) == nil || s.Step(conn.Server, fsm.Established) == nil) {
		return // they did not meet
	}
	if a.Ahead > b.Ahead {
		a, b = b, a
	}
	s.raiseFact(b, args{int64(b.Time - a.Time)})
}

func detailSimultaneousOpen(a *Anomaly) string {
	return "the second SYN passed the tap " + duration(a.args[0]) + " after the first"
}
