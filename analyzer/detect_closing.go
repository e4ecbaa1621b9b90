package analyzer

import (
	"tcptrace/fsm"
)

const (
	// lingers is for how long an endpoint must be silent in CLOSE_WAIT until that is worth a
	// word: applications that mean to close do so within milliseconds.
	lingers Time = 1e9
	// dawdles is the same for one that did close later: it may have been busy.
	dawdles Time = 3e9
	// orphaned is after how long data that meets an RST may have met a FIN_WAIT_2 that timed out.
	// Linux waits 60 s; many lower it.
	orphaned Time = 10e9
)

// detectMissingFinalACK is a note where the capture ends with the FIN: nothing could have come.
func detectMissingFinalACK(s *scene) {
	for side := range s.j.State {
		side := Side(side)
		in := s.j.State[side]
		if in != fsm.FinWait1 && in != fsm.Closing && in != fsm.LastAck || s.of(side.Peer()).unseen {
			continue
		}
		fins := s.copies(s.dir(side), isOwnFIN)
		if fins.n == 0 {
			continue
		}
		waited := s.lasts(fins.first.time)
		a := s.raiseFact(fins.last, args{int64(fins.n) | int64(in)<<32, waited, fins.gaps[0], fins.gaps[1]})
		a.onSide(side)
		if fins.n == 1 && waited <= int64(s.patience(side)) {
			a.as(SeverityNote)
		}
	}
}

// patience is for how long the sender of a FIN waits for its ACK before the silence means something: as long as one took before, or
// until it would repeat the FIN.
func (s *scene) patience(side Side) Time {
	return max(leastTimer, 2*(s.of(side).distance+s.of(side.Peer()).distance))
}

func detailMissingFinalACK(a *Anomaly) string {
	state := fsm.State(a.args[0] >> 32).String()
	n := a.args[0] & (1<<32 - 1)
	switch {
	case n > 1:
		return "left in " + state + ": " + sentTimes(a, "FIN", a.args[1])
	case a.args[1] == 0:
		return a.Side.String() + " left in " + state + ": the capture ends with its FIN"
	case a.Kind.Severity == SeverityNote:
		return a.Side.String() + " left in " + state + ": the capture ends " + duration(a.args[1]) + " after its FIN"
	}
	return a.Side.String() + " left in " + state + ": no ACK of its FIN in " + duration(a.args[1])
}

// finCopies are the FINs of a direction, and how many of them reached a peer in TIME_WAIT.
func (s *scene) finCopies(dir uint8) (fins copies, waiting copies) {
	peer := s.side(1 - dir)
	entered := s.step(peer, fsm.TimeWait)
	late := func(f *fact) bool { return entered != nil && s.frame(f) > entered.Frame && f.time > entered.Time }
	seen := 0
	fins = s.copies(dir, func(f *fact) bool {
		if !isOwnFIN(f) {
			return false
		}
		seen++
		return seen == 1 || !late(f)
	})
	seen = 0
	waiting = s.copies(dir, func(f *fact) bool {
		if !isOwnFIN(f) {
			return false
		}
		seen++
		return seen > 1 && late(f)
	})
	return fins, waiting
}

func detectFINAgain(s *scene) {
	for dir := range uint8(2) {
		fins, _ := s.finCopies(dir)
		side := s.side(dir)
		if fins.n == 1 {
			if behind := s.sentBehind(dir, fins.first); behind != nil {
				s.raise(side, fins.first, args{1, int64(fins.first.time - behind.time)})
			}
		}
		if fins.n < 2 {
			continue
		}
		state := s.stateBefore(side, fins.second)
		s.raise(side, fins.second, args{int64(fins.n) | int64(state)<<32, fins.span(), fins.gaps[0], fins.gaps[1]})
	}
}

func detailFINAgain(a *Anomaly) string {
	if a.args[0] == 1 {
		return "the " + a.Side.String() + " had sent its FIN before, at least " + duration(a.args[1]) + " earlier; that was not captured"
	}
	return sentTimes(a, "FIN", a.args[1]) + ", from " + fsm.State(a.args[0]>>32).String()
}

func detectFINInTimeWait(s *scene) {
	for dir := range uint8(2) {
		fins, waiting := s.finCopies(dir)
		if waiting.n > 0 {
			s.raise(s.side(dir), waiting.first, args{int64(waiting.n), int64(waiting.first.time - fins.first.time), int64(s.msl2)})
		}
	}
}

