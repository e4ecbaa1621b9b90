package anomaly

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/fsm"
)

var _ = register(inOpening, "no-answer", &AnomalyKind{
	ID: "syn-retransmit", Severity: SeverityWarning,
	Summary: "a SYN was sent again",
	RFC:     "RFC 6298 2, 5.7",
	Meaning: "The client got no answer in time and sent its SYN again. The first retry comes after 1 s, each later one after twice as long, so that " +
		"opening the connection took at least that much longer.",
	Causes:  "The SYN or the SYN-ACK was lost; a listen queue that overflowed; a firewall that drops; a refused connection that is tried again (Windows does).",
	Next:    "If a SYN-ACK stands between the SYNs it was lost on its way to the client, else the SYN was lost behind the tap or ignored by the server (nstat TcpExtListenOverflows).",
	Absence: true,
	needs:   triggerSYNAgain | triggerRST, detect: detectSYNAgain, detail: detailSYNAgain,
})

func detectSYNAgain(s *pass) {
	for dir := range uint8(2) {
		syns := s.copies(dir, conn.IsSYN)
		if syns.n == 1 {
			s.triedAgainUnseen(dir, syns.first)
		}
		if syns.n < 2 {
			continue
		}
		why := lostUnknown
		if s.dropped(syns.first) {
			why = wrongSum
		} else if f := s.answer(syns.first, syns.second); f != nil {
			why = answerLost
			if conn.IsRST(f) {
				why = refusedBefore
			}
		} else if m := s.Incident(conn.IncidentOldAnswer, 1-dir); m != nil && m.Time < syns.second.Time {
			why = oldAnswer
		}
		s.raise(s.Side(dir), syns.second, args{syns.times() | why, syns.span(), syns.gaps[0], syns.gaps[1]})
	}
}

// triedAgainUnseen tells of a SYN that was refused, and opened a connection all the same: it came again.
func (s *pass) triedAgainUnseen(dir uint8, syn *conn.Fact) {
	rst := s.Find(1-dir, 0, func(f *conn.Fact) bool { return refuses(f, syn) && f.Ahead > syn.Ahead })
	opened := s.Step(s.Side(dir), fsm.Established)
	if rst != nil && opened != nil && opened.Frame > s.Frame(rst) {
		s.raise(s.Side(dir), rst, args{1 | refusedBefore, int64(opened.Time - syn.Time)})
	}
}

func detailSYNAgain(a *Anomaly) string {
	if a.args[0]&(1<<32-1) == 1 {
		return "the " + a.Side.String() + "'s SYN was refused, and sent again, at most " + duration(a.args[1]) + " later; that was not captured"
	}
	text := sentTimes(a, "SYN", a.args[1])
	switch a.args[0] >> 32 << 32 {
	case answerLost:
		text += "; an answer had passed before the second"
	case oldAnswer:
		text += "; an ACK of the connection before had answered the first"
	case refusedBefore:
		text += "; the first was refused"
	case wrongSum:
		text += "; the checksum of the first is wrong"
	}
	return text
}
