package analyzer

import (
	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

// How a connection went is derived from the trajectories of its endpoints, and from nothing else: the outcome
// here, Zeek's conn_state from the outcome (zeek.go), how it closed in close.go.

// plainOutcome is the outcome of a connection in which nothing is out of the ordinary, which is most of them,
// without following its endpoints: a SYN that nothing answers, or one handshake, and at most one FIN of each
// side. A test holds it against the trajectories.
func plainOutcome(c *conv, p *factPool) (o Outcome, ok bool) {
	if c.flags.has(pending | holed) {
		return 0, false
	}
	var seen plain
	for f := range c.facts.all(p) {
		if !seen.add(f) {
			return 0, false
		}
	}
	client, server := &c.half[seen.opener], &c.half[1-seen.opener]
	switch {
	case !seen.opened:
		return 0, false
	case !seen.answered:
		return Unanswered, server.packets == 0 && !client.flags.has(sentACK|sentFIN)
	case !client.flags.has(sentACK):
		return 0, false
	case seen.fins == [2]bool{}:
		return Open, client.acked > server.start && !server.flags.has(sentSYN)
	}
	return Closed, seen.acked == [2]bool{true, true}
}

// plain is what was seen of a connection that is plain so far.
type plain struct {
	opened, answered bool // by a SYN, and that by a SYN-ACK
	opener           uint8
	fins, acked      [2]bool // by direction: its FIN was seen, and behind it the ACK of that
	finSeq           [2]uint32
}

// add reports whether the connection is plain still.
func (p *plain) add(f *fact) bool {
	d := f.dir()
	if p.fins[1-d] && f.covers(p.finSeq[1-d]) {
		p.acked[1-d] = true
	}
	switch flags := wire.Flags(f.flags) & (wire.SYN | wire.FIN | wire.RST | wire.ACK); {
	case f.bits.has(factForeign):
		return false
	case flags == wire.SYN && f.len == 0 && !p.answered && (!p.opened || d == p.opener):
		p.opened, p.opener = true, d
	case flags == wire.SYN|wire.ACK && f.len == 0 && p.opened && !p.answered && d != p.opener:
		p.answered = true
	case flags == wire.FIN|wire.ACK && !p.fins[d]:
		p.fins[d], p.finSeq[d] = true, f.seq+uint32(f.len)
	case flags != wire.ACK:
		return false
	}
	return true
}

// outcome sums up the trajectories.
func (s *view) outcome() Outcome {
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
func (s *view) outcomeOfReset() Outcome {
	switch {
	case s.j.Close.Cause == ResetRefused, s.j.Close.Cause == ResetProbe:
		return Refused
	case s.neverOpened():
		return Unanswered
	}
	return Reset
}

// heardSYNACK reports whether the client is known to have received the SYN-ACK: it acknowledged that.
func (s *view) heardSYNACK() bool {
	st := s.step(Client, fsm.Established)
	return st != nil && st.Evidence > EvidenceAssumed
}

// neverOpened reports whether an endpoint sent a SYN, or probes, and nothing shows that its peer took notice: both never were
// in another state than SYN_SENT and CLOSED, and no RST answers a SYN or SYN-ACK that was not captured.
func (s *view) neverOpened() bool {
	_, dialed := s.probed()
	for side, steps := range s.j.Trajectory {
		me := s.of(Side(side))
		if s.find(s.dir(Side(side)), 0, func(f *fact) bool { return isPlainRST(f) && me.knowsISN && f.seq == me.isn+1 || s.givesUp(f) }) != nil {
			return false
		}
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
