package anomaly

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/segment"
)

var _ = register(inOpen, "ack-of-unsent", &AnomalyKind{
	ID: "outside-window", Severity: SeverityWarning,
	Summary: "data or a FIN that the receiver's window did not allow",
	RFC:     "RFC 9293 3.4, 3.10.7.4",
	Meaning: "Bytes or a FIN beyond the right edge of every window that the receiver had offered, or far before what it has. It drops them. Probes of a closed window do not count.",
	Causes:  "A window scale option that a middlebox removed or changed; old duplicates; a forged segment.",
	Next:    "Compare the window scale options of the SYNs at both ends.",
	Absence: true,
	needs:   trigger(conn.IncidentOutside), detect: detectOutside, detail: detailOutside,
})

func detectOutside(s *pass) {
	for dir := range uint8(2) {
		if m := s.Incident(conn.IncidentOutside, dir); m != nil {
			s.raiseIncident(m, args{int64(m.Count), m.Amount, int64(m.Causes)}).onSide(s.Side(1 - dir))
		}
	}
}

func detailOutside(a *Anomaly) string {
	what := " with data "
	switch uint8(a.args[2]) {
	case segment.OutsideFIN:
		what = " with a FIN "
	case segment.OutsideFIN | segment.OutsideData:
		what = " with data or a FIN "
	}
	text := count(a.args[0], "segment") + " of the " + a.Side.Peer().String() + what
	if far := a.args[1]; far < 0 {
		return text + count(-far, "byte") + " before what the " + a.Side.String() + " expects"
	}
	return text + "up to " + count(a.args[1], "byte") + " beyond what the " + a.Side.String() + "'s window ever allowed"
}
