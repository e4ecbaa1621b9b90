package anomaly

import "tcptrace/analyzer/internal/conn"

var _ = register(inOpening, "simultaneous-open", &AnomalyKind{
	ID: "split-handshake", Severity: SeverityWarning,
	Summary: "the SYN was answered by an ACK and a SYN apart, or by a SYN alone",
	RFC:     "RFC 9293 3.5",
	Meaning: "The server did not combine SYN and ACK. TCP allows it, hardly any stack does it, and devices on the way may then take the server for the client.",
	Causes:  "A server that tries to get past an intrusion detection system (the split-handshake attack); very unusual stacks.",
	Next:    "Find out what runs on the server. Check that firewalls and sensors still know which side opened the connection.",
	needs:   triggerSplit, detect: detectSplit, detail: detailSplit,
})

func detectSplit(s *pass) {
	a, b := s.Find(0, 0, conn.IsSYN), s.Find(1, 0, conn.IsSYN)
	if a == nil || b == nil {
		return
	}
	if dir := s.splitBy(a, b); dir >= 0 {
		d := uint8(dir)
		syn := s.Find(d, 0, conn.IsSYN)
		alone := int64(1)
		if s.Find(d, 0, func(f *conn.Fact) bool { return f.Ahead < syn.Ahead && covering(s.Sides[1-d].ISN)(f) }) != nil {
			alone = 0
		}
		s.raise(s.Side(d), syn, args{alone})
	}
}

func detailSplit(a *Anomaly) string {
	if a.args[0] == 1 {
		return "the " + a.Side.String() + " answered the SYN by a SYN without ACK"
	}
	return "the " + a.Side.String() + " answered the SYN by an ACK, and sent its SYN apart"
}
