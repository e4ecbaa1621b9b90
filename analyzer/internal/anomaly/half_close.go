package anomaly

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/state"
)

var _ = register(inClosing, "simultaneous-close", &AnomalyKind{
	ID: "half-close", Severity: SeverityNote,
	Summary: "data flowed on after one side's FIN",
	RFC:     "RFC 9293 3.6 (case 2), RFC 1122 4.2.2.13",
	Meaning: "One side said that it will send no more, and went on receiving. That is allowed and useful: the first waits in FIN_WAIT_2, the other is in CLOSE_WAIT.",
	Causes:  "shutdown(SHUT_WR) after a request; a proxy that passes the end of one direction on; a sender that still had bytes queued.",
	Next:    "Nothing. Some firewalls give half-closed connections a short timeout.",
	needs:   trigger(conn.IncidentUnsolicited), detect: detectHalfClose, detail: detailHalfClose,
})

func detectHalfClose(s *pass) {
	for dir := range uint8(2) {
		m := s.Incident(conn.IncidentUnsolicited, dir)
		fin := s.Find(1-dir, 0, conn.IsFIN)
		if m == nil || m.Amount == 0 || fin == nil || s.J.Close.Cause == state.ResetWriteAfterClose {
			continue
		}
		s.raise(s.Side(1-dir), fin, args{m.Amount, int64(m.Last - fin.Time)})
	}
}

func detailHalfClose(a *Anomaly) string {
	return "the " + a.Side.Peer().String() + " sent " + count(a.args[0], "byte") + " more in the " + duration(a.args[1]) + " after the " + a.Side.String() + "'s FIN"
}
