package anomaly

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/state"
	"tcptrace/analyzer/internal/wording"
	"tcptrace/fsm"
)

var _ = register(inOpening, "rst-in-handshake", &AnomalyKind{
	ID: "connection-refused", Severity: SeverityError,
	Summary:  "an RST answered the SYN",
	RFC:      "RFC 9293 3.10.7.1, 3.10.7.3",
	Meaning:  "The server's host was reached and said that it does not accept connections on this port. connect() fails with ECONNREFUSED.",
	Causes:   "The service does not run, listens on another address or port, or its backlog overflowed where tcp_abort_on_overflow is set; a firewall that rejects with an RST.",
	Next:     "On the server: ss -ltn, and the firewall's rules. If the RST has another TTL than the server's other packets, a device on the way sent it.",
	Subsumes: "rst-in-handshake",
	needs:    triggerRST, detect: detectRefused, detail: detailRefused,
})

// detectRefused tells of an endpoint that an RST took from SYN_SENT to CLOSED, and counts the SYNs that were so answered: a
// connection may be tried again.
func detectRefused(s *pass) {
	for dir := range uint8(2) {
		if !s.refusedIn(s.J.Trajectory[s.Side(dir)]) {
			continue
		}
		syns := s.copies(dir, conn.IsSYN)
		if syns.n == 0 {
			continue
		}
		rsts := s.copies(1-dir, func(f *conn.Fact) bool {
			return conn.IsRST(f) && f.Bits.Has(conn.FactAccepted) && f.Covers(s.Sides[dir].ISN) && !s.GivesUp(f) &&
				(f.Ahead > syns.first.Ahead || f.Time >= syns.first.Time) // one before both in order and time answers something else
		})
		if rsts.n > 0 {
			s.raise(s.Side(dir), rsts.first, args{rsts.times(), int64(rsts.first.Time - syns.first.Time), rsts.gaps[0], rsts.gaps[1]})
			s.soften(s.Side(dir))
		}
	}
}

// soften makes a note of what says of side the same as the kind that was just raised, with fewer words: one failure is one error.
func (s *pass) soften(side conn.Side) {
	for i := range s.anomalies {
		if a := &s.anomalies[i]; a.Kind.ID == s.kind.Subsumes && a.HasSide && a.Side == side {
			a.as(SeverityNote)
		}
	}
}

func (s *pass) refusedIn(steps []state.Step) bool {
	for i := range steps {
		if i > 0 && steps[i].Cause == fsm.RecvRST && steps[i-1].State == fsm.SynSent {
			return true
		}
	}
	return false
}

func detailRefused(a *Anomaly) string {
	text := "the " + a.Side.Peer().String() + " answered the SYN by an RST after " + duration(a.args[1])
	if n, howOften := counted(a.args[0]); n > 1 {
		text += "; refused " + howOften + ", " + wording.Gaps(a.args[2:]).Text(n-1)
	}
	return text
}
