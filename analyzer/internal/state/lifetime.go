package state

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/fsm"
)

// Lifetime is the states of a connection's endpoints over time, as a table of connections on both hosts would
// have shown them. All times are the tap's: a step counts from when the segment that shows it passed. The
// zero value is ready; use it again to spare allocations.
//
// A connection is there from its first frame on, until both endpoints are CLOSED (or back in LISTEN, or nothing was
// ever known of them), or the conversation is over: 2 MSL after its last frame if it was closed or reset, when
// the sender of an unanswered SYN has given up, when another connection has its sockets, or when the full flow table
// ended it. TIME_WAIT ends by its own clock, also where the tracker had no room to wait for that. What no segment
// and no such rule ends is there to the end of the capture, however long it is silent.
type Lifetime struct {
	// Changes are in order of time; the first is at the conversation's first frame.
	Changes []Change

	course    Course
	clone     conn.Conversation // with a clock that has gone on
	intervals [2][]interval     // by Side
}

// Change is when an endpoint enters a state, or the connection comes or goes.
type Change struct {
	Time    conn.Time
	State   [2]fsm.State // from then on, by Side
	Present bool         // the connection is there
}

// interval is a step, and from when on it counts: one that happened behind another does not count sooner than
// that, although its segment may have passed the tap before.
type interval struct {
	Step
	from  conn.Time
	known bool // from is when it was entered, and not only when it was first known
}

// Of works out l for c. What l holds is valid until it is used again.
func (l *Lifetime) Of(c *conn.Conversation) {
	l.clone = *c
	l.clone.Now = max(c.Now, c.End+c.TwoMSL) // so that TIME_WAIT, which starts by a frame of c, ends
	l.course.Follow(&l.clone)
	for side := range l.intervals {
		l.enter(conn.Side(side))
	}
	l.merge()
	if over, known := over(c); known {
		n := len(l.Changes)
		for n > 1 && l.Changes[n-1].Time >= over {
			n--
		}
		l.Changes = l.Changes[:n]
		l.change(Change{Time: over, State: l.Changes[n-1].State})
	}
}

// enter lists the stays of a side. The first is the state before anything of it was seen.
func (l *Lifetime) enter(side conn.Side) {
	steps := l.course.Trajectory[side]
	first := interval{from: l.clone.Start}
	if len(steps) > 0 && steps[0].State == fsm.Listen { // its SYN-ACK shows it, and that it was there before
		first.Step, steps = steps[0], steps[1:]
	}
	list := append(l.intervals[side][:0], first)
	oneSided := l.clone.Sides[0].Unseen || l.clone.Sides[1].Unseen
	for i := range steps {
		s := interval{steps[i], max(steps[i].Time, list[len(list)-1].from), true}
		if oneSided {
			s.NotBefore = 0 // how far the endpoints are is not known, and what one did shows only by what came of it
		}
		list = append(list, s)
	}
	last := &list[len(list)-1]
	if syn := l.course.Inference.successor; syn != nil && last.State != fsm.TimeWait && Alive(last.State) {
		// No pair of sockets has two connections. TIME_WAIT decides for itself (reuse).
		end := max(syn.Time, last.from)
		list = append(list, interval{Step{State: fsm.Closed, Cause: fsm.DeleteTCB, Time: end, NotBefore: end}, end, true})
	}
	l.intervals[side] = list
}

// merge makes the changes from the stays of both sides.
func (l *Lifetime) merge() {
	l.Changes = l.Changes[:0]
	a, b := l.intervals[conn.Client], l.intervals[conn.Server]
	state := [2]fsm.State{a[0].State, b[0].State}
	l.change(Change{l.clone.Start, state, present(state)})
	for a, b = a[1:], b[1:]; len(a)+len(b) > 0; {
		var at conn.Time
		if len(b) == 0 || len(a) > 0 && a[0].from <= b[0].from {
			at, state[conn.Client], a = a[0].from, a[0].State, a[1:]
		} else {
			at, state[conn.Server], b = b[0].from, b[0].State, b[1:]
		}
		l.change(Change{at, state, present(state)})
	}
}

// change appends c, or puts it in the place of another at the same time.
func (l *Lifetime) change(c Change) {
	if n := len(l.Changes); n > 0 && l.Changes[n-1].Time >= c.Time {
		c.Time = l.Changes[n-1].Time
		l.Changes = l.Changes[:n-1]
	}
	l.Changes = append(l.Changes, c)
}

// Alive reports whether an endpoint in s is known to have the connection.
func Alive(s fsm.State) bool { return s != fsm.Closed && s != fsm.Listen && s != fsm.Unknown }

// present reports whether at least one endpoint has the connection, or may have it for all that is known.
func present(s [2]fsm.State) bool {
	return Alive(s[conn.Client]) || Alive(s[conn.Server]) || s == [2]fsm.State{fsm.Unknown, fsm.Unknown}
}

// over is when the conversation ends although an endpoint may not be known to be CLOSED.
func over(c *conn.Conversation) (at conn.Time, known bool) {
	switch {
	case c.Evicted:
		return c.Now, true
	case c.Outcome == conn.Unanswered:
		return (&conn.Conn{First: c.Start, Last: c.End}).GivesUp(), true
	case c.Outcome == conn.Closed || c.Outcome == conn.Reset || c.Outcome == conn.Refused:
		return c.End + c.TwoMSL, true
	}
	return 0, false
}

// Moment is a connection at one time, by Side.
type Moment [2]EndpointMoment

// EndpointMoment is what is known of one endpoint at a moment.
type EndpointMoment struct {
	State       fsm.State
	Evidence    Evidence  // of the step into State; valid with Since
	Unsettled   bool      // so near to a step that the endpoint itself may have made it sooner, or later
	Since       conn.Time // 0: from before anything of the endpoint was seen
	Frame       uint64    // shows the step; 0: none does
	NotBefore   conn.Time // the endpoint entered the state between these; 0: not known
	NotAfter    conn.Time
	TimeWaitEnd conn.Time // with TIME_WAIT: when it ends if no other FIN comes
}

// At is the connection at t, and whether it is there then.
func (l *Lifetime) At(t conn.Time) (m Moment, present bool) {
	n := len(l.Changes)
	for n > 0 && l.Changes[n-1].Time > t {
		n--
	}
	for side := range m {
		m[side] = l.endpointAt(conn.Side(side), t)
	}
	return m, n > 0 && l.Changes[n-1].Present
}

func (l *Lifetime) endpointAt(side conn.Side, t conn.Time) EndpointMoment {
	list := l.intervals[side]
	i := len(list) - 1
	for i > 0 && list[i].from > t {
		i--
	}
	e := &list[i]
	m := EndpointMoment{State: e.State}
	if e.known {
		m = EndpointMoment{
			State: e.State, Evidence: e.Evidence, Since: e.from, Frame: e.Frame, NotBefore: e.NotBefore, NotAfter: e.NotAfter,
			Unsettled: e.NotAfter > t,
		}
	}
	if i+1 < len(list) {
		m.Unsettled = m.Unsettled || list[i+1].NotBefore <= t // or not known: 0
	}
	if e.State == fsm.TimeWait {
		m.TimeWaitEnd = l.timeWaitEnd(side, e.from, t)
	}
	return m
}

// timeWaitEnd is when TIME_WAIT, which began at start, ends as far as is known at t.
func (l *Lifetime) timeWaitEnd(side conn.Side, start, t conn.Time) conn.Time {
	return l.course.Inference.TimeWait(l.clone.ClientDir^uint8(side), start, t).end
}
