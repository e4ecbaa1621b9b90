package anomaly

import "tcptrace/analyzer/internal/conn"

var _ = register(inOpen, "retries-exhausted", &AnomalyKind{
	ID: "zero-window", Severity: SeverityWarning,
	Summary: "a receiver closed its window",
	RFC:     "RFC 9293 3.8.6.1",
	Meaning: "The receiver's buffer was full, since its application did not read. A sender with more to send has to wait and probe.",
	Causes:  "A slow or blocked application at the receiver; a receive buffer that is too small.",
	Next:    "Look at the receiving application, not at the network: what was it doing for that long?",
	needs:   trigger(conn.IncidentZeroWindow), detect: detectZeroWindow, detail: detailZeroWindow,
})

func detectZeroWindow(s *pass) {
	for dir := range uint8(2) {
		if m := s.Incident(conn.IncidentZeroWindow, dir); m != nil && m.Run.Times > 0 {
			_, total, open := s.lasted(m)
			n := int64(m.Run.Times)
			if open {
				n = -n
			}
			s.raiseIncident(m, args{n, int64(total), int64(m.Count)}).onSide(s.Side(dir))
		}
	}
}

func detailZeroWindow(a *Anomaly) string {
	n, open := a.args[0], a.args[0] < 0
	if open {
		n = -n
	}
	text, probed, not := "the "+a.Side.String()+"'s window was closed for ", " probed it ", " did not probe it"
	if open {
		text, probed, not = "the "+a.Side.String()+"'s window is closed, so far for ", " has probed it ", " has not probed it"
	}
	text += duration(a.args[1])
	if n > 1 {
		text += " in all, " + times(n)
	}
	text += "; the " + a.Side.Peer().String()
	if a.args[2] == 0 {
		return text + not
	}
	return text + probed + times(a.args[2])
}
