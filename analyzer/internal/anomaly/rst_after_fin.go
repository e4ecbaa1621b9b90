package anomaly

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/state"
)

var _ = register(inClosing, "abortive-close", &AnomalyKind{
	ID: "rst-after-fin", Severity: SeverityWarning,
	Summary: "an RST followed or answered a FIN",
	RFC:     "RFC 1122 4.2.2.13, RFC 2525 2.16",
	Meaning: "The close began in good order and ended by an RST. What was still on its way may be lost, though often nothing was.",
	Causes: "The side that got the FIN closed with bytes unread, or with SO_LINGER 0; a client or load balancer that saves itself TIME_WAIT; a firewall that " +
		"cleans up.",
	Next:  "Did all data arrive (compare the acknowledged bytes)? If so it is only untidy.",
	needs: triggerRST, detect: detectResetAfterFIN, detail: detailResetAfterFIN,
})

func detectResetAfterFIN(s *pass) {
	c := &s.J.Close
	if c.Cause != state.ResetUnreadData && c.Cause != state.ResetAfterFIN && !(c.Cause == state.ResetFinWait2 && !s.finWaitTimedOut(c)) {
		return
	}
	fin := s.Find(s.Dir(c.By), 0, conn.IsFIN)
	if c.Cause == state.ResetUnreadData {
		fin = s.Find(s.Dir(c.By.Peer()), 0, conn.IsFIN)
	}
	if fin != nil {
		s.raise(c.By.Peer(), &c.Rst, args{int64(c.Cause), int64(c.Time - fin.Time)})
	}
}

func (s *pass) finWaitTimedOut(c *state.Close) bool {
	waited, ok := s.FinWait2(c)
	return ok && waited >= lingers
}

func detailResetAfterFIN(a *Anomaly) string {
	by, after := a.Side.Peer().String(), duration(a.args[1])
	if state.ResetCause(a.args[0]) == state.ResetUnreadData {
		return "the " + by + " answered the FIN by an RST after " + after + ": unread data, or SO_LINGER 0"
	}
	return "the " + by + " sent an RST " + after + " after its FIN"
}
