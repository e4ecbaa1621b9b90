package invariant

import (
	"slices"

	"tcptrace/analyzer"
	"tcptrace/fsm"
)

// trajectory checks one endpoint's way: each step must be one that RFC 9293 allows, and say how it is known.
func (k *checker) trajectory(side analyzer.Side) {
	steps := k.j.Trajectory[side]
	last := fsm.Unknown
	if len(steps) > 0 {
		last = steps[len(steps)-1].State
	}
	if k.j.State[side] != last {
		k.errorf("%v: state %v, but its trajectory ends in %v", side, k.j.State[side], last)
	}
	for i := range steps {
		s := &steps[i]
		if i == 0 {
			k.first(side, s)
		} else if from := steps[i-1].State; !leads(from, s) {
			k.errorf("%v: %v -> %v by %q is no transition", side, from, s.State, s.Cause)
		}
		k.evidence(side, s)
	}
}

// first checks where a trajectory begins.
func (k *checker) first(side analyzer.Side, s *analyzer.Step) {
	switch {
	case s.State == fsm.Listen && s.Cause == fsm.PassiveOpen:
	case s.State == fsm.SynSent && s.Cause == fsm.SendSYN:
	case s.State == fsm.Closed && s.Cause == fsm.SendRST: // it was CLOSED before, and answered a SYN
	case s.State == fsm.Established && s.Cause == fsm.NoEvent && s.Evidence == analyzer.EvidenceAssumed:
	default:
		k.errorf("%v: a trajectory that begins with %v by %q, %v", side, s.State, s.Cause, s.Evidence)
	}
}

// leads reports whether a step leads from a state to its own.
func leads(from fsm.State, s *analyzer.Step) bool {
	next, ok := from.Next(s.Cause)
	switch {
	case ok && next == s.State && next != from:
		return true
	case from == fsm.FinWait1 && s.State == fsm.TimeWait:
		return s.Cause == fsm.RecvFIN // one segment is the ACK of the FIN, too (RFC 9293 figure 5, note 2)
	case from == fsm.Closed && s.State == fsm.SynRcvd:
		return s.Cause == fsm.SendSYNACK // the listener, which a late SYN met
	}
	return false
}

// sends are what an endpoint does, as far as others can see it. A listener drops a half-open connection by an RST
// that it receives, or sends.
var sends = []fsm.Event{fsm.SendSYN, fsm.SendSYNACK, fsm.SendData, fsm.SendFIN, fsm.SendRST, fsm.ReturnToListen}

// timeouts are what happens to it by itself.
var timeouts = []fsm.Event{fsm.UserTimeout, fsm.FinWait2Timeout, fsm.TimeWaitTimeout}

// evidence checks that a step's evidence fits what it is said of.
func (k *checker) evidence(side analyzer.Side, s *analyzer.Step) {
	replaced := s.Cause == fsm.DeleteTCB // by a new connection, the SYN of which shows it
	switch {
	case s.Evidence == analyzer.EvidenceSent && !slices.Contains(sends, s.Cause) && !replaced:
		k.errorf("%v: %v by %q is said to be shown by what it sent", side, s.State, s.Cause)
	case s.Evidence == analyzer.EvidenceTimer && !slices.Contains(timeouts, s.Cause):
		k.errorf("%v: %v by %q is said to be a timer's", side, s.State, s.Cause)
	case s.Evidence == analyzer.EvidenceAcknowledged && s.ProofFrame == 0:
		k.errorf("%v: %v is acknowledged, but no frame proves it", side, s.State)
	case s.Evidence != analyzer.EvidenceAcknowledged && s.ProofFrame != 0:
		k.errorf("%v: %v is %v, but frame %d proves it", side, s.State, s.Evidence, s.ProofFrame)
	case s.ProofFrame != 0 && s.ProofFrame < s.Frame && !k.raised("capture-reordered"):
		k.errorf("%v: %v by %q in frame %d is proved by frame %d, before it", side, s.State, s.Cause, s.Frame, s.ProofFrame)
	case s.Frame == 0 && s.Evidence != analyzer.EvidenceTimer:
		k.errorf("%v: %v is %v by no frame", side, s.State, s.Evidence)
	case s.Frame != 0 && !replaced && !k.has(s.Frame):
		k.errorf("%v: %v is shown by frame %d, which the conversation does not have", side, s.State, s.Frame)
	case s.ProofFrame != 0 && !k.has(s.ProofFrame):
		k.errorf("%v: %v is proved by frame %d, which the conversation does not have", side, s.State, s.ProofFrame)
	}
}

