package anomaly

import "tcptrace/analyzer/internal/conn"

var _ = register(inClosing, "time-wait-assassination", &AnomalyKind{
	ID: "port-reused", Severity: SeverityNote,
	Summary: "the same pair of sockets carries a new connection",
	RFC:     "RFC 9293 3.4.3, RFC 6056",
	Meaning: "An earlier conversation in this capture had the same addresses and ports. They are two connections. " +
		"Reuse is not noticed when the earlier one had been over for more than 2 MSL.",
	Causes: "A fixed source port; many connections to one server through few ports; a NAT.",
	Next:   "Nothing, unless it follows at once on the old one: see time-wait-reuse and time-wait-refused.",
	needs:  trigger(conn.IncidentSucceeds), detect: detectPortReused, detail: detailPortReused,
})

func detectPortReused(s *pass) {
	m, was := s.succeeds()
	s.raiseIncident(m, args{m.Amount, int64(was)}).onSide(s.Side(m.Dir))
}

func detailPortReused(a *Anomaly) string {
	text := "the connection before on these sockets was last heard of " + duration(a.args[0]) + " earlier"
	switch was := conn.Predecessor(a.args[1]); {
	case was.Has(conn.PriorClosed):
		return text + ", closed"
	case was.Has(conn.PriorReset):
		return text + ", reset"
	case was.Has(conn.PriorUnanswered):
		return text + ", unanswered"
	}
	return text + ", not closed"
}
