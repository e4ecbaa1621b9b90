package anomaly

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/fsm"
)

var _ = register(inOpening, "syn-options-changed", &AnomalyKind{
	ID: "handshake-incomplete", Severity: SeverityWarning,
	Summary:  "a SYN-ACK was never acknowledged",
	RFC:      "RFC 9293 3.5, RFC 4987",
	Meaning:  "The server is left in SYN_RCVD until it gives up (Linux: 63 s after the SYN, tcp_synack_retries). Each such connection takes a place in its SYN queue.",
	Causes:   "The SYN had a forged address (a SYN flood); the client is gone or behind a firewall that drops the SYN-ACK; a scanner that never answers.",
	Next:     "Many from many addresses: a SYN flood; are SYN cookies on? Few from one: does the SYN-ACK reach that client?",
	Absence:  true,
	Subsumes: "syn-ack-retransmit",
	Missing:  true, waits: 2, needs: triggerOpening, detect: detectIncomplete, detail: detailIncomplete,
})

func detectIncomplete(s *pass) {
	for dir := range uint8(2) {
		side := s.Side(dir)
		synacks := s.copies(dir, conn.IsSYNACK)
		if synacks.n == 0 || s.C.Outcome != conn.HalfOpen || s.J.State[side] != fsm.SynRcvd || s.Find(1-dir, 0, func(f *conn.Fact) bool { return conn.IsRST(f) || covering(s.Sides[dir].ISN)(f) }) != nil ||
			s.Find(dir, 0, func(f *conn.Fact) bool { return f.Bits.Has(conn.FactForeign) }) != nil {
			continue
		}
		if waited := s.Lasts(synacks.first.Time); synacks.n > 1 || waited >= int64(patience) {
			s.raise(side, synacks.last, args{synacks.times(), waited, synacks.gaps[0], synacks.gaps[1]}).from(synacks.first.Time)
		}
	}
}

func detailIncomplete(a *Anomaly) string {
	text := sentTimes(a, "SYN-ACK", a.args[1])
	if a.ended {
		return text + "; then its host gave it up"
	}
	return text + "; left in SYN_RCVD"
}
