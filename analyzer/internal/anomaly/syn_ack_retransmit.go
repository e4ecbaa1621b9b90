package anomaly

import "tcptrace/analyzer/internal/conn"

var _ = register(inOpening, "syn-retransmit", &AnomalyKind{
	ID: "syn-ack-retransmit", Severity: SeverityWarning,
	Summary: "a SYN-ACK was sent again",
	RFC:     "RFC 6298 5.7",
	Meaning: "The server did not get the ACK that completes the handshake, or did not take it, and sent its SYN-ACK again (Linux: at most five times, tcp_synack_retries). " +
		"The detail says whether the client had acknowledged the first one.",
	Causes: "The SYN-ACK was lost (then the client sends its SYN again, too); the handshake ACK was lost; the server's accept queue is full, so that it ignores the ACK; " +
		"TCP_DEFER_ACCEPT; a SYN with a forged address, whose owner stays silent.",
	Next:    "If the client had acknowledged: ss -ltn on the server (Recv-Q against Send-Q), nstat TcpExtListenOverflows. If not: capture at the client.",
	Absence: true, Varies: true,
	needs: triggerSYNACKAgain, detect: detectSYNACKAgain, detail: detailSYNACKAgain,
})

func detectSYNACKAgain(s *pass) {
	for dir := range uint8(2) {
		synacks := s.copies(dir, conn.IsSYNACK)
		if synacks.n < 2 {
			continue
		}
		why := lostUnknown
		if s.dropped(synacks.first) {
			why = wrongSum
		} else if s.Find(1-dir, 0, func(f *conn.Fact) bool { return f.Ahead < synacks.second.Ahead && covering(s.Sides[dir].ISN)(f) }) != nil {
			why = answerLost
		} else if s.Find(1-dir, 0, func(f *conn.Fact) bool {
			return conn.IsSYN(f) && f.Ahead > synacks.first.Ahead && f.Ahead < synacks.second.Ahead
		}) != nil {
			why = answersAgain
		}
		if why != answersAgain && why != wrongSum && synacks.second.Time-synacks.first.Time < conn.MinRTO {
			why = tooSoon
		}
		a := s.raise(s.Side(dir), synacks.second, args{synacks.times() | why, synacks.span(), synacks.gaps[0], synacks.gaps[1]})
		if why == tooSoon && synacks.last.Time-synacks.first.Time < conn.MinRTO {
			a.as(SeverityNote) // nothing was lost
		}
	}
}

func detailSYNACKAgain(a *Anomaly) string {
	peer := a.Side.Peer().String()
	text := sentTimes(a, "SYN-ACK", a.args[1])
	switch a.args[0] >> 32 << 32 {
	case answerLost:
		return text + "; the " + peer + " had acknowledged: that ACK was lost, or not taken"
	case answersAgain:
		return text + "; the SYN came again, so the SYN-ACK was lost or late"
	case wrongSum:
		return text + "; the checksum of the first is wrong"
	case tooSoon:
		return text + "; too soon for a timer: the SYN arrived twice"
	}
	return text + "; no ACK of the " + peer + " had come"
}
