package flow

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/names"
	"tcptrace/internal/wire"
)

// origin is where the first frame of a conversation was captured.
type origin struct {
	vlan  [2]uint16 // as wire.Segment has it
	iface uint16
}

// origins holds those of the conversations in the slots. A capture of one interface without tags has none.
type origins struct {
	of      []origin                   // by slot; what is behind the end is zero
	name    func(number uint16) string // of an interface; nil: none has one
	snapLen func(number uint16) uint32 // likewise; nil: it is not known of any
}

// NameInterfaces has name name interfaces, unless the options have what does.
func (t *Tracker) NameInterfaces(name func(number uint16) string) {
	if t.origins.name == nil {
		t.origins.name = name
	}
}

// SnapLens has snapLen say where packets of interfaces are cut, unless the options have what does.
func (t *Tracker) SnapLens(snapLen func(number uint16) uint32) {
	if t.origins.snapLen == nil {
		t.origins.snapLen = snapLen
	}
}

// isTruncated reports whether payload of s was cut, and not where the capture cuts every packet: that is how it is made, and nothing to note of one.
func (o *origins) isTruncated(s *wire.Segment) bool {
	if s.PayloadCap >= s.Len {
		return false
	}
	if o.snapLen == nil || s.Bits&wire.Reassembled != 0 {
		return true
	}
	snap := o.snapLen(s.Iface)
	return snap == 0 || s.PayloadOff+s.PayloadCap < snap
}

// note enters that s is the first segment of the conversation in slot.
func (o *origins) note(slot uint32, s *wire.Segment) {
	from := origin{iface: s.Iface}
	if s.Net != 0 {
		from.vlan = s.VLAN
	}
	if int(slot) >= len(o.of) {
		if from == (origin{}) {
			return
		}
		o.of = append(o.of, make([]origin, int(slot)+1-len(o.of))...)
	}
	o.of[slot] = from
}

// tell writes into c where the conversation in slot was captured.
func (o *origins) tell(slot uint32, c *conn.Conversation) {
	var from origin
	if int(slot) < len(o.of) {
		from = o.of[slot]
	}
	c.VLAN, c.Interface = from.vlan, o.called(from.iface)
}

// called is the name of an interface; "": it has none.
func (o *origins) called(iface uint16) string {
	if o.name == nil {
		return ""
	}
	return names.Printable(o.name(iface))
}
