package anomaly

import "tcptrace/analyzer/internal/conn"

var _ = register(inOpening, "unasked-syn-ack", &AnomalyKind{
	ID: "no-answer", Severity: SeverityError,
	Summary: "a SYN and its retries got no answer that the client takes",
	RFC:     "RFC 9293 3.8.3",
	Meaning: "Nothing came back, no SYN-ACK and no RST, or nothing that acknowledges the SYN. The client waits until its last retry has timed out (Linux: six retries, 127 s in all, tcp_syn_retries) " +
		"and then connect() fails with ETIMEDOUT.",
	Causes:   "A firewall that drops; a host that is down or whose address is wrong; a listen queue that is full (Linux drops the SYN); no way back.",
	Next:     "Capture at the server: does the SYN arrive, does it answer? If it arrives and nothing leaves: nstat TcpExtListenDrops, rp_filter, the firewall.",
	Absence:  true,
	Subsumes: "syn-retransmit",
	Missing:  true, waits: 2, needs: triggerOpening | triggerRST, detect: detectNoAnswer, detail: detailNoAnswer,
})

// How a SYN without an answer ended: args[0] holds it above the count.
const (
	nothingCame int64 = 0
	notTaken    int64 = 1 << 32 // what came back is not acceptable
	resetAtEnd  int64 = 2 << 32
	icmpCame    int64 = 4 << 32 // an ICMP error did; above it is what that says
	refusedOnce int64 = 8 << 32 // an RST did, and the SYN was tried again all the same
	icmpSaid          = 36
)

// detectNoAnswer tells of a SYN to which nothing came back that its sender takes. What TIME_WAIT answers is
// time-wait-refused.
func detectNoAnswer(s *pass) {
	for dir := range uint8(2) {
		syns := s.copies(dir, conn.IsSYN)
		if syns.n == 0 || s.C.Outcome != conn.Unanswered || s.Incident(conn.IncidentOldAnswer, 1-dir) != nil || s.refusedLately(dir) ||
			s.refusedIn(s.J.Trajectory[s.Side(dir)]) || s.answersUnseen(dir) { // which is told, or not known
			continue
		}
		end := nothingCame
		if !s.Sides[1-dir].Unseen {
			end = notTaken
			if s.Find(1-dir, 0, func(f *conn.Fact) bool { return conn.IsRST(f) && f.Bits.Has(conn.FactAccepted) }) != nil {
				end |= refusedOnce
			}
		}
		rst := s.Find(dir, 0, func(f *conn.Fact) bool { return conn.IsRST(f) && !s.OfAnother(f) })
		if rst != nil && rst.Ahead > syns.last.Ahead {
			end |= resetAtEnd
		}
		icmp := s.icmpAnswer(dir)
		if icmp != nil {
			end |= icmpCame | s.icmpText(icmp)>>icmpCode<<icmpSaid
		}
		waited := s.Lasts(syns.first.Time)
		if syns.n > 1 || rst != nil {
			waited = int64(s.C.End - syns.first.Time) // it may have given up behind its last segment
		}
		if icmp != nil || syns.n > 1 || waited >= int64(patience) || rst != nil {
			s.raise(s.Side(dir), syns.first, args{syns.times() | end, waited, syns.gaps[0], syns.gaps[1]}).left = end&resetAtEnd != 0
		}
	}
}

// answersUnseen reports whether who sent a SYN sent an RST with another number behind it: that answers an ACK of another connection, which
// the capture lacks.
func (s *pass) answersUnseen(dir uint8) bool {
	if !s.Sides[1-dir].Unseen {
		return false
	}
	syn := s.Find(dir, 0, conn.IsSYN)
	return syn != nil && s.Find(dir, 0, func(f *conn.Fact) bool { return conn.IsRST(f) && f.Ahead > syn.Ahead && f.Seq-syn.Seq > syn.SeqLen() }) != nil
}

// refusedLately reports whether an RST answered a SYN of a direction, or its sender reset an older connection that it met, and not more
// than one SYN followed: the RST may have been lost.
func (s *pass) refusedLately(dir uint8) bool {
	var last *conn.Fact
	for i := range s.Facts {
		if f := &s.Facts[i]; f.Dir() != dir && conn.IsRST(f) && f.Bits.Has(conn.FactAccepted) || f.Dir() == dir && s.OfAnother(f) {
			last = f
		}
	}
	if last == nil {
		return false
	}
	after := s.copies(dir, func(f *conn.Fact) bool { return conn.IsSYN(f) && f.Ahead > last.Ahead })
	return after.n < 2
}

func detailNoAnswer(a *Anomaly) string {
	text := sentTimes(a, "SYN", a.args[1])
	switch {
	case a.args[0]&refusedOnce != 0:
		text += "; an RST refused it, and it was tried again: nothing else has come back"
	case a.args[0]&notTaken != 0:
		text += "; nothing has come back that it takes"
	default:
		text += "; nothing has come back"
	}
	if a.args[0]&icmpCame != 0 {
		text += ", but an ICMP error: " + icmpWords(a.args[0]>>icmpSaid<<icmpCode)
	}
	switch {
	case a.args[0]&resetAtEnd != 0:
		text += "; then it gave up by an RST"
	case a.ended:
		text += thenClosed
	}
	return text
}
