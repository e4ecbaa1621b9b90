package analyzer

import (
	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

// noteSuccession marks c, which takes over the sockets of the conversation in slot old with the SYN s. That was held as h, unless
// it is nil.
func (t *Tracker) noteSuccession(c *conv, old uint32, s *wire.Segment, h *hold) {
	o := t.slab.at(old)
	pause := max(0, Time(s.Time)-o.last)
	if h != nil {
		pause = h.pause
	}
	was := t.standing(old, s.Dir, Time(s.Time))
	tx := &o.half[s.Dir]
	if tx.end != 0 && int32(s.Seq-uint32(tx.end)) >= 0 {
		was |= largerISN
	}
	if tsval, ok := lastTSval(o, &t.facts, s.Dir); ok && s.Bits&wire.HasTimestamps != 0 && int32(s.TSval-tsval) > 0 {
		was |= laterTimestamp
	}
	m := c.mark(&t.facts.marks, markSucceeds, s.Dir, s, int64(pause))
	m.count = uint32(was)
	if h == nil {
		o.provoke(&o.half[1-s.Dir]) // TIME_WAIT may answer by an ACK
	}
	next := o.mark(&t.facts.marks, markSucceeded, s.Dir, s, 0)
	next.ahead, next.doubtful = o.ahead(s), h != nil
}

// standing says how the conversation in a slot stood at a time at which opener sent a SYN for another on its sockets.
func (t *Tracker) standing(slot uint32, opener uint8, at Time) (was predecessor) {
	c := t.bench.build(t, slot)
	c.now = at
	t.bench.course.follow(c)
	switch c.Outcome {
	case Closed:
		was = wasClosed
	case Unanswered:
		was = wasUnanswered
	case Reset, Refused:
		was = wasReset
	}
	if _, ok := t.bench.course.mind.probed(); ok {
		was |= wasProbe
	}
	for side, state := range t.bench.course.State {
		switch {
		case state != fsm.TimeWait:
		case uint8(side)^c.clientDir == opener:
			was |= waitedAtOpener
		default:
			was |= waitedAtPeer
		}
	}
	return was
}

// noteOldAnswer marks c, whose SYN has no answer, if s answers that from the connection o that had
// its sockets before: TIME_WAIT does, and who still holds the other end of a connection that broke down (RFC 9293 3.5.1).
func (t *Tracker) noteOldAnswer(c, o *conv, s *wire.Segment) {
	tx, opener := &c.half[s.Dir], &c.half[1-s.Dir]
	if s.Len > 0 || s.Flags&(wire.SYN|wire.FIN|wire.RST|wire.ACK) != wire.ACK || tx.packets > 0 || !opener.dialing(tx) {
		return
	}
	if o.half[s.Dir].flags.has(provoked) || c.find(&t.facts.marks, markOldAnswer, s.Dir) != nil {
		c.mark(&t.facts.marks, markOldAnswer, s.Dir, s, 0)
	}
}

// lastTSval is the latest timestamp of a direction among the facts.
func lastTSval(c *conv, p *factPool, dir uint8) (tsval uint32, ok bool) {
	for f := range c.facts.all(p) {
		if f.dir() == dir && f.bits.has(factTimestamps) {
			tsval, ok = f.tsval, true
		}
	}
	return tsval, ok
}
