package analyzer

import "strconv"

// Detectors of what marks say of windows and probes, and of segments that another may have sent.

func detectZeroWindow(s *scene) {
	for dir := range uint8(2) {
		if m := s.marked(markZeroWindow, dir); m != nil && m.run.times > 0 {
			_, total, open := s.lasted(m)
			n := int64(m.run.times)
			if open {
				n = -n
			}
			s.raiseMark(m, args{n, int64(total), int64(m.count)}).onSide(s.side(dir))
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

func detectFullWindow(s *scene) {
	for dir := range uint8(2) {
		if m := s.marked(markFullWindow, dir); m != nil {
			sent := &s.c.Sent[s.side(dir)]
			s.raiseMark(m, args{int64(m.count), int64(sent.WindowLimited), int64(s.c.Sent[s.side(1-dir)].WindowMax)}).onSide(s.side(dir))
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

func detectShrunk(s *scene) {
	for dir := range uint8(2) {
		if m := s.marked(markShrunk, dir); m != nil {
			s.raiseMark(m, args{int64(m.count), m.amount}).onSide(s.side(dir))
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

func detectOutside(s *scene) {
	for dir := range uint8(2) {
		if m := s.marked(markOutside, dir); m != nil {
			s.raiseMark(m, args{int64(m.count), m.amount, int64(m.causes)}).onSide(s.side(1 - dir))
		}
	}
}

func detailOutside(a *Anomaly) string {
	what := " with data "
	switch uint8(a.args[2]) {
	case outsideFIN:
		what = " with a FIN "
	case outsideFIN | outsideData:
		what = " with data or a FIN "
	}
	text := count(a.args[0], "segment") + " of the " + a.Side.Peer().String() + what
	if far := a.args[1]; far < 0 {
		return text + count(-far, "byte") + " before what the " + a.Side.String() + " expects"
	}
	return text + "up to " + count(a.args[1], "byte") + " beyond what the " + a.Side.String() + "'s window ever allowed"
}

func detectKeepAlive(s *scene) {
	for dir := range uint8(2) {
		if m := s.marked(markKeepAlive, dir); m != nil && m.amount > 0 {
			s.raiseMark(m, args{int64(m.count), m.amount, int64(m.last - m.time)}).onSide(s.side(dir))
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
func detectDeadPeer(s *scene) {
	for dir := range uint8(2) {
		if m := s.marked(markKeepAlive, dir); m != nil && m.unanswered() > 0 {
			s.deadPeer(m, s.side(dir))
		}
	}
}

func (s *scene) deadPeer(m *mark, side Side) {
	n, since := m.unanswered(), m.run.since
	if s.sides[1-m.dir].unseen {
		if c := &s.j.Close; c.Cause == ResetKeepAlive && c.By == side {
			s.raiseMark(m, args{int64(n), int64(m.last - since), 3, 0}).onSide(side)
		}
		return
	}
	rst, silent := s.gaveUp(m.dir, m.last, doubled(since, m.last))
	if !rst && n < enough && (n < enough-1 || !silent) {
		return
	}
	end := int64(0)
	switch {
	case rst:
		end = 1
	case silent:
		end = 2
	}
	s.raiseMark(m, args{int64(n), int64(m.last - since), end, int64(max(0, since-s.sides[1-m.dir].last))}).onSide(side)
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

func detectStrange(s *scene) {
	for dir := range uint8(2) {
		m := s.marked(markStrange, dir)
		if m == nil || !betrays(m) {
			continue
		}
		s.raiseMark(m, args{m.amount, int64(m.ttl)<<8 | int64(m.usual), int64(m.count)}).onSide(s.side(dir))
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
		if 1<<i == badTTL {
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
