package anomaly

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/state"
)

// Detectors of what incidents say of data under way: retransmissions, reordering, acknowledgments.

// eachIncident calls f with the incidents of a kind whose sender's peer was captured: what was not captured may have
// answered.
func (s *pass) eachIncident(k conn.IncidentKind, f func(m *conn.Incident, side conn.Side)) {
	for dir := range uint8(2) {
		if m := s.Incident(k, dir); m != nil && !s.Sides[1-dir].Unseen {
			f(m, s.Side(dir))
		}
	}
}

// lasted is the longest of the times that an incident is about; one that was not over lasts to the conversation's last frame.
func (s *pass) lasted(m *conn.Incident) (longest, total conn.Time, open bool) {
	longest, total = m.Run.Longest, m.Run.Total
	if m.Run.Since != 0 {
		d := max(s.C.End-m.Run.Since, 0)
		longest, total, open = max(longest, d), total+d, true
	}
	return longest, total, open
}

func detectTimeout(s *pass) {
	s.eachIncident(conn.IncidentTimer, func(m *conn.Incident, side conn.Side) {
		longest, _, _ := s.lasted(m)
		s.raiseIncident(m, args{int64(m.Count), int64(longest), int64(m.Run.Most), int64(m.Run.Times)}).onSide(side)
	})
}

func detailTimeout(a *Anomaly) string {
	fired, longest, most, pauses := a.args[0], a.args[1], a.args[2], a.args[3]
	text := "nothing of the " + a.Side.String() + "'s was acknowledged for " + duration(longest)
	if pauses > 1 {
		text += " at most, in " + number(pauses) + " such pauses"
	}
	text += "; its timer fired " + times(fired)
	switch {
	case most < 2:
	case pauses > 1:
		text += ", at most " + times(most) + " in a row, backing off"
	default:
		text += ", backing off " + times(most-1)
	}
	return text
}

// lostPatience is the longest that a stack waits before it repeats something once more (Linux: 120 s), and some more.
const lostPatience conn.Time = 150e9

// doubled is how long a timer waits at most that doubles and fired from since to last.
func doubled(since, last conn.Time) conn.Time { return min(lostPatience, (last-since)/4*5) }

// gaveUp reports whether an endpoint gave up what it repeated until last without an answer: it sent an RST, or it
// is silent for longer than its timer waits.
func (s *pass) gaveUp(dir uint8, last, timer conn.Time) (rst, silent bool) {
	if s.Find(dir, 0, func(f *conn.Fact) bool { return conn.IsRST(f) && f.Time >= last }) != nil {
		return true, false
	}
	return false, s.Sides[dir].Last <= last && s.Now-last > timer
}

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
			s.raiseIncident(m, args{int64(m.Unanswered()), int64(m.Last - max(m.Run.Since, m.Time)), end, probes}).onSide(s.Side(dir))
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

func detectSpurious(s *pass) {
	s.eachIncident(conn.IncidentNeedless, func(m *conn.Incident, side conn.Side) {
		s.raiseIncident(m, args{int64(m.Count), m.Amount}).onSide(side)
	})
}

var proofs = [...]string{
	"the bytes were acknowledged before", "a D-SACK says that the bytes came twice", "a timestamp shows that the ACK is for the first copy",
	"the ACK came too soon for the second copy", "the first copy came later",
}

func detailSpurious(a *Anomaly) string {
	text := count(a.args[0], "retransmission") + " of the " + a.Side.String() + " not needed: "
	more := false
	for i, how := range proofs {
		if a.args[1]&(1<<i) == 0 {
			continue
		}
		if more {
			text += "; "
		}
		text, more = text+how, true
	}
	return text
}

func detectReordering(s *pass) {
	for dir := range uint8(2) {
		if m := s.Incident(conn.IncidentLate, dir); m != nil {
			s.raiseIncident(m, args{int64(m.Count), int64(s.C.Sent[s.Side(dir)].Packets), m.Amount, int64(m.Run.Longest)}).onSide(s.Side(dir))
		}
	}
}

func detailReordering(a *Anomaly) string {
	text := number(a.args[0]) + " of " + count(a.args[1], "segment") + " of the " + a.Side.String() + " behind later ones, by "
	text += count(a.args[2], "byte")
	if a.args[3] > 0 {
		text += " and " + duration(a.args[3])
	}
	return text + " at most"
}

func detectReneged(s *pass) {
	for dir := range uint8(2) {
		if m := s.Incident(conn.IncidentReneged, dir); m != nil {
			s.raiseIncident(m, args{int64(m.Count)}).onSide(s.Side(dir))
		}
	}
}

func detailReneged(a *Anomaly) string {
	return "the " + a.Side.String() + " no longer has what it had selectively acknowledged, " + times(a.args[0])
}

func detectUnsent(s *pass) {
	s.eachIncident(conn.IncidentUnsent, func(m *conn.Incident, side conn.Side) {
		if m.Count > 0 {
			s.raiseIncident(m, args{m.Amount, int64(m.Count)}).onSide(side)
		}
	})
}

func detailUnsent(a *Anomaly) string {
	text := "the " + a.Side.String() + " acknowledged " + count(a.args[0], "byte") + " that the " + a.Side.Peer().String() + " had not sent, as that showed afterwards"
	if a.args[1] > 1 {
		text += "; " + times(a.args[1])
	}
	return text
}

func detectOldStamp(s *pass) {
	for dir := range uint8(2) {
		if m := s.Incident(conn.IncidentOldStamp, dir); m != nil && m.Count > 0 {
			s.raiseIncident(m, args{int64(m.Count), m.Amount}).onSide(s.Side(dir))
		}
	}
}

func detailOldStamp(a *Anomaly) string {
	return count(a.args[0], "segment") + " of the " + a.Side.String() + " with new data and a timestamp older, by " + number(a.args[1]) +
		" at most, than one before: the " + a.Side.Peer().String() + " has to drop them"
}
