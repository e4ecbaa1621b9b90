package analyzer

import "tcptrace/internal/wire"

// Whoever captures may set its clock back, and frames of two queues or taps may be a little out of order. What
// follows from times (who heard what, how long somebody waited) wants a clock that does not go back. So a connection
// has one of its own: the capture's, but where that goes back time stands still, until it has caught up
// or, if it was set back, for good.

// steady gives the segment its time by the connection's clock and returns how much later that is than the time captured.
func (c *conv) steady(p *markPool, s *wire.Segment) Time {
	captured, before := Time(s.Time), c.last
	m := c.find(p, markClock, 0)
	at := captured
	if m != nil {
		at += m.run.total
		before = m.last
	}
	if back := before - at; back >= 1000 { // less is two queues that are not exactly in step
		first := m == nil
		if m = c.mark(p, markClock, 0, s, 0); first {
			m.run.since, m.run.longest = c.half[0].last, c.half[1].last
		}
		m.amount = max(m.amount, int64(back))
	}
	if m != nil {
		// One direction alone is in the order of its times, unless its clock was set back; two may come from two
		// taps, whose clocks differ.
		own := &m.run.since
		if s.Dir == 1 {
			own = &m.run.longest
		}
		if *own-at >= captureSkew {
			m.run.total += c.last - at
			at = c.last
		}
		*own, m.last = at, at
	}
	s.Time = int64(max(at, c.last))
	return Time(s.Time) - captured
}
