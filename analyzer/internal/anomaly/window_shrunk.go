package anomaly

import "tcptrace/analyzer/internal/conn"

var _ = register(inOpen, "window-full", &AnomalyKind{
	ID: "window-shrunk", Severity: SeverityWarning,
	Summary: "a receiver took back window that it had offered",
	RFC:     "RFC 9293 3.8.6, RFC 7323 2.4",
	Meaning: "The right edge of the window moved left. Bytes that were allowed when they were sent may be dropped.",
	Causes:  "Memory pressure at the receiver; a middlebox that shapes by changing windows.",
	Next:    "By how much? Less than one unit of the window scale is rounding, and not reported.",
	needs:   trigger(conn.IncidentShrunk), detect: detectShrunk, detail: detailShrunk,
})

func detectShrunk(s *pass) {
	for dir := range uint8(2) {
		if m := s.Incident(conn.IncidentShrunk, dir); m != nil {
			s.raiseIncident(m, args{int64(m.Count), m.Amount}).onSide(s.Side(dir))
		}
	}
}

func detailShrunk(a *Anomaly) string {
	text := "the " + a.Side.String() + " took back window that it had offered, " + count(a.args[1], "byte")
	if a.args[0] > 1 {
		text += " at most, " + times(a.args[0])
	}
	return text
}
