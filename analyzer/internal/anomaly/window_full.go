package anomaly

import "tcptrace/analyzer/internal/conn"

var _ = register(inOpen, "zero-window", &AnomalyKind{
	ID: "window-full", Severity: SeverityNote,
	Summary: "the sender filled the receiver's window",
	RFC:     "RFC 9293 3.8.6",
	Meaning: "The receiver's window, not the network, limited the speed at that moment.",
	Causes:  "A window that is small for the round trip: buffers limited by the application or by tcp_rmem; no window scaling.",
	Next:    "Compare window and round-trip time: speed is at most their quotient.",
	needs:   trigger(conn.IncidentFullWindow), detect: detectFullWindow, detail: detailFullWindow,
})

func detectFullWindow(s *pass) {
	for dir := range uint8(2) {
		if m := s.Incident(conn.IncidentFullWindow, dir); m != nil {
			sent := &s.C.Sent[s.Side(dir)]
			s.raiseIncident(m, args{int64(m.Count), int64(sent.WindowLimited), int64(s.C.Sent[s.Side(1-dir)].WindowMax)}).onSide(s.Side(dir))
		}
	}
}

func detailFullWindow(a *Anomaly) string {
	text := "the " + a.Side.String() + " filled the " + a.Side.Peer().String() + "'s window " + times(a.args[0])
	if a.args[1] > 0 {
		text += "; that was the limit for " + duration(a.args[1]) + " in all"
	}
	if a.args[2] > 0 {
		text += "; the window was " + count(a.args[2], "byte") + " at most"
	}
	return text
}
