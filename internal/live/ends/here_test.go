package ends

import (
	"net/netip"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/internal/live/kernel"
)

// TestElsewhere: of a conversation between other hosts nothing is remembered, and nobody is asked about it, until the kernel tells of a socket that
// has one of its addresses.
func TestElsewhere(t *testing.T) {
	r := newRun()
	clear(r.here)
	e := endpoint(namespace, server, client, fsm.Established)
	r.kernel.known = map[kernel.Key]kernel.Endpoint{e.Key: e}
	r.opened(1)
	if _, more := r.Hosts(talk(1)); more || len(r.all)+len(r.streams) > 0 {
		t.Errorf("more is expected: %t; %d conversations and %d pairs of sockets are remembered", more, len(r.all), len(r.streams))
	}
	r.expect(t)
	r.kernel.next = []kernel.Change{change(e, 0)}
	r.expect(t) // it waits for the conversation
	if hosts, more := r.Hosts(talk(1)); !more || hosts[analyzer.Server] == nil || hosts[analyzer.Client] != nil {
		t.Errorf("once its address is known: %v, more is expected: %t", hosts, more)
	}
	r.event(&analyzer.Event{Kind: analyzer.EventState, Conversation: talk(1)})
	r.expect(t, "1 server ESTABLISHED")
	r.event(&analyzer.Event{Kind: analyzer.EventConversation, Over: analyzer.NotOver + 1, Conversation: talk(1)})
	if len(r.all)+len(r.streams) > 0 {
		t.Error("it is remembered when it is over")
	}
}

// TestHere: either end may be this host's, all of loopback is, and an interface's zone is in no packet.
func TestHere(t *testing.T) {
	h := here{}
	h.add(netip.MustParseAddr("fe80::1%eth0"))
	h.add(netip.MustParseAddr("::ffff:192.0.2.1"))
	for pair, want := range map[[2]string]bool{
		{"[fe80::1]:1", "[fe80::2]:2"}:     true,
		{"[fe80::2]:2", "[fe80::1]:1"}:     true,
		{"192.0.2.1:1", "192.0.2.2:2"}:     true,
		{"192.0.2.2:1", "192.0.2.3:2"}:     false,
		{"127.0.0.53:1", "192.0.2.3:2"}:    true,
		{"[::1]:1", "[::1]:2"}:             true,
		{"[2001:db8::1]:1", "[fe80::2]:2"}: false,
	} {
		if got := h.has([2]netip.AddrPort{netip.MustParseAddrPort(pair[0]), netip.MustParseAddrPort(pair[1])}); got != want {
			t.Errorf("%v: %t", pair, got)
		}
	}
	if h.interfaces(); !h[netip.MustParseAddr("192.0.2.1")] {
		t.Error("an address that no interface has is forgotten")
	}
}
