package anomaly

import "tcptrace/analyzer/internal/conn"

var _ = register(inCapture, "capture-loss", &AnomalyKind{
	ID: "clock-backwards", Severity: SeverityNote,
	Summary: "a frame's time is before an earlier frame's",
	Meaning: "Time went backwards between two frames of this connection. Durations that span the step are wrong by as much.",
	Causes:  "The clock of the capturing machine was set (NTP stepped it); frames of several interfaces or queues, each with its own clock.",
	Next:    "Let the clock be slewed, not stepped, while capturing. Compare with capture-reordered.",
	needs:   trigger(conn.IncidentClock), detect: detectClock, detail: detailClock,
})

func detectClock(s *pass) {
	m := s.Incident(conn.IncidentClock, 0)
	s.raiseIncident(m, args{m.Amount, int64(m.Count)})
}

func detailClock(a *Anomaly) string {
	once := ""
	if a.args[1] > 1 {
		once = "once "
	}
	return "the clock went back " + times(a.args[1]) + ", " + once + "by " + duration(a.args[0]) + " or more"
}
