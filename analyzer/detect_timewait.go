package analyzer

import "tcptrace/fsm"

// succeeds is the mark that says which connection had the sockets before.
func (s *scene) succeeds() (m *mark, was predecessor) {
	m, _ = s.both(markSucceeds)
	return m, predecessor(m.count)
}

func detectPortReused(s *scene) {
	m, was := s.succeeds()
	s.raiseMark(m, args{m.amount, int64(was)}).onSide(s.side(m.dir))
}

func detailPortReused(a *Anomaly) string {
	text := "the connection before on these sockets was last heard of " + duration(a.args[0]) + " earlier"
	switch was := predecessor(a.args[1]); {
	case was.has(wasClosed):
		return text + ", closed"
	case was.has(wasReset):
		return text + ", reset"
	case was.has(wasUnanswered):
		return text + ", unanswered"
	}
	return text + ", not closed"
}

// detectTimeWaitReuse wants a SYN that was let in: of one that was not, TIME_WAIT goes on.
func detectTimeWaitReuse(s *scene) {
	m, was := s.succeeds()
	if !was.has(waiting) || s.marked(markOldAnswer, 1-m.dir) != nil || s.find(1-m.dir, 0, isSYNACK) == nil {
		return
	}
	holder := s.side(1 - m.dir)
	if !was.has(waitedAtPeer) {
		holder = holder.Peer() // who may do with its own sockets what it likes
	} else if !was.has(largerISN | laterTimestamp) {
		return
	}
	s.raiseMark(m, args{m.amount, int64(was), int64(s.msl2)}).onSide(holder)
}

func detailTimeWaitReuse(a *Anomaly) string {
	why := "neither a larger ISN nor a later timestamp, but its own sender held it"
	switch was := predecessor(a.args[1]); {
	case was&(largerISN|laterTimestamp) == largerISN|laterTimestamp:
		why = "a larger ISN and a later timestamp"
	case was.has(laterTimestamp):
		why = "a later timestamp"
	case was.has(largerISN):
		why = "a larger ISN"
	}
	return "the " + a.Side.String() + " held TIME_WAIT for another " + duration(a.args[2]-a.args[0]) + "; the SYN has " + why
}

// detectTimeWaitRefused tells of a SYN that met TIME_WAIT, in the conversation that it was to open.
func detectTimeWaitRefused(s *scene) {
	m, was := s.succeeds()
	answer := s.marked(markOldAnswer, 1-m.dir)
	if answer == nil || !was.has(waitedAtPeer) {
		return
	}
	in := int64(-1)
	if synack := s.find(1-m.dir, 0, isSYNACK); synack != nil {
		in = int64(max(0, synack.time-m.time))
	}
	s.raiseMark(m, args{int64(max(0, answer.time-m.time)), m.amount, int64(answer.count), in}).onSide(s.side(m.dir))
}

func detailTimeWaitRefused(a *Anomaly) string {
	text := "the " + a.Side.String() + "'s SYN met TIME_WAIT of the connection before, last heard of " + duration(a.args[1]) + " earlier: an ACK of that came back after " +
		duration(a.args[0])
	if a.args[2] > 1 {
		text += " (" + times(a.args[2]) + ")"
	}
	if a.args[3] >= 0 {
		return text + "; a SYN was let in " + duration(a.args[3]) + " after the first"
	}
	return text + "; no SYN was let in"
}

// resetsOldAnswer reports whether the RST is the answer to the ACK by which TIME_WAIT answered a SYN.
func (s *scene) resetsOldAnswer(holder Side, rst *fact) bool {
	m := s.marked(markSucceeded, s.dir(holder.Peer()))
	return m != nil && m.ahead < rst.ahead && s.marked(markChallenge, s.dir(holder)) != nil
}

func detectAssassination(s *scene) {
	for side := range s.j.Trajectory {
		holder := Side(side)
		st := s.step(holder, fsm.TimeWait)
		if st == nil || st.Evidence == EvidenceAssumed {
			continue // it may not have been in TIME_WAIT at all
		}
		w := s.timeWait(s.dir(holder), st.Time, s.now)
		if w.cause == fsm.RecvRST && !s.resetsOldAnswer(holder, w.rst) {
			s.raise(holder, w.rst, args{int64(w.rst.time - st.Time), int64(w.start + s.msl2 - st.Time)})
		}
	}
}

func detailAssassination(a *Anomaly) string {
	return "an RST of the " + a.Side.Peer().String() + " ended the " + a.Side.String() + "'s TIME_WAIT after " + duration(a.args[0]) + " instead of " + duration(a.args[1])
}
