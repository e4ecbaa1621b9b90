package anomaly

import "tcptrace/analyzer/internal/conn"

var _ = register(inCapture, "one-sided", &AnomalyKind{
	ID: "truncated-header", Severity: SeverityNote,
	Summary: "the snap length cut TCP headers",
	Meaning: "Of some segments the TCP options were cut off. Window scale, timestamps and selective acknowledgments that stood there are not known.",
	Causes:  "A snap length below about 100 bytes, or many encapsulations before the TCP header.",
	Next:    "Capture at least 128 bytes of each frame (-s 128), more with tunnels.",
	needs:   trigger(conn.IncidentCutOptions), detect: detectCutOptions, detail: detailCutOptions,
})

func detectCutOptions(s *pass) {
	m := s.Incident(conn.IncidentCutOptions, 0)
	s.raiseIncident(m, args{int64(m.Count), int64(s.C.Packets())})
}

func detailCutOptions(a *Anomaly) string {
	return "the options of " + number(a.args[0]) + " of " + count(a.args[1], "segment") + " were cut"
}
