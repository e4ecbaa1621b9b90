package anomaly

import "tcptrace/analyzer/internal/conn"

var _ = register(inOpen, "icmp-time-exceeded", &AnomalyKind{
	ID: notAccepted, Severity: SeverityNote,
	Summary: "an ICMP error about a segment that is not in flight",
	RFC:     "RFC 5927 4.1",
	Meaning: "An ICMP error quotes a segment of the connection with a sequence number that its sender has not in flight, or says that a packet is too big for a link that takes it. " +
		"Hosts drop that, and nothing is concluded from it here.",
	Causes: "It is forged: whoever cannot see the connection has to guess the number. Or it is late: the segment was sent again meanwhile, and acknowledged.",
	Next:   "Is the sender a router on the way? Many of them, with ever other numbers, are an attack.",
	needs:  trigger(conn.IncidentForged), detect: detectNotAccepted, detail: detailNotAccepted,
})

// notAccepted is its id: whoever sent the message need not be a router.
const notAccepted = "icmp-not-accepted"

func detectNotAccepted(s *pass) {
	s.eachICMP(conn.IncidentForged, func(a args, _ *conn.Incident) args { return a })
}

func detailNotAccepted(a *Anomaly) string {
	return toldTo(a) + "; what that quotes is not in flight, so it is forged or late"
}
