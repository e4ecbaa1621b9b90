package anomaly

import "tcptrace/fsm"

var _ = register(inClosing, "missing-final-ack", &AnomalyKind{
	ID: "fin-retransmit", Severity: SeverityWarning,
	Summary: "a FIN was sent again",
	RFC:     "RFC 6298 5, RFC 9293 3.6",
	Meaning: "The sender got no ACK of its FIN in time. The detail says in which state it was.",
	Causes:  "The FIN or its ACK was lost; the peer is gone; a firewall that drops what follows the first FIN.",
	Next:    "Did an ACK of it pass the tap before? Then that was lost between the tap and the sender, else the FIN behind the tap.",
	Absence: true,
	needs:   triggerFINAgain, detect: detectFINAgain, detail: detailFINAgain,
})

func detectFINAgain(s *pass) {
	for dir := range uint8(2) {
		fins, _ := s.finCopies(dir)
		side := s.Side(dir)
		if fins.n == 1 {
			if behind := s.sentBehind(dir, fins.first); behind != nil {
				s.raise(side, fins.first, args{1, int64(fins.first.Time - behind.Time)})
			}
		}
		if fins.n < 2 {
			continue
		}
		state := s.StateBefore(side, fins.second)
		s.raise(side, fins.second, args{fins.times() | int64(state)<<32, fins.span(), fins.gaps[0], fins.gaps[1]})
	}
}

func detailFINAgain(a *Anomaly) string {
	if a.args[0] == 1 {
		return "the " + a.Side.String() + " had sent its FIN before, at least " + duration(a.args[1]) + " earlier; that was not captured"
	}
	return sentTimes(a, "FIN", a.args[1]) + ", from " + fsm.State(a.args[0]>>32).String()
}
