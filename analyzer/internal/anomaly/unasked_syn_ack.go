package anomaly

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/state"
)

var _ = register(inOpening, "port-scan", &AnomalyKind{
	ID: "unasked-syn-ack", Severity: SeverityWarning,
	Summary: "a SYN-ACK whose SYN was not captured was answered by an RST",
	RFC:     "RFC 9293 3.10.7.1, 3.5.1",
	Meaning: "The host that got the SYN-ACK has no such connection. Whether it ever sent the SYN the capture does not tell: somebody may have sent it in its name, " +
		"or it was a half-open scan or a connect() that was given up, of which the SYN was not captured.",
	Causes:      "Backscatter of a SYN flood or scan with forged addresses; a capture that begins too late or sees one way only in part; an old duplicate of a SYN.",
	Next:        "Many from one server to hosts that never talk to it: somebody sends that server SYNs in their names. Does any capture hold the SYN?",
	ToldByClose: true,
	needs:       triggerRST, detect: detectUnasked, detail: detailUnasked,
})

func detectUnasked(s *pass) {
	c := &s.J.Close
	synack := s.Find(s.Dir(c.By.Peer()), 0, conn.IsSYNACK)
	if c.Cause == state.ResetUnasked && synack != nil {
		s.raise(c.By, &c.Rst, args{int64(c.Time - synack.Time)})
	}
}

func detailUnasked(a *Anomaly) string {
	return "the " + a.Side.String() + " answered a SYN-ACK by a plain RST " + duration(a.args[0]) + " later, as a host does that did not ask for it, or a half-open scan; the SYN was not captured"
}
