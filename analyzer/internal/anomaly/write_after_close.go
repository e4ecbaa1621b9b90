package anomaly

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/state"
)

var _ = register(inClosing, "rst-after-fin", &AnomalyKind{
	ID: "write-after-close", Severity: SeverityError,
	Summary: "data sent to an endpoint that had closed was answered by an RST",
	RFC:     "RFC 1122 4.2.2.13, RFC 9293 3.6",
	Meaning: "The endpoint had closed its socket entirely, not only its sending side. It cannot take data any more and says so by an RST. The writer's next write " +
		"fails with EPIPE (SIGPIPE), or its read with ECONNRESET; its bytes are lost.",
	Causes: "A client that leaves in the middle of an answer; a pooled connection that the server had closed when the next request was sent; a protocol whose " +
		"sides disagree about who ends it.",
	Next:  "Who should have known? A writer that had seen the FIN long before should have closed or tried another connection.",
	needs: triggerRST, detect: detectWriteAfterClose, detail: detailWriteAfterClose,
})

func detectWriteAfterClose(s *pass) {
	c := &s.J.Close
	if c.Cause != state.ResetWriteAfterClose {
		return
	}
	fin := s.Find(s.Dir(c.By), 0, conn.IsFIN)
	m := s.Incident(conn.IncidentUnsolicited, s.Dir(c.By.Peer()))
	knowing := m.Amount - int64(c.Behind[c.By.Peer()]) // all that came behind the RST may be of that
	s.raise(c.By.Peer(), &c.Rst, args{int64(m.Time - fin.Time), int64(m.Count), max(0, knowing)})
}

func detailWriteAfterClose(a *Anomaly) string {
	knew := ""
	if a.args[2] > 0 {
		knew = ", although it had acknowledged that"
	}
	return "the " + a.Side.String() + " sent data (" + count(a.args[1], "segment") + ", the first " + duration(a.args[0]) + " after the " +
		a.Side.Peer().String() + "'s FIN" + knew + "); an RST came back"
}
