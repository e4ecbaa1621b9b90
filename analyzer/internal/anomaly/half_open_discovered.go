package anomaly

import "tcptrace/analyzer/internal/conn"

var _ = register(inOpening, "syn-changed", &AnomalyKind{
	ID: "half-open-discovered", Severity: SeverityWarning,
	Summary: "a SYN hit a connection that the other side still held",
	RFC:     "RFC 9293 3.5.1, figure 9; RFC 5961 4.2",
	Meaning: "One endpoint had forgotten the connection, the other had not. To the new SYN it answered with an ACK of the old connection, the first then reset that. " +
		"Only the next SYN, a second later, opened the new one.",
	Causes: "A restart or crash of one side; a NAT or firewall that forgot the connection; a client that died without a FIN and takes the same port again.",
	Next:   "How long was the old connection idle? Keep-alives or a TCP_USER_TIMEOUT at the side that still held it would have ended it earlier.",
	needs:  trigger(conn.IncidentChallenge) | triggerRST, detect: detectHalfOpen, detail: detailHalfOpen,
})

func detectHalfOpen(s *pass) {
	for dir := range uint8(2) {
		if syn, rst := s.Discovery(dir); rst != nil {
			s.raise(s.Side(dir), rst, args{int64(rst.Time - syn)})
		}
	}
}

func detailHalfOpen(a *Anomaly) string {
	return "the " + a.Side.String() + " still held the old connection and answered the SYN by an ACK of that; the " + a.Side.Peer().String() + " reset it " +
		duration(a.args[0]) + " after its SYN"
}
