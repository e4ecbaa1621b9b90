package analyzer

import "tcptrace/internal/wire"

// Whoever captures may set its clock back, and frames of two queues or taps may be a little out of order. What
// follows from times (who heard what, how long somebody waited) wants a clock that does not go back. So a connection
// has one of its own: the capture's, but where that goes back time stands still, until it has caught up
// or, if it was set back, for good.

// steady gives the segment its time by the connection's clock and returns how much later that is than the time captured.
func (c *conv) steady(p *markPool, s *wire.Segment) Time {
	captured := Time(s.Time)
	before := c.last
	m := c.find(p, markClock, 0)
	if m != nil {
		s.Time += int64(m.run.total)
		before = m.run.longest
	}
	at := Time(s.Time)
	if back := before - at; back >= 1000 { // less is two queues that are not exactly in step
		s.Time = int64(captured)
		m = c.mark(p, markClock, 0, s, 0)
		m.amount = max(m.amount, int64(back))
	}
	// One direction alone is in the order of its times, unless its clock was set back; two that are not may
	// come from two taps, whose clocks differ.
	if own := c.half[s.Dir].last - at; own >= captureSkew && m != nil {
		m.run.total += c.last - at
		at = c.last
	}
	if m != nil {
		m.run.longest = at
	}
	s.Time = int64(max(at, c.last))
	return Time(s.Time) - captured
}
