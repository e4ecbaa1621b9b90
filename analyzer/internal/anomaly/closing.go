package anomaly

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/state"
	"tcptrace/fsm"
)

const (
	// lingers is for how long an endpoint must be silent in CLOSE_WAIT until that is worth a
	// word: applications that mean to close do so within milliseconds.
	lingers conn.Time = 1e9
	// dawdles is the same for one that did close later: it may have been busy.
	dawdles conn.Time = 3e9
	// orphaned is after how long data that meets an RST may have met a FIN_WAIT_2 that timed out.
	// Linux waits 60 s; many lower it.
	orphaned conn.Time = 10e9
)

// detectMissingFinalACK is a note where the capture ends with the FIN: nothing could have come.
func detectMissingFinalACK(s *pass) {
	for side := range s.J.State {
		side := conn.Side(side)
		in, end := s.J.State[side], s.Now
		c := &s.J.Close
		gaveUp := c.Cause == state.ResetGaveUp && c.By == side
		if gaveUp {
			in, end = c.ByState, c.Time
		}
		if in != fsm.FinWait1 && in != fsm.Closing && in != fsm.LastAck || s.Of(side.Peer()).Unseen {
			continue
		}
		fins := s.copies(s.Dir(side), state.IsOwnFIN)
		if fins.n == 0 {
			continue
		}
		waited := int64(max(0, end-fins.first.Time))
		what := int64(fins.n) | int64(in)<<32
		if gaveUp {
			what |= resetInTheEnd
		}
		a := s.raiseFact(fins.last, args{what, waited, fins.gaps[0], fins.gaps[1]})
		a.onSide(side)
		if fins.n == 1 && waited <= int64(s.patience(side)) {
			a.as(SeverityNote)
		}
	}
}

// patience is for how long the sender of a FIN waits for its ACK before the silence means something: as long as one took before, or
// until it would repeat the FIN.
func (s *pass) patience(side conn.Side) conn.Time {
	return max(conn.LeastTimer, 2*(s.Of(side).Distance+s.Of(side.Peer()).Distance))
}

// resetInTheEnd is a bit of args[0] of missing-final-ack: its sender gave up, and sent an RST.
const resetInTheEnd = 1 << 48