func detailFINInTimeWait(a *Anomaly) string {
	return "the " + a.Side.String() + "'s FIN came again " + duration(a.args[1]) + " later (" + times(a.args[0]) + "): the final ACK was lost or late; the " +
		a.Side.Peer().String() + " holds TIME_WAIT for " + duration(a.args[2]) + " more"
}

func detectSimultaneousClose(s *scene) {
	c, v := s.step(Client, fsm.Closing), s.step(Server, fsm.Closing)
	a, b := s.find(0, 0, isFIN), s.find(1, 0, isFIN)
	if c == nil || v == nil || a == nil || b == nil {
		return
	}
	if a.ahead > b.ahead {
		a, b = b, a
	}
	s.raiseFact(b, args{int64(b.time - a.time), int64(s.msl2)})
}

func detailSimultaneousClose(a *Anomaly) string {
	return "the FINs passed the tap " + duration(a.args[0]) + " apart; both sides hold TIME_WAIT for " + duration(a.args[1])
}

func detectHalfClose(s *scene) {
	for dir := range uint8(2) {
		m := s.marked(markUnsolicited, dir)
		fin := s.find(1-dir, 0, isFIN)
		if m == nil || m.amount == 0 || fin == nil || s.j.Close.Cause == ResetWriteAfterClose {
			continue
		}
		s.raise(s.side(1-dir), fin, args{m.amount, int64(m.last - fin.time)})
	}
}

func detailHalfClose(a *Anomaly) string {
	return "the " + a.Side.Peer().String() + " sent " + count(a.args[0], "byte") + " more in the " + duration(a.args[1]) + " after the " + a.Side.String() + "'s FIN"
}

// waited is for how long an endpoint was silent in CLOSE_WAIT, its step i.
func (s *scene) waited(side Side, i int) Time {
	steps := s.j.Trajectory[side]
	since, until := steps[i].Time, s.now
	if i+1 < len(steps) {
		until = steps[i+1].Time
	}
	if m := s.marked(markUnsolicited, s.dir(side)); m != nil {
		since = max(since, m.last)
	}
	return until - since
}

// How an endpoint left CLOSE_WAIT, or did not: args[1] of close-wait-lingering.
const (
	wentOn       int64 = iota // it closed, or reset, in the end
	stayed                    // to the end of the capture
	endedByReset              // until the connection was reset, not by it
	midstream                 // to the end, but it may have closed before the capture began
)

// detectCloseWait warns of an application that never closed. One that did later is worth a note, and so is one that may have
// closed before the capture began.
func detectCloseWait(s *scene) {
	begun := s.either(isOpening)
	for side, steps := range s.j.Trajectory {
		for i := range steps {
			last := i+1 == len(steps)
			waited := s.waited(Side(side), i)
			if steps[i].State != fsm.CloseWait || waited < lingers || !last && waited < dawdles {
				continue
			}
			reset := !last && s.wasReset(Side(side), &steps[i+1])
			fin := s.find(s.dir(Side(side).Peer()), 0, isFIN)
			if fin == nil {
				continue
			}
			how := wentOn
			switch {
			case !last && !reset:
			case !begun:
				how = midstream
			case reset:
				how = endedByReset
			default:
				how = stayed
			}
			a := s.raiseFact(fin, args{int64(waited), how})
			a.onSide(Side(side))
			if how == wentOn || how == midstream {
				a.as(SeverityNote)
			}
		}
	}
}

// wasReset reports whether a step out of CLOSE_WAIT is not the application's doing: its peer's RST, or that of keep-alives that gave up.
func (s *scene) wasReset(side Side, step *Step) bool {
	c := &s.j.Close
	return step.Cause == fsm.RecvRST || step.Cause == fsm.SendRST && c.By == side && c.Cause == ResetKeepAlive
}

func detailCloseWait(a *Anomaly) string {
	text := "the " + a.Side.String() + " was silent in CLOSE_WAIT for " + duration(a.args[0])
	switch a.args[1] {
	case stayed:
		return text + ", to the end of the capture: its application has not closed"
	case endedByReset:
		return text + ", until the connection was reset: its application had not closed"
	case midstream:
		return text + ", to the end of the capture, which begins in mid-connection: it may have closed before"
	}
	return text + " before it went on"
}

// What met an RST where nobody waited in FIN_WAIT_2 any more: args[1] of fin-wait-2-timeout.
const (
	metFIN int64 = iota
	metData
	metSegment
)

