package anomaly

import "tcptrace/analyzer/internal/conn"

var _ = register(inOpen, "window-shrunk", &AnomalyKind{
	ID: "keep-alive", Severity: SeverityNote,
	Summary: "keep-alive probes were sent and answered",
	RFC:     "RFC 9293 3.8.4",
	Meaning: "The connection was idle, one side asked whether the other is still there, and it was.",
	Causes:  "SO_KEEPALIVE (Linux: after two hours, or as the application sets it).",
	Next:    "Nothing. If a NAT forgets idle connections earlier, the interval has to be shorter than that.",
	needs:   trigger(conn.IncidentKeepAlive), detect: detectKeepAlive, detail: detailKeepAlive,
})

func detectKeepAlive(s *pass) {
	for dir := range uint8(2) {
		if m := s.Incident(conn.IncidentKeepAlive, dir); m != nil && m.Amount > 0 {
			s.raiseIncident(m, args{int64(m.Count), m.Amount, int64(m.Last - m.Time)}).onSide(s.Side(dir))
		}
	}
}

func detailKeepAlive(a *Anomaly) string {
	text := count(a.args[0], "keep-alive") + " of the " + a.Side.String()
	if a.args[0] > 1 {
		text += " in " + duration(a.args[2])
	}
	if a.args[0] == a.args[1] {
		return text + ", answered"
	}
	return text + ", answered " + times(a.args[1])
}
