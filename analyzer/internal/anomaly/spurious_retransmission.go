package anomaly

import "tcptrace/analyzer/internal/conn"

var _ = register(inOpen, "retransmission-timeout", &AnomalyKind{
	ID: "spurious-retransmission", Severity: SeverityNote,
	Summary: "a retransmission that was not needed",
	RFC:     "RFC 2883, RFC 3522, RFC 5682",
	Meaning: "The first copy of the data had arrived; a D-SACK, a timestamp echo, the ACK number, or an ACK that came sooner than a round trip proves it. The sender could not always know: the ACK may have been lost behind the tap.",
	Causes:  "A round trip that suddenly grew; reordering; ACKs that were delayed or lost.",
	Next:    "Is the minimal RTO too low for the path (Linux: 200 ms)? Is there reordering?",
	needs:   trigger(conn.IncidentNeedless), detect: detectSpurious, detail: detailSpurious,
})

var proofs = [...]string{
	"the bytes were acknowledged before", "a D-SACK says that the bytes came twice", "a timestamp shows that the ACK is for the first copy",
	"the ACK came too soon for the second copy", "the first copy came later",
}

func detectSpurious(s *pass) {
	s.eachIncident(conn.IncidentNeedless, func(m *conn.Incident, side conn.Side) {
		s.raiseIncident(m, args{int64(m.Count), m.Amount}).onSide(side)
	})
}

func detailSpurious(a *Anomaly) string {
	was := " was not needed: "
	if a.args[0] != 1 {
		was = " were not needed: "
	}
	text := count(a.args[0], "retransmission") + " of the " + a.Side.String() + was
	more := false
	for i, how := range proofs {
		if a.args[1]&(1<<i) == 0 {
			continue
		}
		if more {
			text += "; "
		}
		text, more = text+how, true
	}
	return text
}
