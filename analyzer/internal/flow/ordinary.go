package flow

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
)

// Most segments are ordinary: of a connection that is known and goes on, with an ACK and neither SYN, FIN nor RST. None of the rules of
// Tracker.segment, apply and add has anything to say of them. ordinary is what each of these rules asks for, in the order of what it costs.

// unusual are the flags of a Conn for which it is decided segment by segment whose they are (choose.go).
const unusual = conn.Pending | conn.Succeeded | conn.Disputed

// ordinary is the connection of an ordinary segment, unlike that just before, nil if the segment is not.
func (t *Tracker) ordinary(s *wire.Segment, hash uint32) (slot uint32, c *conn.Conn) {
	now := conn.Time(s.Time)
	if s.Flags&(wire.SYN|wire.FIN|wire.RST|wire.ACK) != wire.ACK || s.Bits&faults != 0 || s.Net != 0 || s.Key.PortA == s.Key.PortB ||
		now >= t.Wake || t.ended.N > t.maxEnded || t.sinceBound >= checkEvery-1 || t.networks.any {
		return noSlot, nil
	}
	slot = t.index.find(&t.Slab, &s.Key, hash)
	if slot&embryoBit != 0 { // or noSlot
		return noSlot, nil
	}
	c = t.Slab.At(slot)
	tx, rx := &c.Half[s.Dir&1], &c.Half[^s.Dir&1]
	if quiet := now - c.Last; quiet < 0 || quiet >= t.soonest || c.Flags&unusual != 0 || (tx.Flags | rx.Flags).Has(conn.SentFIN) ||
		s.Seq-uint32(tx.End)+conn.Slack > 2*conn.Slack || c.HasKind(conn.IncidentClock) || c.HasKind(conn.IncidentTooBig) {
		return noSlot, nil
	}
	return slot, c
}

// addOrdinary adds a segment that is ordinary.
func (t *Tracker) addOrdinary(slot uint32, c *conn.Conn, s *wire.Segment) {
	t.sinceBound++
	t.at = conn.Time(s.Time)
	t.Now = max(t.at, conn.Time(s.Clock))
	if c.Flags.Has(conn.Holed) {
		t.disown(slot, c, s)
	}
	if c.Flags.Has(conn.IsRead) {
		t.read(slot, c, s)
	} else {
		c.Segment(&t.Facts, s)
	}
}
