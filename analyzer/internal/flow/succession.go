package flow

import (
	"slices"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/reading"
	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

// noteSuccession marks c, which takes over the sockets of the conversation in slot old with the SYN s. That was held as h, unless
// it is nil.
func (t *Tracker) noteSuccession(c *conn.Conn, old uint32, s *wire.Segment, h *hold) {
	o := t.Slab.At(old)
	pause := max(0, conn.Time(s.Time)-o.Last)
	if h != nil {
		pause = h.pause
	}
	was := t.standing(old, s.Dir, conn.Time(s.Time))
	tx := &o.Half[s.Dir]
	if tx.End != 0 && int32(s.Seq-uint32(tx.End)) >= 0 {
		was |= conn.LargerISN
	}
	if tsval, ok := lastTSval(o, &t.Facts, s.Dir); ok && s.Bits&wire.HasTimestamps != 0 && int32(s.TSval-tsval) > 0 {
		was |= conn.LaterTimestamp
	}
	m := c.Note(&t.Facts.Incidents, conn.IncidentSucceeds, s.Dir, s, int64(pause))
	m.Count = uint32(was)
	if h == nil {
		o.Provoke(&o.Half[1-s.Dir]) // TIME_WAIT may answer by an ACK
	}
	next := o.Note(&t.Facts.Incidents, conn.IncidentSucceeded, s.Dir, s, 0)
	next.Ahead, next.Doubtful = o.Ahead(s), h != nil
}

// standing says how the conversation in a slot stood at a time at which opener sent a SYN for another on its sockets.
func (t *Tracker) standing(slot uint32, opener uint8, at conn.Time) (was conn.Predecessor) {
	c := t.bench.build(t, slot)
	c.Now = at
	c.Facts = slices.DeleteFunc(c.Facts, func(f conn.Fact) bool { return f.Time > at }) // the SYN may have been held
	t.bench.course.Follow(c)
	switch t.bench.course.View.Outcome() {
	case conn.Closed:
		was = conn.PriorClosed
	case conn.Unanswered:
		was = conn.PriorUnanswered
	case conn.Reset, conn.Refused:
		was = conn.PriorReset
	}
	if _, ok := t.bench.course.Inference.Probed(); ok {
		was |= conn.WasProbe
	}
	for side, state := range t.bench.course.State {
		switch {
		case state != fsm.TimeWait:
		case uint8(side)^c.ClientDir == opener:
			was |= conn.WaitedAtOpener
		default:
			was |= conn.WaitedAtPeer
		}
	}
	return was
}

// noteOldAnswer marks the conversation in slot, whose SYN has no answer, if s answers that from the connection o that had
// its sockets before: TIME_WAIT does, and who still holds the other end of a connection that broke down (RFC 9293 3.5.1).
func (t *Tracker) noteOldAnswer(slot uint32, o *conn.Conn, s *wire.Segment) {
	c := t.Slab.At(slot)
	tx, opener := &c.Half[s.Dir], &c.Half[1-s.Dir]
	if s.Len > 0 || s.Flags&(wire.SYN|wire.FIN|wire.RST|wire.ACK) != wire.ACK || tx.Packets > 0 || !opener.Dialing(tx) {
		return
	}
	if o.Half[s.Dir].Flags.Has(conn.Provoked) || c.Find(&t.Facts.Incidents, conn.IncidentOldAnswer, s.Dir) != nil {
		t.markOldAnswer(slot, s)
	}
}

// markOldAnswer notes that s, of the connection before, answered the SYN of the conversation in slot: that came, and was not taken.
func (t *Tracker) markOldAnswer(slot uint32, s *wire.Segment) {
	c := t.Slab.At(slot)
	c.Note(&t.Facts.Incidents, conn.IncidentOldAnswer, s.Dir, s, 0)
	if c.Flags.Has(conn.IsRead) {
		t.SYNCame(&t.stats.At(slot).Of[1-s.Dir])
	}
}

// forgetOlder takes from the connection in slot what s shows to have been an older one's.
func (t *Tracker) forgetOlder(slot uint32, c *conn.Conn, s *wire.Segment) {
	if c.Hearsay(s) {
		c.DisownAnswer(&t.Facts, 1-s.Dir, func(f *conn.Fact) {
			if c.Flags.Has(conn.IsRead) {
				t.reviseTo(c, s, reading.Reading{Kind: reading.KindUnacceptable, RTT: reading.NoRTT, Amends: c.FirstFrame + uint64(f.Ahead)})
			}
		})
	}
	dir, ok := c.ShowsOlder(s)
	if !ok {
		return
	}
	c.Forget(&t.Facts, dir)
	if c.Flags.Has(conn.IsRead) {
		t.Pools.ResetStats(&t.stats.At(slot).Of[dir], c.Half[dir].Payload)
	}
}

// lastTSval is the latest timestamp of a direction among the facts.
func lastTSval(c *conn.Conn, p *conn.FactPool, dir uint8) (tsval uint32, ok bool) {
	for f := range c.Facts.All(p) {
		if f.Dir() == dir && f.Bits.Has(conn.FactTimestamps) {
			tsval, ok = f.TSval, true
		}
	}
	return tsval, ok
}
