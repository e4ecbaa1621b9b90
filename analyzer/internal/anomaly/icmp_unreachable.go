package anomaly

import "tcptrace/analyzer/internal/conn"

var _ = register(inOpen, "icmp-too-big", &AnomalyKind{
	ID: "icmp-unreachable", Severity: SeverityWarning,
	Summary: "an ICMP error says that segments cannot be delivered",
	RFC:     "RFC 792, RFC 4443 3.1, RFC 9293 3.9.2.2, RFC 5461",
	Meaning: "A router, a firewall or the other host told the sender of a segment that it was not delivered, and why: network, host or port unreachable, or administratively prohibited. " +
		"While a connection opens most stacks give up at once, or try the next address; once it is open they go on sending, and only tell the application why if they give up in the end.",
	Causes: "A firewall that rejects (iptables REJECT sends port unreachable); a host that is down, so that the last router gets no answer to ARP; a missing route; a wrong address.",
	Next:   "Look at the device that sent it: its rules, its routes, its neighbour table. Port unreachable from the server itself is its own firewall, since TCP refuses by an RST.",
	Explains: []string{"no-answer", "syn-retransmit", "syn-ack-retransmit", "handshake-incomplete", "slow-handshake", "packet-loss", "retransmission-timeout", "retries-exhausted",
		"keep-alive-timeout", "fin-retransmit", "missing-final-ack"},
	needs: trigger(conn.IncidentUnreachable), detect: detectUnreachable, detail: toldTo,
})

func detectUnreachable(s *pass) {
	s.eachICMP(conn.IncidentUnreachable, func(a args, _ *conn.Incident) args { return a })
}
