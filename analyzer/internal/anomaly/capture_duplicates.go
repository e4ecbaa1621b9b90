package anomaly

import "tcptrace/analyzer/internal/conn"

var _ = register(inCapture, "", &AnomalyKind{
	ID: "capture-duplicates", Severity: SeverityNote,
	Summary: "the same frame was captured more than once",
	Meaning: "Some frames are in the capture twice, although they were on the wire once. The copies are counted as packets and otherwise ignored: " +
		"they are no retransmissions and no duplicate ACKs.",
	Causes: "A mirror port that copies both the incoming and the outgoing side of a switch; a capture on several interfaces that the frame passed " +
		"(a bridge and its members, \"any\"); captures of two taps that were merged, also with routers between them: then the copies have another TTL and come up to 200 ms later. Rarely the network itself sends a packet twice.",
	Next:  "Mirror one direction only, or capture on one interface. editcap -d removes copies from a file.",
	needs: trigger(conn.IncidentDuplicate), detect: detectDuplicates, detail: detailDuplicates,
})

func detectDuplicates(s *pass) {
	m, n := s.both(conn.IncidentDuplicate)
	s.raiseIncident(m, args{n, int64(s.C.Packets())})
}

func detailDuplicates(a *Anomaly) string {
	return number(a.args[0]) + " of " + count(a.args[1], "frame") + " are copies of others; they are not analyzed"
}
