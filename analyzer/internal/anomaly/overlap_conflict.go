package anomaly

import "tcptrace/analyzer/internal/conn"

var _ = register(inOpen, "paws-rejected", &AnomalyKind{
	ID: "overlap-conflict", Severity: SeverityError,
	Summary: "the same bytes were sent twice with different content",
	RFC:     "RFC 9293 3.4",
	Meaning: "Two segments for the same bytes do not have the same content, by their checksums. Which of them the receiver has depends on which arrived first, and on its stack; " +
		"one with a low TTL may never have arrived. Only segments that begin and end alike are compared here, and only of senders that compute checksums: 'tcptrace follow' compares all bytes that were captured.",
	Causes: "Injected data; an attempt to get past an intrusion detection system; a broken proxy or network card.",
	Next:   "Compare the two copies, and their TTLs and IP IDs. 'tcptrace follow' shows the bytes.",
	needs:  trigger(conn.IncidentConflict), detect: detectConflict, detail: detailConflict,
})

func detectConflict(s *pass) {
	s.eachIncident(conn.IncidentConflict, func(m *conn.Incident, side conn.Side) {
		first := int64(s.C.FirstFrame) + int64(m.Ahead) - int64(m.Run.N)
		s.raiseIncident(m, args{int64(m.Count), m.Amount, first, int64(m.TTL)<<8 | int64(m.Usual)}).onSide(side)
	})
}

func detailConflict(a *Anomaly) string {
	text := count(a.args[1], "byte") + " of the " + a.Side.String() + " in " + count(a.args[0], "segment") + " came with other content than before"
	if a.args[0] == 1 {
		text = count(a.args[1], "byte") + " of the " + a.Side.String() + " came with other content than in frame " + number(a.args[2])
	}
	if was, is := a.args[3]>>8, a.args[3]&0xff; was != is {
		text += ": that had a TTL of " + number(was) + ", this one has " + number(is)
	}
	return text
}
