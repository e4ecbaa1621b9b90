package conn

import "tcptrace/internal/wire"

// Whoever captures may set its clock back, and frames of two queues or taps may be a little out of order. What
// follows from times (who heard what, how long somebody waited) wants a clock that does not go back. So a connection
// has one of its own: the capture's, but where that goes back time stands still, until it has caught up
// or, if it was set back, for good.

// Steady gives the segment its time by the connection's clock and returns how much later that is than the time captured.
func (c *Conn) Steady(p *IncidentPool, s *wire.Segment) Time {
	captured, before := Time(s.Time), c.Last
	m := c.Find(p, IncidentClock, 0)
	at := captured
	if m != nil {
		at = min(at+m.Run.Total, wire.MaxTime)
		before = m.Last
	}
	if back := before - at; back >= 1000 { // less is two queues that are not exactly in step
		first := m == nil
		if m = c.Note(p, IncidentClock, 0, s, 0); first {
			m.Run.Since, m.Run.Longest = c.Half[0].Last, c.Half[1].Last
		}
		m.Amount = max(m.Amount, int64(back))
	}
	if m != nil {
		// One direction alone is in the order of its times, unless its clock was set back; two may come from two
		// taps, whose clocks differ.
		own := &m.Run.Since
		if s.Dir == 1 {
			own = &m.Run.Longest
		}
		if *own-at >= CaptureSkew {
			m.Run.Total += c.Last - at
			at = c.Last
		}
		*own, m.Last = at, at
	}
	s.Time = int64(max(at, c.Last))
	return Time(s.Time) - captured
}

// SteadyHeld is Steady for a segment that was held and begins nothing. It is no later than what came behind it meanwhile.
func (c *Conn) SteadyHeld(p *IncidentPool, s *wire.Segment) Time {
	captured := Time(s.Time)
	at := captured
	if m := c.Find(p, IncidentClock, 0); m != nil {
		at = min(at+m.Run.Total, wire.MaxTime)
	}
	if s.Frame < c.LastFrame {
		at = min(at, c.Last)
	}
	s.Time = int64(at)
	return at - captured
}
