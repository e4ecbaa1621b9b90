package flow

import (
	"fmt"
	"testing"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
)

// TestOrigins: a slot has the origin of the conversation that is in it now.
func TestOrigins(t *testing.T) {
	o := origins{name: func(number uint16) string { return fmt.Sprint("eth", number) }}
	tagged := &wire.Segment{Net: 1, VLAN: [2]uint16{100, 20}, Iface: 2}
	for _, step := range []struct {
		slot uint32
		s    *wire.Segment // nil: none
		want string
	}{
		{3, nil, "[0 0] eth0"},
		{3, &wire.Segment{VLAN: [2]uint16{7, 7}}, "[0 0] eth0"}, // what is not valid
		{3, tagged, "[100 20] eth2"},
		{2, nil, "[0 0] eth0"},
		{4, nil, "[0 0] eth0"},
		{3, &wire.Segment{}, "[0 0] eth0"},
		{9, &wire.Segment{Iface: 1}, "[0 0] eth1"},
	} {
		if step.s != nil {
			o.note(step.slot, step.s)
		}
		c := conn.Conversation{VLAN: [2]uint16{1, 1}, Interface: "of another"}
		o.tell(step.slot, &c)
		if got := fmt.Sprint(c.VLAN, " ", c.Interface); got != step.want {
			t.Errorf("slot %d: %s, want %s", step.slot, got, step.want)
		}
	}
	var none origins
	none.note(1, &wire.Segment{})
	c := conn.Conversation{Interface: "of another"}
	if none.tell(1, &c); len(none.of) != 0 || c.Interface != "" {
		t.Errorf("without tags and names there is room for %d, and %q", len(none.of), c.Interface)
	}
}

// TestOriginOfEmbryo: what waits as a SYN keeps the interface, whether an answer comes or not.
func TestOriginOfEmbryo(t *testing.T) {
	for _, answered := range []bool{false, true} {
		f := newFeed(Options{Interface: func(number uint16) string { return fmt.Sprint("eth", number) }})
		var got []string
		f.merger.sink = sinkFunc(func(c *conn.Conversation) error {
			got = append(got, c.Interface)
			return nil
		})
		f.add(wire.Segment{Key: pair(1), Flags: wire.SYN, Iface: 3})
		if answered {
			f.add(wire.Segment{Key: pair(1), Dir: 1, Flags: wire.SYN | wire.ACK, Ack: 1, Iface: 4})
		}
		f.close(t)
		if len(got) != 1 || got[0] != "eth3" {
			t.Errorf("answered %t: %q", answered, got)
		}
	}
}

type sinkFunc func(c *conn.Conversation) error

func (f sinkFunc) Conversation(c *conn.Conversation) error { return f(c) }
