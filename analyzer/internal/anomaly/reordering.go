package anomaly

import "tcptrace/analyzer/internal/conn"

var _ = register(inOpen, "spurious-retransmission", &AnomalyKind{
	ID: "reordering", Severity: SeverityNote,
	Summary: "the network reordered segments",
	RFC:     "RFC 4737",
	Meaning: "Segments with data passed the tap in another order than they were sent, without having been lost. What only the capture has in the wrong order, behind its ACK, is capture-reordered.",
	Causes:  "Several paths (link aggregation hashed per packet, ECMP, Wi-Fi retries), several queues.",
	Next:    "How many and how far? Small distances do no harm; larger ones trigger needless fast retransmissions.",
	needs:   trigger(conn.IncidentLate), detect: detectReordering, detail: detailReordering,
})

func detectReordering(s *pass) {
	for dir := range uint8(2) {
		if m := s.Incident(conn.IncidentLate, dir); m != nil {
			s.raiseIncident(m, args{int64(m.Count), int64(s.C.Sent[s.Side(dir)].Packets), m.Amount, int64(m.Run.Longest)}).onSide(s.Side(dir))
		}
	}
}

func detailReordering(a *Anomaly) string {
	text := number(a.args[0]) + " of " + count(a.args[1], "segment") + " of the " + a.Side.String() + " came behind later ones, by "
	text += count(a.args[2], "byte")
	if a.args[3] > 0 {
		text += " and " + duration(a.args[3])
	}
	return text + " at most"
}
