package anomaly

import "tcptrace/analyzer/internal/conn"

var _ = register(inClosing, "write-after-close", &AnomalyKind{
	ID: "data-after-fin", Severity: SeverityError,
	Summary: "a sender sent bytes beyond its own FIN",
	RFC:     "RFC 9293 3.6",
	Meaning: "After a FIN there is nothing more to send. The receiver ignores or resets it.",
	Causes:  "Forged segments; a middlebox that joins two connections; a broken stack.",
	Next:    "Compare TTL and IP ID of the FIN and of the data: which of them is the endpoint's?",
	needs:   trigger(conn.IncidentPastFIN), detect: detectDataAfterFIN, detail: detailDataAfterFIN,
})

func detectDataAfterFIN(s *pass) {
	for dir := range uint8(2) {
		m := s.Incident(conn.IncidentPastFIN, dir)
		if m != nil && s.Find(dir, 0, func(f *conn.Fact) bool { return conn.IsFIN(f) && f.Ahead <= m.Ahead }) != nil { // its own
			s.raiseIncident(m, args{m.Amount}).onSide(s.Side(dir))
		}
	}
}

func detailDataAfterFIN(a *Anomaly) string {
	return "the " + a.Side.String() + " sent " + count(a.args[0], "byte") + " beyond its own FIN"
}
