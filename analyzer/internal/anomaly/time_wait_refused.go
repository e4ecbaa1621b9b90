package anomaly

import "tcptrace/analyzer/internal/conn"

var _ = register(inClosing, "time-wait-reuse", &AnomalyKind{
	ID: "time-wait-refused", Severity: SeverityWarning,
	Summary: "a SYN to a pair of sockets in TIME_WAIT was answered by an old ACK",
	RFC:     "RFC 9293 3.10.7.4, RFC 6191",
	Meaning: "The new SYN could have been an old one: neither its number nor its timestamp was larger. The endpoint in TIME_WAIT acknowledged the old connection again, " +
		"the client reset that, and could only connect at its next SYN, a second later, if that RST ended TIME_WAIT; where it does not (RFC 1337), every SYN meets the same until 2 MSL are over.",
	Causes: "A client or NAT that takes ports again quickly with random sequence numbers and without timestamps.",
	Next:   "Timestamps on both sides make it legal. Let the side with many connections not be the one that closes first.",
	needs:  trigger(conn.IncidentOldAnswer), detect: detectTimeWaitRefused, detail: detailTimeWaitRefused,
})

// detectTimeWaitRefused tells of a SYN that met TIME_WAIT, in the conversation that it was to open.
func detectTimeWaitRefused(s *pass) {
	m, was := s.succeeds()
	answer := s.Incident(conn.IncidentOldAnswer, 1-m.Dir)
	if answer == nil || !was.Has(conn.WaitedAtPeer) {
		return
	}
	in := int64(-1)
	if synack := s.Find(1-m.Dir, 0, conn.IsSYNACK); synack != nil {
		in = int64(max(0, synack.Time-m.Time))
	}
	s.raiseIncident(m, args{int64(max(0, answer.Time-m.Time)), m.Amount, int64(answer.Count), in}).onSide(s.Side(m.Dir))
}

func detailTimeWaitRefused(a *Anomaly) string {
	text := "the " + a.Side.String() + "'s SYN met TIME_WAIT of the connection before, last heard of " + duration(a.args[1]) + " earlier: an ACK of that came back after " +
		duration(a.args[0])
	if a.args[2] > 1 {
		text += " (" + times(a.args[2]) + ")"
	}
	if a.args[3] >= 0 {
		return text + "; a SYN was let in " + duration(a.args[3]) + " after the first"
	}
	return text + "; no SYN was let in"
}
