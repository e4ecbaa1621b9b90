package anomaly

import "tcptrace/analyzer/internal/conn"

var _ = register(inOpen, "outside-window", &AnomalyKind{
	ID: "no-ack-flag", Severity: SeverityWarning,
	Summary: "a segment without ACK in a connection",
	RFC:     "RFC 9293 3.10.7.4",
	Meaning: "A segment with neither SYN, ACK nor RST: whoever has the connection drops it, so that a FIN closes nothing and data has to be sent again. Every stack sets ACK once the connection is open.",
	Causes:  "A forged segment, a port scan into an open connection, a broken stack or middlebox.",
	Next:    "Compare TTL and IP ID with the supposed sender's other packets: is it from there?",
	needs:   trigger(conn.IncidentNoACK), detect: detectNoACK, detail: detailNoACK,
})

// detectNoACK tells of such segments in a connection. A FIN that its supposed sender did not send is suspected-injection.
func detectNoACK(s *pass) {
	if _, ok := s.Probed(); ok {
		return
	}
	for dir := range uint8(2) {
		m := s.Incident(conn.IncidentNoACK, dir)
		if m == nil {
			continue
		}
		if strange := s.Incident(conn.IncidentStrange, dir); m.Count > 1 || strange == nil || strange.Ahead != m.Ahead || !conn.Betrays(strange) {
			s.raiseIncident(m, args{int64(m.Count)}).onSide(s.Side(1 - dir))
		}
	}
}

func detailNoACK(a *Anomaly) string {
	return count(a.args[0], "segment") + " of the " + a.Side.Peer().String() + " without ACK, SYN and RST, which nobody who has the connection takes"
}
