package anomaly

import "tcptrace/analyzer/internal/conn"

var _ = register(inOpening, "half-open-discovered", &AnomalyKind{
	ID: "syn-data", Severity: SeverityNote,
	Summary: "a SYN carried data",
	RFC:     "RFC 7413",
	Meaning: "The client sent bytes before the handshake was complete. The detail says whether the server took them at once, in part, or not at all; in the latter cases they are sent again.",
	Causes:  "TCP Fast Open with a cookie from an earlier connection; without a cookie also port scanners and old T/TCP.",
	Next:    "If they are always ignored: is Fast Open on at the server (net.ipv4.tcp_fastopen), does a device on the way strip the option?",
	needs:   triggerSYNData, detect: detectSYNData, detail: detailSYNData,
})

func detectSYNData(s *pass) {
	for dir := range uint8(2) {
		syn := s.Find(dir, 0, func(f *conn.Fact) bool { return conn.IsSYN(f) && f.Len > 0 })
		if syn == nil {
			continue
		}
		taken := int64(-1)
		if answer := s.Find(1-dir, 0, func(f *conn.Fact) bool { return conn.IsSYNACK(f) && f.Covers(syn.Seq) }); answer != nil {
			taken = int64(answer.Ack - syn.Seq - 1)
		}
		s.raise(s.Side(dir), syn, args{int64(syn.Len), taken})
	}
}

func detailSYNData(a *Anomaly) string {
	text := count(a.args[0], "byte") + " with the SYN"
	switch taken := a.args[1]; {
	case taken < 0:
		return text + "; no SYN-ACK was seen"
	case taken == 0:
		return text + ", ignored"
	case taken < a.args[0]:
		return text + ", " + number(taken) + " of them accepted"
	}
	return text + ", accepted"
}
