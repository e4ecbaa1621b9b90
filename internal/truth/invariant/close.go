package invariant

import (
	"slices"

	"tcptrace/analyzer"
	"tcptrace/analyzer/timing"
	"tcptrace/fsm"
)

// close holds how the connection is said to have ended against the trajectories.
func (k *checker) close() {
	cl := &k.j.Close
	if cl.HasFirst && cl.Simultaneous {
		k.errorf("close: the %v closed first, and both at once", cl.First)
	}
	if closing := k.c.Spent[timing.Closing]; closing > 0 && cl.Kind == analyzer.CloseNone {
		k.errorf("close: %v of its time closing, and neither side closed", closing)
	}
	switch cl.Kind {
	case analyzer.CloseGraceful, analyzer.CloseUnfinished:
		k.closer(cl)
	case analyzer.CloseReset:
		k.reset(cl)
	}
	for _, a := range k.j.Anomalies {
		if a.Kind.ID == "simultaneous-close" && (cl.Kind == analyzer.CloseGraceful || cl.Kind == analyzer.CloseUnfinished) && !cl.Simultaneous {
			k.errorf("close: simultaneous-close was raised, but the %v closed first", cl.First)
		}
	}
}

// closer checks who closed first.
func (k *checker) closer(cl *analyzer.Close) {
	if !cl.HasFirst && !cl.Simultaneous {
		k.errorf("close %v, but by nobody", cl.Kind)
	}
	if cl.Simultaneous {
		for side := range analyzer.Server + 1 {
			if !k.entered(side, fsm.Closing) {
				k.errorf("close: both at once, but the %v was never in CLOSING", side)
			}
		}
		return
	}
	active, passive := cl.First, cl.First.Peer()
	if k.entered(passive, fsm.FinWait1) && !k.entered(active, fsm.FinWait1) {
		k.errorf("close: the %v closed first, but only the %v was in FIN_WAIT_1", active, passive)
	}
	if k.entered(active, fsm.LastAck) && !k.entered(active, fsm.FinWait1) {
		k.errorf("close: the %v closed first, but was in LAST_ACK", active)
	}
}

func (k *checker) entered(side analyzer.Side, states ...fsm.State) bool {
	return slices.ContainsFunc(k.life(side), func(s analyzer.Step) bool { return slices.Contains(states, s.State) })
}

// inHandshake are the causes of an RST that ends what was not open yet.
var inHandshake = []string{"refused", "scan", "unasked", "abandoned", "dropped"}

// byNobody are the causes of an RST from a host that had no such connection any more, perhapsByNobody those of one that may be.
var (
	byNobody        = []string{"half-open", "challenge-ack", "fin-wait-2-timeout"}
	perhapsByNobody = []string{"after-fin", "write-after-close"}
)

// reset checks the RST that ended the connection.
func (k *checker) reset(cl *analyzer.Close) {
	if cl.Frame == 0 || !k.has(cl.Frame) {
		k.errorf("close: reset by frame %d, which the conversation does not have", cl.Frame)
	}
	cause := cl.Cause.String()
	if cause == "" {
		k.errorf("close: reset without a cause")
	}
	if (cause == "refused" || cause == "probe") != (k.c.Outcome == analyzer.Refused) {
		k.errorf("close: cause %v beside outcome %v", cl.Cause, k.c.Outcome)
	}
	if slices.Contains(inHandshake, cause) && !k.saw(opens) {
		k.errorf("close: cause %v, but there is neither SYN nor SYN-ACK", cl.Cause)
	}
	if gone := slices.Contains(byNobody, cause); gone && cl.ByState != fsm.Closed {
		k.errorf("close: cause %v, but by_state is %v", cl.Cause, cl.ByState)
	} else if cl.ByState != fsm.Closed || !gone && !slices.Contains(perhapsByNobody, cause) {
		k.stateAt("by_state", cl.By, cl.ByState)
	}
	k.stateAt("other_state", cl.By.Peer(), cl.OtherState)
	if cause == "injected" && k.stepAt(cl.By, cl.Frame) >= 0 {
		k.errorf("close: the RST is said to be injected, and to have moved the %v, who did not send it", cl.By)
	}
}

// stepAt is the index of the step of an endpoint that an RST in a frame made, -1 if it made none.
func (k *checker) stepAt(side analyzer.Side, frame uint64) int {
	return slices.IndexFunc(k.j.Trajectory[side], func(s analyzer.Step) bool { return s.Frame == frame && slices.Contains(resets, s.Cause) })
}

// stateAt checks the state in which an endpoint is said to have been when the RST that ended the connection came.
func (k *checker) stateAt(what string, side analyzer.Side, said fsm.State) {
	steps := k.j.Trajectory[side]
	frame := k.j.Close.Frame
	i := k.stepAt(side, frame)
	before := func(s *analyzer.Step) bool { // by a timer at its time, else by its segment
		return s.Frame != 0 && s.Frame < frame || s.Frame == 0 && s.Time <= k.j.Close.Time
	}
	if i < 0 { // the last that it entered before
		for i = len(steps); i > 0 && !before(&steps[i-1]); {
			i--
		}
	}
	want := fsm.Unknown
	if i > 0 {
		want = steps[i-1].State
	}
	refuses := i == 0 && said == fsm.Closed // who answers a SYN by an RST was CLOSED
	if said != want && !refuses {
		k.errorf("close: %s is %v, but by its trajectory the %v was in %v", what, said, side, want)
	}
}
