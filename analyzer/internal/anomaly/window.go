package anomaly

import (
	"strconv"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/segment"
	"tcptrace/analyzer/internal/state"
)

// Detectors of what incidents say of windows and probes, and of segments that another may have sent.

func detectZeroWindow(s *pass) {
	for dir := range uint8(2) {
		if m := s.Incident(conn.IncidentZeroWindow, dir); m != nil && m.Run.Times > 0 {
			_, total, open := s.lasted(m)
			n := int64(m.Run.Times)
			if open {
				n = -n
			}
			s.raiseIncident(m, args{n, int64(total), int64(m.Count)}).onSide(s.Side(dir))
		}
	}
}

func detailZeroWindow(a *Anomaly) string {
	n, open := a.args[0], a.args[0] < 0
	if open {
		n = -n
	}
	text := "the " + a.Side.String() + "'s window was closed for " + duration(a.args[1])
	if n > 1 {
		text += " in all, " + times(n)
	}
	if open {
		text += ", and still is at the end"
	}
	if a.args[2] == 0 {
		return text + "; the " + a.Side.Peer().String() + " did not probe it"
	}
	return text + "; the " + a.Side.Peer().String() + " probed it " + times(a.args[2])
}

func detectFullWindow(s *pass) {
	for dir := range uint8(2) {
		if m := s.Incident(conn.IncidentFullWindow, dir); m != nil {
			sent := &s.C.Sent[s.Side(dir)]
			s.raiseIncident(m, args{int64(m.Count), int64(sent.WindowLimited), int64(s.C.Sent[s.Side(1-dir)].WindowMax)}).onSide(s.Side(dir))
		}
	}
}

func detailFullWindow(a *Anomaly) string {
	text := "the " + a.Side.String() + " filled the " + a.Side.Peer().String() + "'s window " + times(a.args[0])
	if a.args[1] > 0 {
		text += "; that was the limit for " + duration(a.args[1]) + " in all"
	}
	if a.args[2] > 0 {
		text += "; the window was " + count(a.args[2], "byte") + " at most"
	}
	return text
}

func detectShrunk(s *pass) {
	for dir := range uint8(2) {
		if m := s.Incident(conn.IncidentShrunk, dir); m != nil {
			s.raiseIncident(m, args{int64(m.Count), m.Amount}).onSide(s.Side(dir))
		}
	}
}

func detailShrunk(a *Anomaly) string {
	text := "the " + a.Side.String() + " took back window that it had offered, " + count(a.args[1], "byte")
	if a.args[0] > 1 {
		text += " at most, " + times(a.args[0])
	}
	return text
}

func detectOutside(s *pass) {
	for dir := range uint8(2) {
		if m := s.Incident(conn.IncidentOutside, dir); m != nil {
			s.raiseIncident(m, args{int64(m.Count), m.Amount, int64(m.Causes)}).onSide(s.Side(1 - dir))
		}
	}
}

func detailOutside(a *Anomaly) string {
	what := " with data "
	switch uint8(a.args[2]) {
	case segment.OutsideFIN:
		what = " with a FIN "
	case segment.OutsideFIN | segment.OutsideData:
		what = " with data or a FIN "
	}
	text := count(a.args[0], "segment") + " of the " + a.Side.Peer().String() + what
	if far := a.args[1]; far < 0 {
		return text + count(-far, "byte") + " before what the " + a.Side.String() + " expects"
	}
	return text + "up to " + count(a.args[1], "byte") + " beyond what the " + a.Side.String() + "'s window ever allowed"
}

func detectKeepAlive(s *pass) {
	for dir := range uint8(2) {
		if m := s.Incident(conn.IncidentKeepAlive, dir); m != nil && m.Amount > 0 {
			s.raiseIncident(m, args{int64(m.Count), m.Amount, int64(m.Last - m.Time)}).onSide(s.Side(dir))
		}
	}
}

func detailKeepAlive(a *Anomaly) string {
	text := count(a.args[0], "keep-alive") + " of the " + a.Side.String()
	if a.args[0] > 1 {
		text += " in " + duration(a.args[2])
	}
	if a.args[0] == a.args[1] {
		return text + ", answered"
	}
	return text + ", answered " + times(a.args[1])
}

// detectDeadPeer wants three probes without an answer, or two and then silence, or an RST of who asked.
func detectDeadPeer(s *pass) {
	for dir := range uint8(2) {
		if m := s.Incident(conn.IncidentKeepAlive, dir); m != nil && m.Unanswered() > 0 {
			s.deadPeer(m, s.Side(dir))
		}
	}
}

func (s *pass) deadPeer(m *conn.Incident, side conn.Side) {
	n, since := m.Unanswered(), m.Run.Since
	if s.Sides[1-m.Dir].Unseen {
		if c := &s.J.Close; c.Cause == state.ResetKeepAlive && c.By == side {
			s.raiseIncident(m, args{int64(n), int64(m.Last - since), 3, 0}).onSide(side)
		}
		return
	}
	rst, silent := s.gaveUp(m.Dir, m.Last, doubled(since, m.Last))
	if !rst && n < state.Enough && (n < state.Enough-1 || !silent) {
		return
	}
	end := int64(0)
	switch {
	case rst:
		end = 1
	case silent:
		end = 2
	}
	s.raiseIncident(m, args{int64(n), int64(m.Last - since), end, int64(max(0, since-s.Sides[1-m.Dir].Last))}).onSide(side)
}

func detailDeadPeer(a *Anomaly) string {
	peer := a.Side.Peer().String()
	text := count(a.args[0], "keep-alive") + " of the " + a.Side.String()
	if a.args[0] > 1 {
		text += " in " + duration(a.args[1])
	}
	if a.args[2] == 3 {
		return text + "; the " + peer + "'s answers would not be captured, but the RST came when the next one was due"
	}
	text += " without an answer; the " + peer + " had been silent for " + duration(a.args[3]) + " before"
	switch a.args[2] {
	case 1:
		text += "; then the " + a.Side.String() + " sent an RST"
	case 2:
		text += "; then the " + a.Side.String() + " gave up"
	}
	return text
}

func detectStrange(s *pass) {
	for dir := range uint8(2) {
		m := s.Incident(conn.IncidentStrange, dir)
		if m == nil || !conn.Betrays(m) {
			continue
		}
		s.raiseIncident(m, args{m.Amount, int64(m.TTL)<<8 | int64(m.Usual), int64(m.Count)}).onSide(s.Side(dir))
	}
}

var betrayals = [...]string{
	"", "its IP ID is out of order", "its timestamp is missing or out of order", "its number is not the one expected", "that one goes on as if it had not sent it",
	"it acknowledges what cannot have reached that one yet", "it is a FIN without ACK",
}

func detailStrange(a *Anomaly) string {
	text := "the segment is hardly from the " + a.Side.String() + ": "
	more := false
	for i, what := range betrayals {
		if a.args[0]&(1<<i) == 0 {
			continue
		}
		if 1<<i == conn.BadTTL {
			what = "its TTL is " + strconv.Itoa(int(a.args[1]>>8)) + ", that one's " + strconv.Itoa(int(a.args[1]&0xff))
		}
		if more {
			text += "; "
		}
		text, more = text+what, true
	}
	if a.args[2] > 1 {
		text += "; " + number(a.args[2]) + " such segments"
	}
	return text
}
