package flow

import (
	"encoding/binary"
	"net/netip"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/state"
	"tcptrace/analyzer/timing"
	"tcptrace/internal/names"
	"tcptrace/internal/wire"
)

// Build writes the record of the slot's conversation into out, which this tracker may have written before, and its
// facts and incidents behind those in ev; j is room to work in, and followed says that out was followed there. Its stream number is the Merger's to give.
func (t *Tracker) Build(slot uint32, out *conn.Conversation, ev *Evidence, j *state.Course) (followed bool) {
	if isEmbryo(slot) {
		return t.buildEmbryo(t, slot, out, ev, j)
	}
	c := t.Slab.At(slot)
	cl, roles := c.Client()
	// Field by field: what is in out may be another conversation's, and most of it, Sent, stays as it is
	// where no segments are read.
	if t.reads {
		out.Sent = [2]conn.Sent{}
	}
	out.Roles, out.Start, out.End = roles, c.First, c.Last
	out.FirstFrame, out.LastFrame = c.FirstFrame, c.LastFrame
	clear(out.Hosts[:])
	out.Completeness = c.Seen
	out.History = c.History.Orient(cl, c.FirstDir)
	out.Evicted, out.Quick, out.Sound = c.Flags.Has(conn.Evicted), !c.Flags.Has(conn.IsRead), false
	for side := range 2 {
		dir := uint8(side) ^ cl
		out.Addr[side] = socket(&c.Key, dir)
		c.Half[dir].Sent(&c.Half[1-dir], &out.Sent[side])
		if !out.Quick {
			t.Account(&out.Sent[side], c, t.stats.At(slot), dir)
		}
	}
	if out.Spent = (timing.Spent{}); !out.Quick {
		out.Spent = t.Pools.Spent(c, t.stats.At(slot), cl)
		out.Sent[conn.Server].AwaitedMax = t.Awaited(c, t.stats.At(slot))
	}
	if conn.IsSelf(&c.Key) {
		out.Sent[conn.Server] = conn.Sent{} // of the echoes
	}
	n := len(ev.facts)
	ev.facts = c.Facts.AppendTo(&t.Facts, ev.facts)
	out.Facts = ev.facts[n:len(ev.facts):len(ev.facts)]
	n = len(ev.incidents)
	ev.incidents = t.Facts.Incidents.AppendTo(c.Incidents, ev.incidents)
	out.Incidents = ev.incidents[n:len(ev.incidents):len(ev.incidents)]
	out.Now, out.TwoMSL, out.ClientDir, out.Held = max(min(t.Now, t.until(c)), c.Last), t.linger, cl, c.Flags.Has(conn.WasHeld)
	out.Sides = [2]conn.Endpoint{c.SideOf(0, out.Now), c.SideOf(1, out.Now)}
	for side := range out.Sent {
		out.Sent[side].Unacknowledged = min(out.Sent[side].Unacknowledged, out.Unacknowledged(conn.Side(side)))
	}
	out.Names[conn.Server], out.ALPN = t.names.get(slot)
	out.Names[conn.Client] = names.Name{}
	t.nameHosts(out)
	t.origins.tell(slot, out)
	o, plain := state.PlainOutcome(c, &t.Facts)
	if !plain {
		j.Follow(out)
		o = j.View.Outcome()
		if j.Close.Kind == state.CloseNone {
			out.Spent.NotClosing(j.View.Opened())
		}
	}
	out.Outcome = o
	out.ConnState = conn.ZeekState(o, j.Close.By, &c.Half[cl], &c.Half[1-cl])
	return !plain
}

// Addr is the addresses and ports of the conversation in a slot, in the order of its key.
func (t *Tracker) Addr(slot uint32) [2]netip.AddrPort {
	k := t.Slab.key(slot)
	return [2]netip.AddrPort{socket(k, 0), socket(k, 1)}
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
