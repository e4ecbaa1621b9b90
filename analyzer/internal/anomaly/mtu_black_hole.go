package anomaly

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/segment"
)

var _ = register(inOpen, "sack-of-unsent", &AnomalyKind{
	ID: "mtu-black-hole", Severity: SeverityError,
	Summary:  "full segments vanish, smaller ones arrive",
	RFC:      "RFC 2923 2.1, RFC 4821, RFC 8899",
	Meaning:  "A sender repeated a segment as large as its peer's MSS allows, and nothing of that size was ever acknowledged; what was smaller was.",
	Causes:   "A tunnel or PPPoE on the way with a smaller MTU, and a firewall that drops the ICMP message that says so (fragmentation needed, packet too big).",
	Next:     "ping with DF and falling sizes; let ICMP type 3 code 4 (ICMPv6 type 2) through, clamp the MSS at the tunnel, or set tcp_mtu_probing.",
	Absence:  true,
	Subsumes: "packet-loss",
	Explains: []string{"retransmission-timeout", "retries-exhausted"},
	needs:    trigger(conn.IncidentBlackHole), detect: detectBlackHole, detail: detailBlackHole,
})

// detectBlackHole wants that smaller segments arrive: its pieces did, or something behind it.
func detectBlackHole(s *pass) {
	s.eachIncident(conn.IncidentBlackHole, func(m *conn.Incident, side conn.Side) {
		if m.Count >= segment.Vanished && m.Amount != 0 {
			told := int64(0)
			if big := s.Incident(conn.IncidentTooBig, m.Dir); big != nil {
				told = 1 | big.Amount<<1
			}
			s.raiseIncident(m, args{int64(m.Count), int64(m.Hole.To - m.Hole.From), m.Amount, told}).onSide(side)
		}
	})
}

func detailBlackHole(a *Anomaly) string {
	text := "segments of the " + a.Side.String() + " with " + count(a.args[1], "byte") + " never arrive, sent " + times(a.args[0]+1)
	if a.args[2] > 0 {
		text += "; in pieces of " + count(a.args[2], "byte") + " they do"
	} else {
		text += "; smaller ones behind them do"
	}
	switch told := a.args[3]; {
	case told > 1:
		text += "; an ICMP error says that the path takes packets of " + count(told>>1, "byte")
	case told == 1:
		text += "; an ICMP error says that they are too big"
	}
	return text
}
