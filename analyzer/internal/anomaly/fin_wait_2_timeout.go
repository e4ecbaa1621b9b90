package anomaly

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/state"
)

var _ = register(inClosing, "close-wait-lingering", &AnomalyKind{
	ID: "fin-wait-2-timeout", Severity: SeverityWarning,
	Summary: "the active closer stopped waiting for the peer's FIN",
	RFC:     "RFC 9293 3.6; no RFC asks for the timeout",
	Meaning: "The endpoint had closed and waited in FIN_WAIT_2. When the peer at last sent something, its connection was gone: an RST came back.",
	Causes:  "The peer's application kept its side open for longer than the closer's tcp_fin_timeout (60 s on Linux, less where it was lowered).",
	Next:    "The peer is at fault if it lingered in CLOSE_WAIT (close-wait-lingering). If it still had data to send, the closer should use shutdown() and read on.",
	Absence: true,
	needs:   triggerRST, detect: detectFinWait2, detail: detailFinWait2,
})

// orphaned is after how long data that meets an RST may have met a FIN_WAIT_2 that timed out.
// Linux waits 60 s; many lower it.
const orphaned conn.Time = 10e9

// What met an RST where nobody waited in FIN_WAIT_2 any more: args[1] of fin-wait-2-timeout.
const (
	metFIN int64 = iota
	metData
	metSegment
)

func detectFinWait2(s *pass) {
	c := &s.J.Close
	waited, ok := s.FinWait2(c)
	if ok && (c.Cause == state.ResetFinWait2 && waited >= lingers || c.Cause == state.ResetWriteAfterClose && waited >= orphaned) {
		what := metSegment
		switch {
		case c.Cause == state.ResetWriteAfterClose:
			what = metData
		case s.Find(s.Dir(c.By.Peer()), 0, func(f *conn.Fact) bool { return conn.IsFIN(f) && f.Ahead < c.Rst.Ahead }) != nil:
			what = metFIN
		}
		s.raise(c.By, &c.Rst, args{int64(waited), what})
	}
}

func detailFinWait2(a *Anomaly) string {
	peer := a.Side.Peer().String()
	what := [...]string{metFIN: "the " + peer + "'s FIN", metData: "the " + peer + "'s data", metSegment: "a segment of the " + peer}[a.args[1]]
	return "the " + a.Side.String() + " was in FIN_WAIT_2 for " + duration(a.args[0]) + "; then " + what + " met an RST"
}
