package analyzer

import (
	"encoding/binary"
	"net/netip"

	"tcptrace/internal/wire"
)

// build writes the record of the slot's conversation into out, which this tracker may have written before, and its
// facts and marks behind those in ev; j is room to work in. Its stream number is the Merger's to give.
func (t *Tracker) build(slot uint32, out *Conversation, ev *evidence, j *Course) {
	c := t.slab.at(slot)
	cl, roles := c.client()
	// Field by field: what is in out may be another conversation's, and most of it, Sent, stays as it is
	// where no segments are read.
	if t.reads {
		out.Sent = [2]Sent{}
	}
	out.Roles, out.Start, out.End = roles, c.first, c.last
	out.FirstFrame, out.LastFrame = c.firstFrame, c.lastFrame
	out.Completeness = c.seen
	out.History = c.history.orient(cl, c.firstDir)
	out.Evicted, out.Quick = c.flags.has(evicted), !c.flags.has(isRead)
	for side := range 2 {
		dir := uint8(side) ^ cl
		out.Addr[side] = socket(&c.key, dir)
		c.half[dir].sent(&out.Sent[side])
		if !out.Quick {
			t.account(&out.Sent[side], c, t.ledgers.at(slot), dir)
		}
	}
	if isSelf(&c.key) {
		out.Sent[Server] = Sent{} // of the echoes
	}
	n := len(ev.facts)
	ev.facts = c.facts.appendTo(&t.facts, ev.facts)
	out.facts = ev.facts[n:len(ev.facts):len(ev.facts)]
	n = len(ev.marks)
	ev.marks = t.facts.marks.appendTo(c.marks, ev.marks)
	out.marks = ev.marks[n:len(ev.marks):len(ev.marks)]
	out.now, out.msl2, out.clientDir, out.held = max(t.now, c.last), t.linger, cl, c.flags.has(wasHeld)
	out.sides = [2]side{c.half[0].sideOf(&c.half[1], out.now), c.half[1].sideOf(&c.half[0], out.now)}
	o, plain := plainOutcome(c, &t.facts)
	if !plain {
		j.follow(out)
		o = j.view.outcome()
	}
	out.Outcome = o
	out.ConnState = connState(o, j.Close.By, &c.half[cl], &c.half[1-cl])
}

// socket is the key's address and port of a direction's sender.
func socket(k *wire.Key, dir uint8) netip.AddrPort {
	addr, port := k.A, k.PortA
	if dir == 1 {
		addr, port = k.B, k.PortB
	}
	if k.V6&1 == 0 {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{byte(addr.Lo >> 24), byte(addr.Lo >> 16), byte(addr.Lo >> 8), byte(addr.Lo)}), port)
	}
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], addr.Hi)
	binary.BigEndian.PutUint64(b[8:], addr.Lo)
	return netip.AddrPortFrom(netip.AddrFrom16(b), port)
}
