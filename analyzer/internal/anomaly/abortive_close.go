package anomaly

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/state"
)

var _ = register(inClosing, "fin-wait-2-timeout", &AnomalyKind{
	ID: "abortive-close", Severity: SeverityWarning,
	Summary: "an RST ended an open connection without a FIN",
	RFC:     "RFC 9293 3.10.5, RFC 1122 4.2.2.13",
	Meaning: "One side threw the connection away. Bytes in flight or not yet read are lost; the peer's reads fail with ECONNRESET.",
	Causes: "close() while received bytes were not read, or with SO_LINGER 0; a process or host that died and came back; a firewall or load balancer whose idle " +
		"timeout passed; keep-alive or user timeout.",
	Next:    "What had the connection last done, and how long was it idle? The detail says whether the sender still knew the connection.",
	Absence: true, ToldByClose: true,
	needs: triggerRST, detect: detectAbortive, detail: detailAbortive,
})

func detectAbortive(s *pass) {
	c := &s.J.Close
	switch c.Cause {
	case state.ResetGaveUp:
		if s.Find(s.Dir(c.By), 0, conn.IsFIN) != nil {
			return // missing-final-ack
		}
		fallthrough
	case state.ResetAborted, state.ResetHalfOpen, state.ResetOnPath, state.ResetChallenge, state.ResetKeepAlive, state.ResetInjected:
		if c.InHandshake || !s.showsMore() {
			return
		}
		sent := s.C.Sent[conn.Client].StreamBytes + s.C.Sent[conn.Server].StreamBytes
		sent -= min(sent, c.Behind[conn.Client]+c.Behind[conn.Server])
		both := int64(0)
		if c.BothWays {
			both = 1
		}
		s.raise(c.By.Peer(), &c.Rst, args{int64(c.Cause), int64(c.Time - s.C.Start), int64(sent), both})
	}
}

// showsMore reports whether anything but RSTs and probes was captured. A lone RST may answer what somebody else sent in its receiver's
// name (backscatter): nothing was open.
func (s *pass) showsMore() bool {
	return s.Either(func(f *conn.Fact) bool { return !conn.IsRST(f) && !state.IsProbe(f) })
}

func detailAbortive(a *Anomaly) string {
	return "RST from the " + a.Side.Peer().String() + " after " + duration(a.args[1]) + " and " + count(a.args[2], "byte") + ": " + state.CauseText(state.ResetCause(a.args[0]), a.args[3] != 0)
}
