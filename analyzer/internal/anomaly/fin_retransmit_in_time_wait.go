package anomaly

var _ = register(inClosing, "fin-retransmit", &AnomalyKind{
	ID: "fin-retransmit-in-time-wait", Severity: SeverityWarning,
	Summary: "a FIN arrived again at an endpoint in TIME_WAIT",
	RFC:     "RFC 9293 3.10.7.4 (eighth, TIME-WAIT STATE)",
	Meaning: "The final ACK was lost or late, so the passive closer repeated its FIN from LAST_ACK. The endpoint in TIME_WAIT acknowledged again and its 2 MSL started " +
		"again. This is what TIME_WAIT is for.",
	Causes:  "The last ACK was lost, or took longer than the retransmission timer.",
	Next:    "Nothing, if it is rare. Often: there is loss on the way to the passive closer.",
	Absence: true,
	needs:   triggerFINAgain, detect: detectFINInTimeWait, detail: detailFINInTimeWait,
})

func detectFINInTimeWait(s *pass) {
	for dir := range uint8(2) {
		fins, waiting := s.finCopies(dir)
		if waiting.n > 0 {
			s.raise(s.Side(dir), waiting.first, args{waiting.times(), int64(waiting.first.Time - fins.first.Time), int64(s.TwoMSL)})
		}
	}
}

func detailFINInTimeWait(a *Anomaly) string {
	_, howOften := counted(a.args[0])
	return "the " + a.Side.String() + "'s FIN came again " + duration(a.args[1]) + " later (" + howOften + "): the final ACK was lost or late; the " +
		a.Side.Peer().String() + " holds TIME_WAIT for " + duration(a.args[2]) + " more"
}
