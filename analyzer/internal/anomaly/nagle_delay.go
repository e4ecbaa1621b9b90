package anomaly

import "tcptrace/analyzer/internal/conn"

var _ = register(inOpen, "window-full", &AnomalyKind{
	ID: "nagle-delay", Severity: SeverityWarning,
	Summary: "small segments waited for delayed ACKs",
	RFC:     "RFC 9293 3.7.4, 3.8.6.3",
	Meaning: "Nagle's algorithm holds a small segment back while anything is unacknowledged, and the receiver delays its ACK, in the hope of data to send with it. Each waits for the other until the receiver's timer ends it, 40 ms later on Linux, up to 200 ms elsewhere.",
	Causes:  "An application that writes a message in several small pieces and then waits for an answer (write, write, read), without TCP_NODELAY.",
	Next:    "Set TCP_NODELAY at the sender, or write each message at once (one buffer, writev).",
	needs:   trigger(conn.IncidentHeld), detect: detectNagleDelay, detail: detailNagleDelay,
})

// byChance is how often a segment may follow a delayed ACK at once although it did not wait for it.
const byChance = 2

func detectNagleDelay(s *pass) {
	for dir := range uint8(2) {
		if m := s.Incident(conn.IncidentHeld, dir); m != nil && m.Count > byChance && m.Count >= m.Run.N {
			s.raiseIncident(m, args{int64(m.Count), m.Amount, int64(m.Run.Longest)}).onSide(s.Side(dir))
		}
	}
}

func detailNagleDelay(a *Anomaly) string {
	return "the " + a.Side.String() + " sent small segments only when a delayed ACK had come, " + times(a.args[0]) +
		": they waited " + duration(a.args[1]) + " longer than a round trip in all, " + duration(a.args[2]) + " at most"
}
