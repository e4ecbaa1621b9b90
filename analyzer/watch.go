package analyzer

import (
	"encoding/binary"
	"net/netip"

	"tcptrace/internal/wire"
)

// A second pass over a capture wants to know of each segment which conversation of the first pass it
// belongs to. The trackers decide that again: a partition that is shown the same segments in the same
// order, whatever the others are shown, comes to the same conclusions.

// Placement is where a Tracker put a segment. It is good until the tracker's next segment.
type Placement struct {
	slot uint32
	held bool // it waits for what follows to tell where it belongs (hold)
}

// Place says to which conversation a segment belongs. A conversation is named by its first frame.
type Place struct {
	First uint64
	Held  uint64 // not 0: it belongs to the conversation that begins with this frame if there is one, else to First
}

// Place is what p, which t returned last, means.
func (t *Tracker) Place(p Placement) Place {
	place := Place{First: t.slab.at(p.slot).firstFrame}
	if p.held {
		place.Held = t.held[p.slot].copies[0].Frame
	}
	return place
}

// Discard empties o, for who wants to know the places of segments and nothing else.
func (o *Output) Discard() {
	o.events, o.done = o.events[:0], o.done[:0]
	o.evidence.reset()
}

// Partition is which of n partitions of the flows c was in.
func (c *Conversation) Partition(n int) int {
	client, server := c.Addr[Client], c.Addr[Server]
	key, _ := wire.MakeKey(wireAddr(client.Addr()), wireAddr(server.Addr()), client.Port(), server.Port(), client.Addr().Is6())
	return key.Partition(n)
}

func wireAddr(a netip.Addr) wire.Addr {
	if a.Is4() {
		b := a.As4()
		return wire.Addr{Lo: uint64(binary.BigEndian.Uint32(b[:]))}
	}
	b := a.As16()
	return wire.Addr{Hi: binary.BigEndian.Uint64(b[:8]), Lo: binary.BigEndian.Uint64(b[8:])}
}

// WasHeld reports whether c begins with a segment of which, when it passed, it was not clear that it
// begins a conversation (Place.Held).
func (c *Conversation) WasHeld() bool { return c.held }
