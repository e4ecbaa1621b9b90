package anomaly

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/state"
)

var _ = register(inOpen, "reordering", &AnomalyKind{
	ID: "retries-exhausted", Severity: SeverityError,
	Summary: "a sender gave up",
	RFC:     "RFC 9293 3.8.3, RFC 1122 4.2.3.5",
	Meaning: "At least three retransmissions, or probes of a closed window, were not answered, and then it sent an RST or was silent for longer than its timer waits (Linux tries for about 15 minutes, tcp_retries2). Reads and writes fail with ETIMEDOUT.",
	Causes:  "The peer or the path to it is gone; a firewall forgot the connection and drops.",
	Next:    "When did the peer last say anything? Do other connections to it live?",
	Absence: true,
	needs:   trigger(conn.IncidentTimer) | trigger(conn.IncidentZeroWindow), detect: detectExhausted, detail: detailExhausted,
})

func detectExhausted(s *pass) {
	for dir := range uint8(2) {
		m := s.Exhausted(dir)
		if m == nil || s.Sides[1-dir].Unseen || s.resetBy(1-dir) {
			continue
		}
		timer, probes := lostPatience, int64(1)
		if m.Kind == conn.IncidentTimer {
			timer, probes = doubled(m.Run.Since, m.Last), 0
		}
		if rst, silent := s.gaveUp(dir, m.Last, timer); rst || silent {
			end := int64(0)
			if rst {
				end = 1
			}
			s.raiseUnanswered(m, args{int64(m.Unanswered()), int64(m.Last - m.Run.At), end, probes}).onSide(s.Side(dir))
		}
	}
}

// resetBy reports whether an RST sent in a direction ended the connection.
func (s *pass) resetBy(dir uint8) bool {
	c := &s.J.Close
	return c.Kind == state.CloseReset && s.Dir(c.By) == dir
}

func detailExhausted(a *Anomaly) string {
	what := "retransmissions"
	if a.args[3] == 1 {
		what = "probes of the closed window"
	}
	text := "the " + a.Side.String() + "'s last " + number(a.args[0]) + " " + what + ", over " + duration(a.args[1]) + ", were not answered; then it "
	if a.args[2] == 1 {
		return text + "sent an RST"
	}
	return text + "was silent"
}