func detectFinWait2(s *scene) {
	c := &s.j.Close
	waited, ok := s.finWait2(c)
	if ok && (c.Cause == ResetFinWait2 && waited >= lingers || c.Cause == ResetWriteAfterClose && waited >= orphaned) {
		what := metSegment
		switch {
		case c.Cause == ResetWriteAfterClose:
			what = metData
		case s.find(s.dir(c.By.Peer()), 0, func(f *fact) bool { return isFIN(f) && f.ahead < c.rst.ahead }) != nil:
			what = metFIN
		}
		s.raise(c.By, &c.rst, args{int64(waited), what})
	}
}

func detailFinWait2(a *Anomaly) string {
	peer := a.Side.Peer().String()
	what := [...]string{metFIN: "the " + peer + "'s FIN", metData: "the " + peer + "'s data", metSegment: "a segment of the " + peer}[a.args[1]]
	return "the " + a.Side.String() + " was in FIN_WAIT_2 for " + duration(a.args[0]) + "; then " + what + " met an RST"
}

func detectAbortive(s *scene) {
	c := &s.j.Close
	switch c.Cause {
	case ResetAborted, ResetHalfOpen, ResetOnPath, ResetChallenge, ResetKeepAlive, ResetInjected:
		if c.InHandshake || !s.showsMore() {
			return
		}
		sent := s.c.Sent[Client].StreamBytes + s.c.Sent[Server].StreamBytes
		s.raise(c.By.Peer(), &c.rst, args{int64(c.Cause), int64(c.Time - s.c.Start), int64(sent)})
	}
}

// showsMore reports whether anything but RSTs was captured. A lone RST may answer what somebody else sent in its receiver's
// name (backscatter): nothing was open.
func (s *scene) showsMore() bool {
	return s.either(func(f *fact) bool { return !isRST(f) })
}

func detailAbortive(a *Anomaly) string {
	return "RST from the " + a.Side.Peer().String() + " after " + duration(a.args[1]) + " and " + count(a.args[2], "byte") + ": " + ResetCause(a.args[0]).text()
}

func detectResetAfterFIN(s *scene) {
	c := &s.j.Close
	if c.Cause != ResetUnreadData && c.Cause != ResetAfterFIN && !(c.Cause == ResetFinWait2 && !s.finWaitTimedOut(c)) {
		return
	}
	fin := s.find(s.dir(c.By), 0, isFIN)
	if c.Cause == ResetUnreadData {
		fin = s.find(s.dir(c.By.Peer()), 0, isFIN)
	}
	if fin != nil {
		s.raise(c.By.Peer(), &c.rst, args{int64(c.Cause), int64(c.Time - fin.time)})
	}
}

func (s *scene) finWaitTimedOut(c *Close) bool {
	waited, ok := s.finWait2(c)
	return ok && waited >= lingers
}

func detailResetAfterFIN(a *Anomaly) string {
	by, after := a.Side.Peer().String(), duration(a.args[1])
	if ResetCause(a.args[0]) == ResetUnreadData {
		return "the " + by + " answered the FIN by an RST after " + after + ": unread data, or SO_LINGER 0"
	}
	return "the " + by + " sent an RST " + after + " after its FIN"
}

func detectWriteAfterClose(s *scene) {
	c := &s.j.Close
	if c.Cause != ResetWriteAfterClose {
		return
	}
	fin := s.find(s.dir(c.By), 0, isFIN)
	m := s.marked(markUnsolicited, s.dir(c.By.Peer()))
	s.raise(c.By.Peer(), &c.rst, args{int64(m.time - fin.time), int64(m.count), m.amount})
}

func detailWriteAfterClose(a *Anomaly) string {
	knew := ""
	if a.args[2] > 0 {
		knew = ", although it had acknowledged that"
	}
	return "the " + a.Side.String() + " sent data (" + count(a.args[1], "segment") + ", the first " + duration(a.args[0]) + " after the " +
		a.Side.Peer().String() + "'s FIN" + knew + "); an RST came back"
}

func detectDataAfterFIN(s *scene) {
	for dir := range uint8(2) {
		if m := s.marked(markPastFIN, dir); m != nil {
			s.raiseMark(m, args{m.amount}).onSide(s.side(dir))
		}
	}
}

func detailDataAfterFIN(a *Anomaly) string {
	return "the " + a.Side.String() + " sent " + count(a.args[0], "byte") + " beyond its own FIN"
}
