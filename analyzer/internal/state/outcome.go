package state

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

// How a connection went is derived from the trajectories of its endpoints, and from nothing else: the outcome
// here, Zeek's conn_state from the outcome (zeek.go), how it closed in close.go.

// PlainOutcome is the outcome of a connection in which nothing is out of the ordinary, which is most of them,
// without following its endpoints: a SYN that nothing answers, or one handshake, and at most one FIN of each
// side. A test holds it against the trajectories.
func PlainOutcome(c *conn.Conn, p *conn.FactPool) (o conn.Outcome, ok bool) {
	if c.Flags.Has(conn.Pending|conn.Holed) || c.HasKind(conn.IncidentStrange) { // a FIN may be of somebody else
		return 0, false
	}
	var seen plain
	for f := range c.Facts.All(p) {
		if !seen.add(f) {
			return 0, false
		}
	}
	client, server := &c.Half[seen.opener], &c.Half[1-seen.opener]
	switch {
	case !seen.opened:
		return 0, false
	case !seen.answered:
		return conn.Unanswered, server.Packets == 0 && !client.Flags.Has(conn.SentACK|conn.SentFIN)
	case !client.Flags.Has(conn.SentACK):
		return 0, false
	case seen.fins == [2]bool{}:
		return conn.Open, client.Acked > server.Start && !server.Flags.Has(conn.SentSYN)
	}
	return conn.Closed, seen.acked == [2]bool{true, true}
}

// plain is what was seen of a connection that is plain so far.
type plain struct {
	opened, answered bool // by a SYN, and that by a SYN-ACK
	opener           uint8
	fins, acked      [2]bool // by direction: its FIN was seen, and behind it the ACK of that
	finSeq           [2]uint32
}

// add reports whether the connection is plain still.
func (p *plain) add(f *conn.Fact) bool {
	d := f.Dir()
	if p.fins[1-d] && f.Covers(p.finSeq[1-d]) {
		p.acked[1-d] = true
	}
	switch flags := wire.Flags(f.Flags) & (wire.SYN | wire.FIN | wire.RST | wire.ACK); {
	case f.Bits.Has(conn.FactForeign):
		return false
	case flags == wire.SYN && f.Len == 0 && !p.answered && (!p.opened || d == p.opener):
		p.opened, p.opener = true, d
	case flags == wire.SYN|wire.ACK && f.Len == 0 && p.opened && !p.answered && d != p.opener:
		p.answered = true
	case flags == wire.FIN|wire.ACK && !p.fins[d]:
		p.fins[d], p.finSeq[d] = true, f.Seq+uint32(f.Len)
	case flags != wire.ACK:
		return false
	}
	return true
}

// Outcome sums up the trajectories.
func (s *View) Outcome() conn.Outcome {
	switch s.J.Close.Kind {
	case CloseGraceful:
		return conn.Closed
	case CloseReset:
		return s.outcomeOfReset()
	case CloseUnfinished:
		return conn.Closing
	}
	switch {
	case s.neverOpened():
		return conn.Unanswered
	case s.J.State[conn.Server] == fsm.SynRcvd && !s.heardSYNACK():
		return conn.HalfOpen
	}
	return conn.Open
}

// outcomeOfReset tells an RST that ended a connection from one that refused it, and from one by which who
// was never answered gives up.
func (s *View) outcomeOfReset() conn.Outcome {
	switch {
	case s.J.Close.Cause == ResetRefused, s.J.Close.Cause == ResetProbe:
		return conn.Refused
	case s.neverOpened():
		return conn.Unanswered
	}
	return conn.Reset
}

// heardSYNACK reports whether the client is known to have received the SYN-ACK: it acknowledged that.
func (s *View) heardSYNACK() bool {
	st := s.Step(conn.Client, fsm.Established)
	return st != nil && st.Evidence > EvidenceAssumed
}

// neverOpened reports whether an endpoint sent a SYN, or probes, and nothing shows that its peer took notice: both never were
// in another state than SYN_SENT and CLOSED, and no RST answers a SYN or SYN-ACK that was not captured.
func (s *View) neverOpened() bool {
	_, dialed := s.Probed()
	for side, steps := range s.J.Trajectory {
		me := s.Of(conn.Side(side))
		if s.Find(s.Dir(conn.Side(side)), 0, func(f *conn.Fact) bool {
			return (conn.IsPlainRST(f) && me.KnowsISN && f.Seq == me.ISN+1 || s.GivesUp(f)) && !s.dialsOn(f)
		}) != nil {
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
