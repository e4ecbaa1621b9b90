package anomaly

import "tcptrace/analyzer/internal/conn"

var _ = register(inOpen, "mtu-black-hole", &AnomalyKind{
	ID: "sack-reneged", Severity: SeverityWarning,
	Summary: "a receiver took back bytes that it had selectively acknowledged",
	RFC:     "RFC 2018 8",
	Meaning: "Bytes that a SACK block had covered were no longer covered later, without having been acknowledged. The sender has to send them again.",
	Causes:  "Memory pressure at the receiver; a middlebox that shifts sequence numbers but not SACK blocks.",
	Next:    "nstat TcpExtTCPSACKReneging at the sender; memory at the receiver.",
	needs:   trigger(conn.IncidentReneged), detect: detectReneged, detail: detailReneged,
})

func detectReneged(s *pass) {
	for dir := range uint8(2) {
		if m := s.Incident(conn.IncidentReneged, dir); m != nil {
			s.raiseIncident(m, args{int64(m.Count)}).onSide(s.Side(dir))
		}
	}
}

func detailReneged(a *Anomaly) string {
	return "the " + a.Side.String() + " no longer has what it had selectively acknowledged, " + times(a.args[0])
}
