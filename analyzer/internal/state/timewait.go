package state

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/fsm"
)

// timeWait is an endpoint's stay in TIME_WAIT, in the tap's time.
type timeWait struct {
	Start conn.Time      // when its 2 MSL began to run: it was entered, or the last FIN came again
	end   conn.Time      // when it ends, or ended
	Cause fsm.Event      // what ended it; NoEvent: nothing so far, end is when the timer will
	Rst   *conn.Fact     // with RecvRST and SendRST
	syn   *conn.Incident // with DeleteTCB: the SYN of the connection that took over the sockets
}

// TimeWait works out the stay in TIME_WAIT of the endpoint that sends in direction me, which entered it
// at entered, as it is known at time at. A FIN that comes again while it lasts restarts it (RFC 9293 3.10.7.4).
// It ends 2 MSL later, or sooner by a new connection on its sockets (RFC 1122 4.2.2.13) or by an RST:
// one that is received ends it by RFC 9293 3.10.7.4 and must not by RFC 1337; one that the endpoint sends
// shows that it had ended. Linux follows the former unless it is told otherwise, BSD, gVisor and others the latter. No
// segment tells which of them it is; but a socket of Linux numbers its IPv4 datagrams, and offers SACK in front of a window scale.
func (m *Inference) TimeWait(me uint8, entered, at conn.Time) timeWait {
	w := timeWait{Start: entered, end: entered + m.TwoMSL}
	reused := m.successor
	if reused != nil && (reused.Time < entered || reused.Time > at || reused.Dir != me && m.Sides[me].Challenged) {
		reused = nil
	}
	for i := range m.Facts {
		f := &m.Facts[i]
		if f.Time < entered {
			continue
		}
		if f.Time > at || f.Time >= w.end || reused != nil && f.Time >= reused.Time {
			break
		}
		if f.Dir() != me && conn.IsFIN(f) {
			w.Start, w.end = f.Time, f.Time+m.TwoMSL
		} else if ev := m.endedBy(me, f); ev != fsm.NoEvent && f.Time > entered && (ev == fsm.SendRST || !m.Sides[me].NotLinux) {
			w.end, w.Cause, w.Rst = f.Time, ev, f
			return w
		}
	}
	switch {
	case reused != nil && reused.Time < w.end:
		w.end, w.Cause, w.syn = reused.Time, fsm.DeleteTCB, reused
	case at >= w.end:
		w.Cause = fsm.TimeWaitTimeout
	}
	return w
}

// endedBy says how f, if it is an RST, ends the connection for the endpoint that sends in direction me.
func (m *Inference) endedBy(me uint8, f *conn.Fact) fsm.Event {
	self := &m.Sides[me]
	switch {
	case !conn.IsRST(f):
	case f.Dir() == me && self.Last <= f.Time && !f.Bits.Has(conn.FactForeign) && !m.isStrange(f): // else it goes on: the RST was forged, or answered something else
		return fsm.SendRST
	case f.Dir() != me && f.Bits.Has(conn.FactAccepted) && self.Last <= f.Time+self.Margin() && !m.beginsBehind(me, f):
		return fsm.RecvRST
	}
	return fsm.NoEvent
}

// beginsBehind reports whether the first that is captured of an endpoint is behind f: how long it is under way is not known, and it
// went on.
func (m *Inference) beginsBehind(me uint8, f *conn.Fact) bool {
	i := m.first(me, 0, func(g *conn.Fact) bool { return !conn.IsRST(g) && !g.Bits.Has(conn.FactStandIn|conn.FactForeign) })
	return i >= 0 && m.Facts[i].Ahead > f.Ahead
}

// expiry ends TIME_WAIT.
func (s *walker) expiry() {
	if s.state != fsm.TimeWait || len(s.out) == 0 {
		return
	}
	entered := conn.Time(0) // not before what came before it, be its own segment earlier
	for i := range s.out[s.begin:] {
		entered = max(entered, s.out[s.begin+i].Time)
	}
	switch w := s.TimeWait(s.me, entered, s.Now); w.Cause {
	case fsm.TimeWaitTimeout:
		s.move(w.Cause, Step{Evidence: EvidenceTimer, Time: w.end, NotBefore: w.end})
	case fsm.DeleteTCB:
		s.reuse(w.syn)
	case fsm.RecvRST:
		s.received(w.Cause, w.Rst, nil)
	case fsm.SendRST:
		s.sent(w.Cause, w.Rst)
		s.qualifyRST(&s.out[len(s.out)-1], w.Rst)
	}
}

// reuse ends TIME_WAIT by a new connection on its sockets: the endpoint's own SYN proves that, the
// peer's may have been refused.
func (s *walker) reuse(syn *conn.Incident) {
	step := Step{Frame: s.FirstFrame + uint64(syn.Ahead), Time: syn.Time, NotBefore: syn.Time}
	if syn.Dir == s.me && !syn.Doubtful {
		step.Evidence, step.NotBefore, step.NotAfter = EvidenceSent, syn.Time-s.self.Distance, syn.Time
	}
	s.move(fsm.DeleteTCB, step)
}
