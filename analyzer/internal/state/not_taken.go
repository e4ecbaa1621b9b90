package state

import (
	"time"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/fsm"
)

// Deaf reports whether the server had not taken at least four segments when it sent its SYN-ACK again: the ACK of it, data, and those once
// more, and again, by the client's timer.
func (s *View) Deaf(dir uint8, synack *conn.Fact) bool {
	m := s.Incident(conn.IncidentTimer, 1-dir)
	return m != nil && m.Count > 1 && synack.Time-m.Time >= 2*conn.MinRTO
}

// NotTaken is what the server had not taken at a time, though it had come conn.MinRTO before, or earlier: the SYN, if no SYN-ACK had been sent, or the ACK of
// that. It is nil if there is none: the connection was open, or what had just come may have been about to be taken.
func (s *View) NotTaken(at conn.Time) (f *conn.Fact) {
	if open := s.Step(conn.Server, fsm.Established); open != nil && open.Entered() <= at {
		return nil
	}
	client := s.Dir(conn.Client)
	answered, isn := false, s.Sides[1-client].ISN
	for i := range s.Facts {
		switch g := &s.Facts[i]; {
		case g.Bits.Has(conn.FactStandIn) || g.Time > at:
		case g.Dir() != client:
			if conn.IsSYNACK(g) && !answered {
				answered, f = true, nil
			}
		case f != nil:
		case !answered && conn.IsSYN(g), answered && conn.IsOrdinary(g) && g.Covers(isn):
			f = g
		}
	}
	if f != nil && at-f.Time < conn.MinRTO {
		return nil
	}
	return f
}

// RoundTrip is the least time in which the whole path was passed, there and back, but for the handshake; 0: not known.
func (s *View) RoundTrip() time.Duration {
	sum := time.Duration(0)
	for side := range s.C.Sent {
		rtt := &s.C.Sent[side].RTT
		if rtt.Samples == 0 {
			return 0
		}
		sum += rtt.Min
	}
	return sum
}
