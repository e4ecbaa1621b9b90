package flow

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/reuse"
	"tcptrace/internal/names"
	"tcptrace/internal/wire"
)

// Notice is what a frame tells of a conversation beside being one of its segments. Whoever decodes the frames writes it (package
// pipeline), in the order of the capture and beside the batch of segments, and the tracker of the conversation's partition gets it
// behind all segments of the frames up to it: Tracker.Notice. There are few: a segment without any costs nothing.
//
// A notice about a segment (names) comes right behind that one, and goes where it went, be it held or not. Any other finds its
// conversation by its sockets: its Key is what decides on the tracker.
type Notice struct {
	Kind  NoticeKind
	Key   wire.Key   // the sockets of the conversation
	Dir   uint8      // of the segment that it is about: 0 was sent by Key.A
	Net   uint32     // of the frame, as wire.Segment.Net
	Frame uint64     // the frame that tells
	Time  conn.Time  // of that frame
	Name  names.Name // of NoticeName
	ICMP  wire.ICMPError
}

// NoticeKind says what a Notice tells.
type NoticeKind uint8

// The kinds.
const (
	NoticeName NoticeKind = iota // how the server is named; about the segment before it
	NoticeICMP                   // an ICMP error quotes a segment of it
)

// Notice takes what a frame tells. at is where the tracker's latest segment went. It returns where the conversation is that has news by it,
// noSlot if none has.
func (t *Tracker) Notice(n *Notice, at Placement, out *Output) (slot uint32) {
	switch n.Kind {
	case NoticeICMP:
		return t.icmp(n, out)
	case NoticeName:
		if at.held {
			h := t.held[at.Slot]
			if len(h.names) < reuse.MaxHeld {
				h.names = append(h.names, n.Name)
			}
			return noSlot
		}
		if isEmbryo(at.Slot) {
			t.Slab.embryos.fill(t.Slab.embryos.at(at.Slot), &t.names, n.Name)
			return noSlot
		}
		t.names.add(at.Slot, n.Name)
	}
	return noSlot
}

// nameHosts names those hosts of c that the user named.
func (t *Tracker) nameHosts(c *conn.Conversation) {
	if t.hosts == nil {
		return
	}
	for side := range c.Addr {
		if name := t.hosts(c.Addr[side].Addr()); name != "" {
			c.Names[side] = names.Name{Kind: names.Hosts, Text: names.Clean([]byte(name))}
		}
	}
}

// slotNames is how the conversations in the slots are named.
type slotNames struct {
	table names.Table
	of    []nameSet // by slot; those behind the end have none
}

// nameSet is numbers in the table, by kind. Its first text of a kind is a conversation's: what comes later is another request, or forged.
type nameSet [names.NumKinds]uint32

// add names the conversation in slot.
func (n *slotNames) add(slot uint32, name names.Name) { n.fill(n.at(slot), name) }

// at is the names of the conversation in slot.
func (n *slotNames) at(slot uint32) *nameSet {
	for int(slot) >= len(n.of) {
		n.of = append(n.of, nameSet{})
	}
	return &n.of[slot]
}

// fill adds a name to a set.
func (n *slotNames) fill(set *nameSet, name names.Name) {
	if at := &set[name.Kind]; *at == 0 {
		*at = n.table.Add(name.Text)
	}
}

// release forgets the names of the conversation in slot.
func (n *slotNames) release(slot uint32) {
	if int(slot) >= len(n.of) {
		return
	}
	for _, i := range n.of[slot] {
		n.table.Release(i)
	}
	n.of[slot] = nameSet{}
}

// get is the best name of the server of the conversation in slot, and the protocols that its client offers.
func (n *slotNames) get(slot uint32) (server names.Name, alpn string) {
	if int(slot) >= len(n.of) {
		return names.Name{}, ""
	}
	return n.best(&n.of[slot])
}

// best is get for the conversation of a set.
func (n *slotNames) best(set *nameSet) (server names.Name, alpn string) {
	for kind := names.SNI; kind >= names.DNS; kind-- {
		if set[kind] != 0 {
			server = names.Name{Kind: kind, Text: n.table.Text(set[kind])}
			break
		}
	}
	return server, n.table.Text(set[names.ALPN])
}
