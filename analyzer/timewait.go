package analyzer

import "tcptrace/fsm"

// timeWait is an endpoint's stay in TIME_WAIT, in the tap's time.
type timeWait struct {
	start Time      // when its 2 MSL began to run: it was entered, or the last FIN came again
	end   Time      // when it ends, or ended
	cause fsm.Event // what ended it; NoEvent: nothing so far, end is when the timer will
	rst   *fact     // with RecvRST and SendRST
	syn   *mark     // with DeleteTCB: the SYN of the connection that took over the sockets
}

// timeWait works out the stay in TIME_WAIT of the endpoint that sends in direction me, which entered it
// at entered, as it is known at time at. A FIN that comes again while it lasts restarts it (RFC 9293 3.10.7.4).
// It ends 2 MSL later, or sooner by a new connection on its sockets (RFC 1122 4.2.2.13) or by an RST:
// one that is received ends it by RFC 9293 3.10.7.4 and must not by RFC 1337; one that the endpoint sends
// shows that it had ended. Linux follows the former unless it is told otherwise, BSD, gVisor and others the latter. No
// segment tells which of them it is; but a socket of Linux numbers its IPv4 datagrams.
func (m *mind) timeWait(me uint8, entered, at Time) timeWait {
	w := timeWait{start: entered, end: entered + m.msl2}
	reused := m.successor
	if reused != nil && (reused.time < entered || reused.time > at || reused.dir != me && m.sides[me].challenged) {
		reused = nil
	}
	for i := range m.facts {
		f := &m.facts[i]
		if f.time < entered {
			continue
		}
		if f.time > at || f.time >= w.end || reused != nil && f.time >= reused.time {
			break
		}
		if f.dir() != me && isFIN(f) {
			w.start, w.end = f.time, f.time+m.msl2
		} else if ev := m.endedBy(me, f); ev != fsm.NoEvent && f.time > entered && (ev == fsm.SendRST || !m.sides[me].unnumbered) {
			w.end, w.cause, w.rst = f.time, ev, f
			return w
		}
	}
	switch {
	case reused != nil && reused.time < w.end:
		w.end, w.cause, w.syn = reused.time, fsm.DeleteTCB, reused
	case at >= w.end:
		w.cause = fsm.TimeWaitTimeout
	}
	return w
}

// endedBy says how f, if it is an RST, ends the connection for the endpoint that sends in direction me.
func (m *mind) endedBy(me uint8, f *fact) fsm.Event {
	self := &m.sides[me]
	switch {
	case !isRST(f):
	case f.dir() == me && self.last <= f.time && !f.bits.has(factForeign): // else it goes on: the RST was forged, or answered something else
		return fsm.SendRST
	case f.dir() != me && f.bits.has(factAccepted) && self.last <= f.time+self.margin() && !m.beginsBehind(me, f):
		return fsm.RecvRST
	}
	return fsm.NoEvent
}

// beginsBehind reports whether the first that is captured of an endpoint is behind f: how long it is under way is not known, and it
// went on.
func (m *mind) beginsBehind(me uint8, f *fact) bool {
	i := m.first(me, 0, func(g *fact) bool { return !isRST(g) && !g.bits.has(factStandIn|factForeign) })
	return i >= 0 && m.facts[i].ahead > f.ahead
}

// expiry ends TIME_WAIT.
func (s *story) expiry() {
	if s.state != fsm.TimeWait || len(s.out) == 0 {
		return
	}
	switch w := s.timeWait(s.me, s.out[len(s.out)-1].Time, s.now); w.cause {
	case fsm.TimeWaitTimeout:
		s.move(w.cause, Step{Evidence: EvidenceTimer, Time: w.end, NotBefore: w.end})
	case fsm.DeleteTCB:
		s.reuse(w.syn)
	case fsm.RecvRST:
		s.received(w.cause, w.rst, nil)
	case fsm.SendRST:
		s.sent(w.cause, w.rst)
		s.qualifyRST(&s.out[len(s.out)-1], w.rst)
	}
}

// reuse ends TIME_WAIT by a new connection on its sockets: the endpoint's own SYN proves that, the
// peer's may have been refused.
func (s *story) reuse(syn *mark) {
	step := Step{Frame: s.firstFrame + uint64(syn.ahead), Time: syn.time, NotBefore: syn.time}
	if syn.dir == s.me && !syn.doubtful {
		step.Evidence, step.NotBefore, step.NotAfter = EvidenceSent, syn.time-s.self.distance, syn.time
	}
	s.move(fsm.DeleteTCB, step)
}
