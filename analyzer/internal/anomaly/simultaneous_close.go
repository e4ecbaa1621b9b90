package anomaly

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/fsm"
)

var _ = register(inClosing, "fin-retransmit-in-time-wait", &AnomalyKind{
	ID: "simultaneous-close", Severity: SeverityNote,
	Summary: "FINs crossed: both sides closed at the same moment",
	RFC:     "RFC 9293 3.6, figure 13",
	Meaning: "Neither side had the other's FIN when it sent its own. Both went FIN_WAIT_1, CLOSING, TIME_WAIT, so both keep the pair of sockets for 2 MSL.",
	Causes:  "Both applications end at the same event: an idle timeout of equal length, the end of a protocol that needs no last word.",
	Next:    "Nothing. If sockets in TIME_WAIT are short, let only one side close.",
	needs:   triggerBothFIN, detect: detectSimultaneousClose, detail: detailSimultaneousClose,
})

func detectSimultaneousClose(s *pass) {
	c, v := s.Step(conn.Client, fsm.Closing), s.Step(conn.Server, fsm.Closing)
	a, b := s.Find(0, 0, conn.IsFIN), s.Find(1, 0, conn.IsFIN)
	if c == nil || v == nil || a == nil || b == nil {
		return
	}
	if a.Ahead > b.Ahead {
		a, b = b, a
	}
	s.raiseFact(b, args{int64(b.Time - a.Time), int64(s.TwoMSL)})
}

func detailSimultaneousClose(a *Anomaly) string {
	return "the FINs passed the tap " + duration(a.args[0]) + " apart; both sides hold TIME_WAIT for " + duration(a.args[1])
}
