package anomaly

import "tcptrace/analyzer/internal/conn"

var _ = register(inOpen, "icmp-unreachable", &AnomalyKind{
	ID: "icmp-time-exceeded", Severity: SeverityWarning,
	Summary: "an ICMP error says that segments passed through too many routers",
	RFC:     "RFC 792, RFC 4443 3.3, RFC 1812 5.3.1",
	Meaning: "A router dropped a segment because its TTL, or hop limit, had come down to zero, and told its sender.",
	Causes:  "A routing loop: two routers that send it to each other; while routes change it may last for seconds. Or a sender that begins with a small TTL, as traceroute and tcptraceroute do.",
	Next:    "traceroute to the destination: the same routers come again and again in a loop. The router that sent the message is in it.",
	Explains: []string{"no-answer", "syn-retransmit", "syn-ack-retransmit", "handshake-incomplete", "slow-handshake", "packet-loss", "retransmission-timeout", "retries-exhausted",
		"keep-alive-timeout", "fin-retransmit", "missing-final-ack"},
	needs: trigger(conn.IncidentTimeExceeded), detect: detectTimeExceeded, detail: toldTo,
})

func detectTimeExceeded(s *pass) {
	s.eachICMP(conn.IncidentTimeExceeded, func(a args, _ *conn.Incident) args { return a })
}
