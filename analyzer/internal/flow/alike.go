package flow

import (
	"net/netip"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/state"
	"tcptrace/internal/names"
	"tcptrace/internal/wire"
)

// Shape is what a SYN of which nothing more was seen has in common with others: all but its sockets, its time and its numbers.
type Shape struct{ is embryo }

// Shape is that of the conversation in a slot. ok is false if that has more than one SYN without data.
func (t *Tracker) Shape(slot uint32) (s Shape, ok bool) {
	if !isEmbryo(slot) {
		return s, false
	}
	e := t.Slab.embryos.at(slot)
	if e.n > 0 || e.names != 0 || e.len > 0 {
		return s, false
	}
	s.is = *e
	s.is.key = wire.Key{V6: e.key.V6}
	s.is.time, s.is.frame, s.is.seq, s.is.tsval, s.is.ipid, s.is.sum, s.is.gen, s.is.serial = 0, 0, 0, 0, 0, 0, 0, 0
	return s, true
}

// Hash spreads the shapes that there are in a network: systems differ in what their SYNs offer.
func (s *Shape) Hash() uint32 {
	e := &s.is
	h := uint32(e.window)<<16 | uint32(e.mss)
	h ^= uint32(e.ttl)<<24 | uint32(e.wscale)<<16 | uint32(e.how)<<8 | uint32(e.iface) | e.key.V6<<12 | e.net<<4
	h ^= uint32(e.bits) * 0x85ebca6b
	return h * 0x9e3779b1
}

// Stands reports whether c, of which j is the course, says nothing of its SYN that Rewrite does not.
func (s *Shape) Stands(c *conn.Conversation, j *state.Course) bool {
	steps := j.Trajectory[conn.Client]
	if len(c.Facts) != 1 || len(c.Incidents) > 0 || len(j.Inference.Facts) != 1 || len(steps) != 1 || len(j.Trajectory[conn.Server]) > 0 {
		return false
	}
	return c.ClientDir == s.is.dir() && steps[0] == state.Step{
		State: steps[0].State, Cause: steps[0].Cause, Evidence: steps[0].Evidence, Frame: c.FirstFrame, Time: c.Start, NotAfter: c.Start,
	}
}

// Rewrite makes of the record of a conversation, and of its course, those of the one in a slot, which has the same Shape.
func (t *Tracker) Rewrite(slot uint32, c *conn.Conversation, j *state.Course) {
	e := t.Slab.embryos.at(slot)
	at, dir := conn.Time(e.time), e.dir()
	c.Addr = [2]netip.AddrPort{socket(&e.key, dir), socket(&e.key, 1-dir)}
	c.Start, c.End, c.FirstFrame, c.LastFrame = at, at, e.frame, e.frame
	c.Now = max(min(t.Now, t.Slab.embryos.givesUp(slot)), at)
	c.Names, c.Interface = [2]names.Name{}, t.origins.called(e.iface)
	t.nameHosts(c)
	m := &j.Inference
	m.Now, m.FirstFrame = c.Now, e.frame
	for _, f := range [...]*conn.Fact{&c.Facts[0], &m.Facts[0]} {
		f.Time, f.Seq, f.TSval = at, e.seq, e.tsval
	}
	for _, side := range [...]*conn.Endpoint{&c.Sides[dir], &m.Sides[dir]} {
		side.ISN, side.Last = e.seq, at
	}
	step := &j.Trajectory[conn.Client][0]
	step.Frame, step.Time, step.NotAfter = e.frame, at, at
}
