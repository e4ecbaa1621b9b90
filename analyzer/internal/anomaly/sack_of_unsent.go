package anomaly

import "tcptrace/analyzer/internal/conn"

var _ = register(inOpen, "keep-alive-timeout", &AnomalyKind{
	ID: "sack-of-unsent", Severity: SeverityWarning,
	Summary: "SACK blocks for bytes that were never sent",
	RFC:     "RFC 2018 4, RFC 6675 5",
	Meaning: "A receiver reports bytes beyond all that its own window allowed, or from before the stream began. The sender ignores such blocks, and so has to do without SACK: losses cost it timeouts.",
	Causes:  "A firewall or load balancer that moves sequence numbers (ISN randomization) and forgets SACK blocks.",
	Next:    "Capture at both ends and compare ISN and SACK blocks. Switch the device's ISN randomization off, or have it drop the option.",
	needs:   trigger(conn.IncidentStrangeSACK), detect: detectStrangeSACK, detail: detailStrangeSACK,
})

func detectStrangeSACK(s *pass) {
	s.eachIncident(conn.IncidentStrangeSACK, func(m *conn.Incident, side conn.Side) {
		s.raiseIncident(m, args{int64(m.Count), m.Amount}).onSide(side)
	})
}

func detailStrangeSACK(a *Anomaly) string {
	far, where := a.args[1], "beyond"
	if far < 0 {
		far, where = -far, "before"
	}
	return count(a.args[0], "segment") + " of the " + a.Side.String() + " with SACK blocks for what the " + a.Side.Peer().String() + " has not sent, " +
		count(far, "byte") + " " + where + " the ACK"
}
