package analyzer

import (
	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

// How a connection went is derived from the trajectories of its endpoints, and from nothing else: the outcome
// here, Zeek's conn_state from the outcome (zeek.go), how it closed in close.go.

// outcome is how the connection in a slot went.
func (t *Tracker) outcome(slot uint32) Outcome {
	if o, ok := t.slab.at(slot).plainOutcome(&t.facts); ok {
		return o
	}
	return t.bench.build(t, slot).Outcome
}

// bench is where a tracker works out how a conversation stands that it does not hand out.
type bench struct {
	conv     Conversation
	evidence evidence
	judgment Judgment
}

// build is the conversation in a slot, valid until the next call.
func (b *bench) build(t *Tracker, slot uint32) *Conversation {
	b.evidence.reset()
	t.build(slot, &b.conv, &b.evidence, &b.judgment)
	return &b.conv
}

// plainOutcome is the outcome of a connection in which nothing is out of the ordinary, which is most of them,
// without following its endpoints: a SYN that nothing answers, or one handshake, and at most one FIN of each
// side. A test holds it against the trajectories.
func (c *conv) plainOutcome(p *factPool) (o Outcome, ok bool) {
	if c.flags.has(pending | holed) {
		return 0, false
	}
	var opened, answered bool
	var opener uint8
	var fins [2]bool
	for f := range c.facts.all(p) {
		switch {
		case f.bits.has(factForeign) || isRST(f):
			return 0, false
		case f.any(wire.SYN):
			again := opened && (isSYNACK(f) == (f.dir() == opener) || answered)
			if f.any(wire.FIN) || f.len > 0 || again && (answered || f.dir() != opener) || !opened && f.has(wire.ACK) {
				return 0, false
			}
			if !opened {
				opened, opener = true, f.dir()
			} else if f.dir() != opener {
				answered = true
			}
		case f.any(wire.FIN):
			if fins[f.dir()] || !f.has(wire.ACK) {
				return 0, false
			}
			fins[f.dir()] = true
		case !f.has(wire.ACK):
			return 0, false
		}
	}
	client, server := &c.half[opener], &c.half[1-opener]
	switch {
	case !opened:
		return 0, false
	case !answered:
		return Unanswered, server.packets == 0 && !client.flags.has(sentACK|sentFIN)
	case fins == [2]bool{}:
		return Open, client.flags.has(sentACK) && client.acked > server.start && !server.flags.has(sentSYN)
	case client.finAcked(server) && server.finAcked(client):
		return Closed, client.flags.has(sentACK)
	}
	return 0, false
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
