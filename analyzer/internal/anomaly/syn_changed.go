package anomaly

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
)

var _ = register(inOpening, "split-handshake", &AnomalyKind{
	ID: "syn-changed", Severity: SeverityWarning,
	Summary: "a SYN or SYN-ACK contradicts the others of its sender, mostly by its ISN",
	RFC:     "RFC 9293 3.4.1, 3.10.7.4",
	Meaning: "A repeated SYN must have the sequence number of the first one. With another it is a new attempt, or another sender; who keeps the first number " +
		"will not accept what follows.",
	Causes: "A client that closed its socket and connected again from the same port; a NAT, firewall or load balancer that answers in the server's place, or two " +
		"that both answer; SYN cookies switched on between two SYN-ACKs; a forged SYN-ACK; a host that restarted, and uses the same ISN; a copy that the network held back.",
	Next:  "Compare TTL and options of the two. If they differ, two machines answered.",
	needs: triggerForeign | trigger(conn.IncidentSucceeds), detect: detectSYNChanged, detail: detailSYNChanged,
})

// detectSYNChanged looks for a SYN-ACK with another ISN, and for a SYN with
// another than the one of the conversation before, which had no answer.
func detectSYNChanged(s *pass) {
	for dir := range uint8(2) {
		if m := s.Incident(conn.IncidentSucceeds, dir); m != nil && conn.Predecessor(m.Count)&(conn.PriorUnanswered|conn.WasProbe) == conn.PriorUnanswered && s.opens() {
			s.raiseIncident(m, args{0, m.Amount}).onSide(s.Side(dir))
		}
		if f := s.Find(dir, 0, func(f *conn.Fact) bool {
			return f.Bits.Has(conn.FactForeign) && f.Has(wire.SYN|wire.ACK) && !conn.IsRST(f)
		}); f != nil && s.opens() {
			how := int64(1)
			took := s.Find(dir, 0, func(g *conn.Fact) bool { return conn.IsSYN(g) && g.Seq == f.Seq && g.Ahead < f.Ahead })
			answered := func(g *conn.Fact) bool { return g.Any(wire.SYN) && f.Ack-g.Seq-1 <= uint32(g.Len) }
			if took != nil {
				how = s.whyNoAnswer(f)
			} else if s.Find(1-dir, 0, conn.IsSYN) != nil && s.Find(1-dir, 0, answered) == nil {
				how = 2
			} else if own := s.Find(dir, 0, conn.IsSYNACK); own != nil && f.Ahead < own.Ahead {
				how = 3
			} else if own != nil && own.Seq == f.Seq {
				how = 5
			}
			s.raise(s.Side(dir), f, args{how, int64(max(0, f.Time-s.C.Start))})
		}
	}
}

// whyNoAnswer is why f is not the SYN-ACK of who sent a SYN with the same ISN: 4 if that had taken its peer's SYN-ACK, 6 if its peer, as that says
// later, has another ISN than f acknowledges, 7 if it had been refused.
func (s *pass) whyNoAnswer(f *conn.Fact) int64 {
	switch own := s.Find(1-f.Dir(), 0, conn.IsSYNACK); {
	case own == nil:
		return 7
	case own.Ahead > f.Ahead:
		return 6
	}
	return 4
}

// opens reports whether the capture has a SYN or SYN-ACK of the connection.
func (s *pass) opens() bool {
	own := func(f *conn.Fact) bool { return conn.IsSYN(f) || conn.IsSYNACK(f) }
	return s.Find(0, 0, own) != nil || s.Find(1, 0, own) != nil
}

func detailSYNChanged(a *Anomaly) string {
	switch a.args[0] {
	case 0:
		return "the SYN before, " + duration(a.args[1]) + " earlier and unanswered, had another ISN"
	case 2:
		return "a SYN-ACK of another connection, " + duration(a.args[1]) + " after the first segment: it acknowledges no SYN that was sent"
	case 4, 6, 7:
		why := map[int64]string{4: "that had taken its peer's SYN-ACK", 6: "it acknowledges no SYN that its peer sent", 7: "that had been refused"}
		return "a SYN-ACK with the ISN of the " + a.Side.String() + "'s own SYN, " + duration(a.args[1]) + " after the first segment: " + why[a.args[0]]
	case 5:
		return "the SYN-ACK of the connection, once more, " + duration(a.args[1]) + " after the first segment: the " + a.Side.String() + " had acknowledged more by then, so it did not send " +
			"that again; a copy came late, or its host has forgotten the connection"
	case 3:
		return "a SYN-ACK with another ISN than the one that the client took, " + duration(a.args[1]) + " after the first segment"
	}
	return "a second SYN-ACK with another ISN, " + duration(a.args[1]) + " after the first segment"
}
