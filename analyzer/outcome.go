package analyzer

import (
	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

// How a connection went is derived from the trajectories of its endpoints, and from nothing else: the outcome
// here, Zeek's conn_state from the outcome (zeek.go), how it closed in close.go.

// outcomeOf is the outcome of c, of which all but Outcome is known. j is room to work in.
func (j *Judgment) outcomeOf(c *Conversation) Outcome {
	if o, ok := c.plainOutcome(); ok {
		return o
	}
	j.follow(c)
	return j.scene.outcome()
}

// outcome sums up the trajectories.
func (s *scene) outcome() Outcome {
	switch s.j.Close.Kind {
	case CloseGraceful:
		return Closed
	case CloseReset:
		return s.outcomeOfReset()
	case CloseUnfinished:
		return Closing
	}
	switch {
	case s.neverOpened():
		return Unanswered
	case s.j.State[Server] == fsm.SynRcvd && !s.heardSYNACK():
		return HalfOpen
	}
	return Open
}

// outcomeOfReset tells an RST that ended a connection from one that refused it, and from one by which who
// was never answered gives up.
func (s *scene) outcomeOfReset() Outcome {
	switch {
	case s.j.Close.Cause == ResetRefused:
		return Refused
	case s.neverOpened():
		return Unanswered
	}
	return Reset
}

// heardSYNACK reports whether the client is known to have received the SYN-ACK: it acknowledged that.
func (s *scene) heardSYNACK() bool {
	st := s.step(Client, fsm.Established)
	return st != nil && st.Evidence > EvidenceAssumed
}

// neverOpened reports whether an endpoint sent a SYN and nothing shows that its peer took notice: both never were
// in another state than SYN_SENT and CLOSED.
func (s *scene) neverOpened() bool {
	dialed := false
	for _, steps := range s.j.Trajectory {
		for i := range steps {
			switch steps[i].State {
			case fsm.SynSent:
				dialed = true
			case fsm.Closed:
			default:
				return false
			}
		}
	}
	return dialed
}

// plainOutcome is the outcome of a connection in whose facts nothing is out of the ordinary, which is most of
// them, without following its endpoints. Tests hold it against outcome.
func (c *Conversation) plainOutcome() (o Outcome, ok bool) {
	return 0, false
}

var _ = wire.SYN
