package flow

import (
	"net/netip"
	"time"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/segment"
	"tcptrace/analyzer/internal/state"
	"tcptrace/internal/names"
)

// noticeable is what somebody must have waited for a conversation to be no longer sound.
const noticeable conn.Time = 1e9

// sound is what a Skimmer gets of a conversation in which nothing is wrong.
type sound struct {
	addr      [2]netip.AddrPort
	names     [2]names.Name
	vlan      [2]uint16
	iface     string
	start     conn.Time
	handshake [2]time.Duration
	turns     uint32   // times that the server answered
	ttl       [2]uint8 // the least of the client, and that of all that the server sent; 0: that has several
	unwritten uint8    // letters of its history
}

// skims reports whether the sink wants to know little of the conversation in a slot.
func (t *Tracker) skims(slot uint32) bool {
	if t.skimmer == nil || isEmbryo(slot) {
		return false
	}
	c := t.Slab.At(slot)
	return c.Flags.Has(conn.IsRead) && t.skimmer.Skims(c.First) && t.isSound(slot)
}

// isSound reports whether nothing is wrong with the conversation in a slot, as far as that can be told without a judgment: it has no
// anomaly, was opened and closed in order, both sides or none sent data, and nobody waited for long, as far as its segments are read. Of one that
// is not sound nothing is known.
func (t *Tracker) isSound(slot uint32) bool {
	c := t.Slab.At(slot)
	if c.Incidents != 0 || c.Flags.Has(conn.Evicted|conn.WasHeld) || conn.IsSelf(&c.Key) {
		return false
	}
	if (c.Half[0].Flags ^ c.Half[1].Flags).Has(conn.SentData) { // a request without an answer
		return false
	}
	closeWait, ok := state.InOrder(c, &t.Facts)
	if !ok || closeWait >= noticeable {
		return false
	}
	if !c.Flags.Has(conn.IsRead) {
		return true
	}
	l := t.stats.At(slot)
	return t.Prompt(c, l, 0, noticeable) && t.Prompt(c, l, 1, noticeable)
}

// sound is what is handed on of the conversation in a slot, which is sound.
func (t *Tracker) sound(slot uint32) sound {
	c := t.Slab.At(slot)
	client, _ := c.Client()
	b := &t.bench.conv
	b.Addr = [2]netip.AddrPort{socket(&c.Key, client), socket(&c.Key, 1-client)}
	b.Names[conn.Client] = names.Name{}
	b.Names[conn.Server], _ = t.names.get(slot)
	t.nameHosts(b)
	t.origins.tell(slot, b)
	l := t.stats.At(slot)
	handshake := [2]time.Duration{time.Duration(l.Of[client].Handshake), time.Duration(l.Of[1-client].Handshake)}
	return sound{b.Addr, b.Names, b.VLAN, b.Interface, c.First, handshake, l.Of[1-client].Thinks, soundTTLs(l, client), c.Unwritten()}
}

// soundTTLs are those that are handed on.
func soundTTLs(l *segment.Stats, client uint8) [2]uint8 {
	ofClient, _ := l.Of[client].TTLs()
	least, most := l.Of[1-client].TTLs()
	if least != most {
		least = 0
	}
	return [2]uint8{ofClient, least}
}

// emitSound hands on, as c, a conversation that was sound.
func emitSound(to Skimmer, s *sound, stream uint64, c *conn.Conversation) error {
	c.Stream, c.Outcome, c.Roles = stream, conn.Closed, conn.RolesHandshake
	c.VLAN, c.Interface = s.vlan, s.iface
	c.Addr, c.Names, c.Start, c.Sent[conn.Client].TTLMin = s.addr, s.names, s.start, s.ttl[conn.Client]
	c.Sent[conn.Server].TTLMin, c.Sent[conn.Server].TTLMax = s.ttl[conn.Server], s.ttl[conn.Server]
	c.Sent[conn.Client].HandshakeRTT, c.Sent[conn.Server].HandshakeRTT, c.Sent[conn.Server].Thinks = s.handshake[0], s.handshake[1], s.turns
	return to.Sound(c)
}