func detailMissingFinalACK(a *Anomaly) string {
	state := fsm.State(a.args[0] >> 32 & 0xff).String()
	n := a.args[0] & (1<<32 - 1)
	switch {
	case a.args[0]&resetInTheEnd != 0:
		return "given up in " + state + ": " + sentTimes(a, "FIN", a.args[1]) + "; then it sent an RST"
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
func (s *pass) finCopies(dir uint8) (fins copies, waiting copies) {
	peer := s.Side(1 - dir)
	entered := s.Step(peer, fsm.TimeWait)
	late := func(f *conn.Fact) bool { return entered != nil && s.Frame(f) > entered.Frame && f.Time > entered.Time }
	seen := 0
	fins = s.copies(dir, func(f *conn.Fact) bool {
		if !state.IsOwnFIN(f) {
			return false
		}
		seen++
		return seen == 1 || !late(f)
	})
	seen = 0
	waiting = s.copies(dir, func(f *conn.Fact) bool {
		if !state.IsOwnFIN(f) {
			return false
		}
		seen++
		return seen > 1 && late(f)
	})
	return fins, waiting
}

func detectFINAgain(s *pass) {
	for dir := range uint8(2) {
		fins, _ := s.finCopies(dir)
		side := s.Side(dir)
		if fins.n == 1 {
			if behind := s.sentBehind(dir, fins.first); behind != nil {
				s.raise(side, fins.first, args{1, int64(fins.first.Time - behind.Time)})
			}
		}
		if fins.n < 2 {
			continue
		}
		state := s.StateBefore(side, fins.second)
		s.raise(side, fins.second, args{int64(fins.n) | int64(state)<<32, fins.span(), fins.gaps[0], fins.gaps[1]})
	}
}

func detailFINAgain(a *Anomaly) string {
	if a.args[0] == 1 {
		return "the " + a.Side.String() + " had sent its FIN before, at least " + duration(a.args[1]) + " earlier; that was not captured"
	}
	return sentTimes(a, "FIN", a.args[1]) + ", from " + fsm.State(a.args[0]>>32).String()
}

func detectFINInTimeWait(s *pass) {
	for dir := range uint8(2) {
		fins, waiting := s.finCopies(dir)
		if waiting.n > 0 {
			s.raise(s.Side(dir), waiting.first, args{int64(waiting.n), int64(waiting.first.Time - fins.first.Time), int64(s.TwoMSL)})
		}
	}
}

func detailFINInTimeWait(a *Anomaly) string {
	return "the " + a.Side.String() + "'s FIN came again " + duration(a.args[1]) + " later (" + times(a.args[0]) + "): the final ACK was lost or late; the " +
		a.Side.Peer().String() + " holds TIME_WAIT for " + duration(a.args[2]) + " more"
}

func detectSimultaneousClose(s *pass) {
	c, v := s.Step(conn.Client, fsm.Closing), s.Step(conn.Server, fsm.Closing)
	a, b := s.Find(0, 0, conn.IsFIN), s.Find(1, 0, conn.IsFIN)
	if c == nil || v == nil || a == nil || b == nil {
		return
	}
	if a.Ahead > b.Ahead {
		a, b = b, a
	}
	s.raiseFact(b, args{int64(b.Time - a.Time), int64(s.TwoMSL)})
}

func detailSimultaneousClose(a *Anomaly) string {
	return "the FINs passed the tap " + duration(a.args[0]) + " apart; both sides hold TIME_WAIT for " + duration(a.args[1])
}

func detectHalfClose(s *pass) {
	for dir := range uint8(2) {
		m := s.Incident(conn.IncidentUnsolicited, dir)
		fin := s.Find(1-dir, 0, conn.IsFIN)
		if m == nil || m.Amount == 0 || fin == nil || s.J.Close.Cause == state.ResetWriteAfterClose {
			continue
		}
		s.raise(s.Side(1-dir), fin, args{m.Amount, int64(m.Last - fin.Time)})
	}
}

func detailHalfClose(a *Anomaly) string {
	return "the " + a.Side.Peer().String() + " sent " + count(a.args[0], "byte") + " more in the " + duration(a.args[1]) + " after the " + a.Side.String() + "'s FIN"
}

// waited is for how long an endpoint was silent in CLOSE_WAIT, its step i.
func (s *pass) waited(side conn.Side, i int) conn.Time {
	steps := s.J.Trajectory[side]
	since, until := steps[i].Time, s.Now
	if i+1 < len(steps) {
		until = steps[i+1].Time
	}
	if m := s.Incident(conn.IncidentUnsolicited, s.Dir(side)); m != nil {
		since = max(since, m.Last)
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
func detectCloseWait(s *pass) {
	begun := s.Either(state.IsOpening)
	for side, steps := range s.J.Trajectory {
		for i := range steps {
			last := i+1 == len(steps)
			waited := s.waited(conn.Side(side), i)
			if steps[i].State != fsm.CloseWait || waited < lingers || !last && waited < dawdles {
				continue
			}
			reset := !last && s.wasReset(conn.Side(side), &steps[i+1])
			fin := s.Find(s.Dir(conn.Side(side).Peer()), 0, conn.IsFIN)
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
			a.onSide(conn.Side(side))
			if how == wentOn || how == midstream {
				a.as(SeverityNote)
			}
		}
	}
}

// wasReset reports whether a step out of CLOSE_WAIT is not the application's doing: its peer's RST, or that of keep-alives that gave up.
func (s *pass) wasReset(side conn.Side, step *state.Step) bool {
	c := &s.J.Close
	return step.Cause == fsm.RecvRST || step.Cause == fsm.SendRST && c.By == side && (c.Cause == state.ResetKeepAlive || c.Cause == state.ResetGaveUp)
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

func detectFinWait2(s *pass) {
	c := &s.J.Close
	waited, ok := s.FinWait2(c)
	if ok && (c.Cause == state.ResetFinWait2 && waited >= lingers || c.Cause == state.ResetWriteAfterClose && waited >= orphaned) {
		what := metSegment
		switch {
		case c.Cause == state.ResetWriteAfterClose:
			what = metData
		case s.Find(s.Dir(c.By.Peer()), 0, func(f *conn.Fact) bool { return conn.IsFIN(f) && f.Ahead < c.Rst.Ahead }) != nil:
			what = metFIN
		}
		s.raise(c.By, &c.Rst, args{int64(waited), what})
	}
}

func detailFinWait2(a *Anomaly) string {
	peer := a.Side.Peer().String()
	what := [...]string{metFIN: "the " + peer + "'s FIN", metData: "the " + peer + "'s data", metSegment: "a segment of the " + peer}[a.args[1]]
	return "the " + a.Side.String() + " was in FIN_WAIT_2 for " + duration(a.args[0]) + "; then " + what + " met an RST"
}

func detectAbortive(s *pass) {
	c := &s.J.Close
	switch c.Cause {
	case state.ResetGaveUp:
		if s.Find(s.Dir(c.By), 0, conn.IsFIN) != nil {
			return // missing-final-ack
		}
		fallthrough
	case state.ResetAborted, state.ResetHalfOpen, state.ResetOnPath, state.ResetChallenge, state.ResetKeepAlive, state.ResetInjected:
		if c.InHandshake || !s.showsMore() {
			return
		}
		sent := s.C.Sent[conn.Client].StreamBytes + s.C.Sent[conn.Server].StreamBytes
		s.raise(c.By.Peer(), &c.Rst, args{int64(c.Cause), int64(c.Time - s.C.Start), int64(sent)})
	}
}

// showsMore reports whether anything but RSTs and probes was captured. A lone RST may answer what somebody else sent in its receiver's
// name (backscatter): nothing was open.
func (s *pass) showsMore() bool {
	return s.Either(func(f *conn.Fact) bool { return !conn.IsRST(f) && !state.IsProbe(f) })
}

func detailAbortive(a *Anomaly) string {
	return "RST from the " + a.Side.Peer().String() + " after " + duration(a.args[1]) + " and " + count(a.args[2], "byte") + ": " + state.ResetCause(a.args[0]).Text()
}

func detectResetAfterFIN(s *pass) {
	c := &s.J.Close
	if c.Cause != state.ResetUnreadData && c.Cause != state.ResetAfterFIN && !(c.Cause == state.ResetFinWait2 && !s.finWaitTimedOut(c)) {
		return
	}
	fin := s.Find(s.Dir(c.By), 0, conn.IsFIN)
	if c.Cause == state.ResetUnreadData {
		fin = s.Find(s.Dir(c.By.Peer()), 0, conn.IsFIN)
	}
	if fin != nil {
		s.raise(c.By.Peer(), &c.Rst, args{int64(c.Cause), int64(c.Time - fin.Time)})
	}
}

func (s *pass) finWaitTimedOut(c *state.Close) bool {
	waited, ok := s.FinWait2(c)
	return ok && waited >= lingers
}

func detailResetAfterFIN(a *Anomaly) string {
	by, after := a.Side.Peer().String(), duration(a.args[1])
	if state.ResetCause(a.args[0]) == state.ResetUnreadData {
		return "the " + by + " answered the FIN by an RST after " + after + ": unread data, or SO_LINGER 0"
	}
	return "the " + by + " sent an RST " + after + " after its FIN"
}

func detectWriteAfterClose(s *pass) {
	c := &s.J.Close
	if c.Cause != state.ResetWriteAfterClose {
		return
	}
	fin := s.Find(s.Dir(c.By), 0, conn.IsFIN)
	m := s.Incident(conn.IncidentUnsolicited, s.Dir(c.By.Peer()))
	s.raise(c.By.Peer(), &c.Rst, args{int64(m.Time - fin.Time), int64(m.Count), m.Amount})
}

func detailWriteAfterClose(a *Anomaly) string {
	knew := ""
	if a.args[2] > 0 {
		knew = ", although it had acknowledged that"
	}
	return "the " + a.Side.String() + " sent data (" + count(a.args[1], "segment") + ", the first " + duration(a.args[0]) + " after the " +
		a.Side.Peer().String() + "'s FIN" + knew + "); an RST came back"
}

func detectDataAfterFIN(s *pass) {
	for dir := range uint8(2) {
		if m := s.Incident(conn.IncidentPastFIN, dir); m != nil {
			s.raiseIncident(m, args{m.Amount}).onSide(s.Side(dir))
		}
	}
}

func detailDataAfterFIN(a *Anomaly) string {
	return "the " + a.Side.String() + " sent " + count(a.args[0], "byte") + " beyond its own FIN"
}
