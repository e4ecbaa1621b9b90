package anomaly

import "tcptrace/analyzer/internal/conn"

var _ = register(inOpen, "suspected-injection", &AnomalyKind{
	ID: "ack-of-unsent", Severity: SeverityWarning,
	Summary: "an ACK for bytes that its peer has not sent",
	RFC:     "RFC 9293 3.10.7.4, RFC 5961 5.2",
	Meaning: "The ACK number lies beyond everything that the other side had sent. That side's next ACK proves it: its own number is still below. (If it is not, the capture has a gap: capture-loss.)",
	Causes:  "A forged ACK, a broken middlebox that shifts sequence numbers in one direction only, a peer that restarted.",
	Next:    "See whether all later ACKs of that side are off by the same amount: then a device translates sequence numbers.",
	Absence: true,
	needs:   trigger(conn.IncidentUnsent), detect: detectUnsent, detail: detailUnsent,
})

func detectUnsent(s *pass) {
	s.eachIncident(conn.IncidentUnsent, func(m *conn.Incident, side conn.Side) {
		if m.Count > 0 {
			s.raiseIncident(m, args{m.Amount, int64(m.Count)}).onSide(side)
		}
	})
}

func detailUnsent(a *Anomaly) string {
	text := "the " + a.Side.String() + " acknowledged " + count(a.args[0], "byte") + " that the " + a.Side.Peer().String() + " had not sent, as that showed afterwards"
	if a.args[1] > 1 {
		text += "; " + times(a.args[1])
	}
	return text
}
