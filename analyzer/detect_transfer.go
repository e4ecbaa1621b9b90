package analyzer

// Detectors of what marks say of data under way: retransmissions, reordering, acknowledgments.

// eachMark calls f with the marks of a kind whose sender's peer was captured: what was not captured may have
// answered.
func (s *scene) eachMark(k markKind, f func(m *mark, side Side)) {
	for dir := range uint8(2) {
		if m := s.marked(k, dir); m != nil && !s.sides[1-dir].unseen {
			f(m, s.side(dir))
		}
	}
}

// lasted is the longest of the times that a mark is about; one that was not over lasts to the conversation's last frame.
func (s *scene) lasted(m *mark) (longest, total Time, open bool) {
	longest, total = m.run.longest, m.run.total
	if m.run.since != 0 {
		d := max(s.c.End-m.run.since, 0)
		longest, total, open = max(longest, d), total+d, true
	}
	return longest, total, open
}

func detectTimeout(s *scene) {
	s.eachMark(markTimer, func(m *mark, side Side) {
		longest, _, _ := s.lasted(m)
		s.raiseMark(m, args{int64(m.count), int64(longest), int64(m.run.most), int64(m.run.times)}).onSide(side)
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
const lostPatience Time = 150e9

// doubled is how long a timer waits at most that doubles and fired from since to last.
func doubled(since, last Time) Time { return min(lostPatience, (last-since)/4*5) }

// gaveUp reports whether an endpoint gave up what it repeated until last without an answer: it sent an RST, or it
// is silent for longer than its timer waits.
func (s *scene) gaveUp(dir uint8, last, timer Time) (rst, silent bool) {
	if s.find(dir, 0, func(f *fact) bool { return isRST(f) && f.time >= last }) != nil {
		return true, false
	}
	return false, s.sides[dir].last <= last && s.now-last > timer
}

// enough is how many attempts without an answer are more than a loss or two.
const enough = 3

func detectExhausted(s *scene) {
	for dir := range uint8(2) {
		m, probes := s.marked(markTimer, dir), int64(0)
		n, timer := m.unanswered(), lostPatience
		if n >= enough {
			timer = doubled(m.run.since, m.last)
		} else {
			m, probes = s.marked(markZeroWindow, 1-dir), 1
			n = m.unanswered()
		}
		if n < enough || s.sides[1-dir].unseen || s.resetBy(1-dir) {
			continue
		}
		if rst, silent := s.gaveUp(dir, m.last, timer); rst || silent {
			end := int64(0)
			if rst {
				end = 1
			}
			s.raiseMark(m, args{int64(n), int64(m.last - max(m.run.since, m.time)), end, probes}).onSide(s.side(dir))
		}
	}
}

// resetBy reports whether an RST sent in a direction ended the connection.
func (s *scene) resetBy(dir uint8) bool {
	c := &s.j.Close
	return c.Kind == CloseReset && s.dir(c.By) == dir
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

func detectSpurious(s *scene) {
	s.eachMark(markNeedless, func(m *mark, side Side) {
		s.raiseMark(m, args{int64(m.count), m.amount}).onSide(side)
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

func detectReordering(s *scene) {
	for dir := range uint8(2) {
		if m := s.marked(markLate, dir); m != nil {
			s.raiseMark(m, args{int64(m.count), int64(s.c.Sent[s.side(dir)].Packets), m.amount, int64(m.run.longest)}).onSide(s.side(dir))
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

func detectReneged(s *scene) {
	for dir := range uint8(2) {
		if m := s.marked(markReneged, dir); m != nil {
			s.raiseMark(m, args{int64(m.count)}).onSide(s.side(dir))
		}
	}
}

func detailReneged(a *Anomaly) string {
	return "the " + a.Side.String() + " no longer has what it had selectively acknowledged, " + times(a.args[0])
}

func detectUnsent(s *scene) {
	s.eachMark(markUnsent, func(m *mark, side Side) {
		if m.count > 0 {
			s.raiseMark(m, args{m.amount, int64(m.count)}).onSide(side)
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

func detectOldStamp(s *scene) {
	for dir := range uint8(2) {
		if m := s.marked(markOldStamp, dir); m != nil {
			s.raiseMark(m, args{int64(m.count), m.amount}).onSide(s.side(dir))
		}
	}
}

func detailOldStamp(a *Anomaly) string {
	return count(a.args[0], "segment") + " of the " + a.Side.String() + " with new data and a timestamp older, by " + number(a.args[1]) +
		" at most, than one before: the " + a.Side.Peer().String() + " has to drop them"
}
