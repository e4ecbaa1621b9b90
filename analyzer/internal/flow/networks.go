package flow

import (
	"tcptrace/analyzer/internal/reuse"
	"tcptrace/internal/wire"
)

// networks tells conversations apart that use the same addresses and ports in different networks: on two VLANs, in two
// tunnels (wire.Segment.Net). Different tags alone do not tell. A router changes them, labels differ by direction, and
// one capture may hold a frame inside and outside of a tunnel: these are one conversation, with frames captured twice. So a segment
// with other tags than those before it opens another conversation only if its numbers do not fit.
type networks struct {
	any   bool        // there are tags in this capture
	split bool        // there are two networks
	of    [][2]uint32 // by slot and direction: of the first segment
}

// note keeps the network of a segment in direction dir of the conversation in slot.
func (n *networks) note(slot uint32, dir uint8, net uint32) {
	for int(slot) >= len(n.of) {
		n.of = append(n.of, [2]uint32{})
	}
	n.of[slot][dir&1] = net
}

// knows reports whether the conversation in slot had a segment in that network.
func (n *networks) knows(slot uint32, dir uint8, net uint32) bool {
	if int(slot) >= len(n.of) {
		return net == 0
	}
	return n.of[slot][dir&1] == net
}

// network is find for a capture with tags. slot is the conversation of the segment's sockets, hash that of its key. If the segment
// is of another network than that, the network becomes part of its key, and the slot is that of this key. copied says that a frame
// like it passed just before.
func (t *Tracker) network(slot, hash uint32, s *wire.Segment, copied bool, out *Output) (uint32, uint32) {
	n := &t.networks
	n.any = true
	switch {
	case slot == noSlot && !n.split, slot != noSlot && n.knows(slot, s.Dir, s.Net):
		return slot, hash
	}
	key := s.Key
	key.V6 |= max(s.Net<<1, 2)
	h := Hash(&key)
	other := t.find(&key, h, t.at, s.Frame, out)
	if other == noSlot && (slot == noSlot || copied || reuse.MayHold(t.Slab.At(slot), s)) {
		if slot != noSlot && t.Slab.At(slot).Half[s.Dir].Packets == 0 {
			n.note(slot, s.Dir, s.Net)
		}
		return slot, hash
	}
	n.split = true
	s.Key = key
	return other, h
}
