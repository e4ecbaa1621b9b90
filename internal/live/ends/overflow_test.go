package ends

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/host"
	"tcptrace/fsm"
	"tcptrace/internal/live/kernel"
)

// TestFull: a listening socket that has no room is none of a conversation's ends.
func TestFull(t *testing.T) {
	r := newRun()
	e := endpoint(namespace, server, netip.AddrPortFrom(netip.IPv4Unspecified(), 0), fsm.Listen)
	e.Listening = &kernel.Listening{}
	r.kernel.next = []kernel.Change{{Endpoint: e}, {Endpoint: e, Drops: 2}}
	if r.expect(t, "10.0.0.2:80 full 2"); len(r.early) > 0 {
		t.Errorf("%d wait", len(r.early))
	}
}

// TestOverflow: that a listening socket had no room is said of the connections to it that were being opened, and of no others.
func TestOverflow(t *testing.T) {
	any := netip.AddrPortFrom(netip.IPv4Unspecified(), 0)
	elsewhere := netip.MustParseAddrPort("10.0.0.3:80")
	for _, c := range []struct {
		what   string
		at     netip.AddrPort
		server fsm.State
		here   netip.Addr
		want   bool
	}{
		{"nothing is known of it", server, fsm.Unknown, server.Addr(), true},
		{"it waits for the ACK", server, fsm.SynRcvd, server.Addr(), true},
		{"it is open", server, fsm.Established, server.Addr(), false},
		{"at any address", netip.AddrPortFrom(netip.IPv6Unspecified(), server.Port()), fsm.SynRcvd, server.Addr(), true},
		{"at another", elsewhere, fsm.SynRcvd, server.Addr(), false},
		{"at another port", netip.AddrPortFrom(server.Addr(), 81), fsm.SynRcvd, server.Addr(), false},
		{"the server is another host", netip.AddrPortFrom(any.Addr(), server.Port()), fsm.Unknown, client.Addr(), false},
	} {
		r := newRun()
		r.here.add(c.here)
		r.opened(1)
		if c.server != fsm.Unknown {
			r.kernel.next = []kernel.Change{change(endpoint(namespace, server, client, c.server), 0)}
		}
		_ = r.Flush()
		r.again = nil
		e := endpoint(namespace, c.at, any, fsm.Listen)
		e.Process, e.Listening = host.Process{PID: 7, Name: "httpd"}, &kernel.Listening{Queue: 2, Backlog: 1, Drops: 5}
		r.kernel.next = []kernel.Change{{Endpoint: e, Drops: 2, Time: time.Unix(1, 0)}, {Endpoint: e, Drops: 3, Time: time.Unix(2, 0)}}
		_ = r.Flush()
		end := r.hosts(1)[analyzer.Server]
		if got := end != nil && end.Overflow != nil; got != c.want || len(r.again) > 0 != c.want {
			t.Errorf("%s: %v, judged again %v", c.what, got, r.again)
		} else if want := (host.Overflow{Time: 2e9, Dropped: 5, Queue: 2, Backlog: 1}); got && (*end.Overflow != want || end.Process.PID != 7 || !end.Process.Listens) {
			t.Errorf("%s: %+v of %+v", c.what, *end.Overflow, end.Process)
		}
	}
}

// TestCookies: SYN cookies are told when there are some.
func TestCookies(t *testing.T) {
	r := newRun()
	var told []kernel.Cookies
	r.Cookies(func(n kernel.Cookies) { told = append(told, n) })
	for _, n := range []kernel.Cookies{{}, {Sent: 2}, {}} {
		r.kernel.fresh = n
		r.expect(t)
	}
	if want := []kernel.Cookies{{Sent: 2}}; !slices.Equal(told, want) {
		t.Errorf("told %v", told)
	}
}
