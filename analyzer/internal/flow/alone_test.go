package flow

import (
	"testing"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
)

// TestIsAlone: who had its sockets for itself, and was over for good when it was.
func TestIsAlone(t *testing.T) {
	made := func(change func(c *conn.Conversation)) *conn.Conversation {
		c := &conn.Conversation{FirstFrame: 5, LastFrame: 9}
		c.Addr[0], c.Addr[1] = socket(&wire.Key{PortA: 1, PortB: 2}, 0), socket(&wire.Key{PortA: 1, PortB: 2}, 1)
		change(c)
		return c
	}
	fact := func(ahead uint32, flags wire.Flags) conn.Fact { return conn.Fact{Ahead: ahead, Flags: uint8(flags)} }
	incident := func(kind conn.IncidentKind) func(*conn.Conversation) {
		return func(c *conn.Conversation) { c.Incidents = []conn.Incident{{Kind: kind}} }
	}
	reset := func(facts ...conn.Fact) func(*conn.Conversation) {
		return func(c *conn.Conversation) {
			c.Facts = facts
			for i := range facts {
				if facts[i].Any(wire.RST) {
					c.Sent[1].RSTs++
				}
			}
		}
	}
	for _, x := range []struct {
		name   string
		change func(c *conn.Conversation)
		want   bool
	}{
		{"ordinary", func(*conn.Conversation) {}, true},
		{"quick", func(c *conn.Conversation) { c.Quick = true }, false},
		{"held", func(c *conn.Conversation) { c.Held = true }, false},
		{"evicted", func(c *conn.Conversation) { c.Evicted = true }, false},
		{"itself", func(c *conn.Conversation) { c.Addr[1] = c.Addr[0] }, false},
		{"with another incident", incident(conn.IncidentLoss), true},
		{"behind another", incident(conn.IncidentSucceeds), false},
		{"before another", incident(conn.IncidentSucceeded), false},
		{"answered by another", incident(conn.IncidentOldAnswer), false},
		{"ended by its RST", reset(fact(0, wire.SYN), fact(4, wire.RST)), true},
		{"not ended by its RST", reset(fact(0, wire.SYN), fact(3, wire.RST)), false},
		{"more behind its RST", reset(fact(3, wire.RST), fact(4, wire.SYN)), false},
		{"two RSTs", reset(fact(3, wire.RST), fact(4, wire.RST)), false},
		{"an RST that was not kept", func(c *conn.Conversation) { c.Sent[0].RSTs = 1 }, false},
	} {
		if got := IsAlone(made(x.change)); got != x.want {
			t.Errorf("%s: %v", x.name, got)
		}
	}
}
