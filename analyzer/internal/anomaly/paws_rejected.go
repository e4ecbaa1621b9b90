package anomaly

import "tcptrace/analyzer/internal/conn"

var _ = register(inOpen, "no-ack-flag", &AnomalyKind{
	ID: "paws-rejected", Severity: SeverityWarning,
	Summary: "a segment older than the last timestamp",
	RFC:     "RFC 7323 5",
	Meaning: "The segment brings new data, and its timestamp is before one that came with data which its receiver has acknowledged: the receiver drops it as an old duplicate and acknowledges again.",
	Causes:  "Very old duplicates; two clients behind one NAT that share a port; a middlebox that rewrites timestamps for some segments only.",
	Next:    "nstat TcpExtPAWSEstab at the receiver. Do the timestamps of that side come from one clock?",
	needs:   trigger(conn.IncidentOldStamp), detect: detectOldStamp, detail: detailOldStamp,
})

func detectOldStamp(s *pass) {
	for dir := range uint8(2) {
		if m := s.Incident(conn.IncidentOldStamp, dir); m != nil && m.Count > 0 {
			s.raiseIncident(m, args{int64(m.Count), m.Amount}).onSide(s.Side(dir))
		}
	}
}

func detailOldStamp(a *Anomaly) string {
	them := "them"
	if a.args[0] == 1 {
		them = "it"
	}
	return count(a.args[0], "segment") + " of the " + a.Side.String() + " with new data and a timestamp older, by " + number(a.args[1]) +
		" at most, than one before: the " + a.Side.Peer().String() + " has to drop " + them
}
