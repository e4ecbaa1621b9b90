package anomaly

import "tcptrace/analyzer/internal/conn"

var _ = register(inOpen, "packet-loss", &AnomalyKind{
	ID: "retransmission-timeout", Severity: SeverityWarning,
	Summary: "a retransmission timer fired",
	RFC:     "RFC 6298",
	Meaning: "Nothing was acknowledged for so long that the sender started over, slowly. Users notice these pauses. What it sends again right after that, and tail loss probes, are not counted; SYNs and FINs have anomalies of their own.",
	Causes:  "Loss of the last segments of a burst, of a retransmission, or of everything for a while.",
	Next:    "How long did nothing move, and how many times did the timer back off? Capture at the other end to see which way the loss is.",
	Absence: true,
	needs:   trigger(conn.IncidentTimer), detect: detectTimeout, detail: detailTimeout,
})

func detectTimeout(s *pass) {
	s.eachIncident(conn.IncidentTimer, func(m *conn.Incident, side conn.Side) {
		longest, _, _ := s.lasted(m)
		s.raiseIncident(m, args{int64(m.Count), int64(longest), int64(m.Run.Most), int64(m.Run.Times)}).onSide(side)
	})
}

func detailTimeout(a *Anomaly) string {
	fired, longest, most, pauses := a.args[0], a.args[1], a.args[2], a.args[3]
	text := "nothing of the " + a.Side.String() + "'s was acknowledged for " + duration(longest)
	if pauses > 1 {
		text += " at most, in " + number(pauses) + " such pauses"
	}
	text += "; its timer fired " + times(fired)
	switch {
	case most < 2:
	case pauses > 1:
		text += ", at most " + times(most) + " in a row, backing off"
	default:
		text += ", backing off " + times(most-1)
	}
	return text
}