// raised reports whether an anomaly was raised.
func (k *checker) raised(id string) bool {
	return slices.ContainsFunc(k.j.Anomalies, func(a analyzer.Anomaly) bool { return a.Kind.ID == id })
}

// raisedOf is raised for an anomaly of a side.
func (k *checker) raisedOf(id string, side analyzer.Side) bool {
	return slices.ContainsFunc(k.j.Anomalies, func(a analyzer.Anomaly) bool { return a.Kind.ID == id && a.HasSide && a.Side == side })
}

// has reports whether a frame can be one of the conversation's.
func (k *checker) has(frame uint64) bool { return k.c.FirstFrame <= frame && frame <= k.c.LastFrame }

// brackets checks that there is a moment for every step, in the order of the steps.
func (k *checker) brackets(side analyzer.Side) {
	steps := k.j.Trajectory[side]
	for i := range steps {
		s := &steps[i]
		if s.NotBefore != 0 && s.NotAfter != 0 && s.NotBefore > s.NotAfter {
			k.errorf("%v: %v: not_before is %v behind not_after", side, s.State, s.NotBefore.Sub(s.NotAfter))
		}
		if s.NotBefore == 0 {
			continue
		}
		for _, later := range steps[i+1:] {
			if later.NotAfter != 0 && later.NotAfter < s.NotBefore {
				k.errorf("%v: %v is not before, and %v, which comes after it, %v earlier not after", side, s.State, later.State, s.NotBefore.Sub(later.NotAfter))
			}
		}
	}
}

// exchanges are what one endpoint does and the other learns of: that cannot come first.
var exchanges = []struct {
	does   []fsm.Event
	learns []fsm.Event
}{
	{[]fsm.Event{fsm.SendSYN, fsm.SendSYNACK}, []fsm.Event{fsm.RecvSYN, fsm.RecvSYNACK}},
	{[]fsm.Event{fsm.SendFIN}, []fsm.Event{fsm.RecvFIN, fsm.RecvFINAndAck}},
	{[]fsm.Event{fsm.RecvFIN, fsm.RecvFINAndAck}, []fsm.Event{fsm.RecvAckOfFIN}},
	{[]fsm.Event{fsm.SendRST}, []fsm.Event{fsm.RecvRST}},
}

// order checks that an endpoint does not have what its peer had not sent by then: a SYN, a FIN, the ACK of its own FIN, an RST. What only
// is assumed to have come, or is seen on one side, has no such bounds.
func (k *checker) order(side analyzer.Side) {
	if k.c.Self() || k.aSideIsMissing() {
		return
	}
	for _, x := range exchanges {
		did, learned := firstBy(k.j.Trajectory[side.Peer()], x.does), firstBy(k.j.Trajectory[side], x.learns)
		if did == nil || learned == nil || did.NotBefore == 0 || learned.NotAfter == 0 || learned.Evidence == analyzer.EvidenceAssumed || did.Evidence == analyzer.EvidenceAssumed {
			continue
		}
		if learned.NotAfter < did.NotBefore {
			k.errorf("%v: %v by %q is %v earlier not after than %q of the %v not before", side, learned.State, learned.Cause, did.NotBefore.Sub(learned.NotAfter), did.Cause, side.Peer())
		}
	}
}

// firstBy is the first of steps with one of these causes, nil if there is none.
func firstBy(steps []analyzer.Step, causes []fsm.Event) *analyzer.Step {
	for i := range steps {
		if slices.Contains(causes, steps[i].Cause) {
			return &steps[i]
		}
	}
	return nil
}
