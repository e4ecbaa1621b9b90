package kernel

import (
	"net/netip"
	"testing"

	"tcptrace/analyzer/host"
	"tcptrace/fsm"
)

// TestConnecting: which call a socket that is found in SYN_SENT is of, and who called.
func TestConnecting(t *testing.T) {
	local, elsewhere, remote, other := at(1).Local, netip.MustParseAddr("10.9.9.9"), at(1).Remote, at(2).Remote
	call := func(sock uint64, pid uint32, from netip.Addr, to netip.AddrPort) record {
		return record{key: Key{Namespace: 1, Local: netip.AddrPortFrom(from, 0), Remote: to}, state: fsm.SynSent, sock: sock, process: host.Process{PID: pid}}
	}
	bound, open := local.Addr(), netip.IPv4Unspecified()
	for _, c := range []struct {
		what  string
		calls []record
		only  uint64 // its socket; 0: none
		by    uint32
	}{
		{"nobody", nil, 0, 0},
		{"one", []record{call(1, 7, open, remote)}, 1, 7},
		{"one that is bound", []record{call(1, 7, bound, remote)}, 1, 7},
		{"one that is bound elsewhere", []record{call(1, 7, elsewhere, remote)}, 0, 0},
		{"one to elsewhere", []record{call(1, 7, open, other)}, 0, 0},
		{"among others", []record{call(1, 7, open, remote), call(2, 8, elsewhere, remote), call(3, 9, open, other)}, 1, 7},
		{"one process twice", []record{call(1, 7, open, remote), call(2, 7, open, remote)}, 0, 7},
		{"one process twice, once bound", []record{call(1, 7, open, remote), call(2, 7, bound, remote)}, 0, 7},
		{"two processes", []record{call(1, 7, open, remote), call(2, 8, open, remote)}, 0, 0},
		{"two processes, one bound", []record{call(1, 7, open, remote), call(2, 8, bound, remote)}, 0, 0},
	} {
		n := newNameless()
		for i := range c.calls {
			n.add(&c.calls[i])
		}
		only, by := n.connecting(&Endpoint{Key: at(1), State: fsm.SynSent, holder: socket})
		if only != nil && only.sock != c.only || only == nil && c.only != 0 || by.PID != c.by {
			t.Errorf("%s: %+v by %d", c.what, only, by.PID)
		}
		if only, by := n.connecting(&Endpoint{Key: at(1), State: fsm.Established, holder: socket}); only != nil || by.PID != 0 {
			t.Errorf("%s, and it is open: %+v by %d", c.what, only, by.PID)
		}
		for i := range c.calls {
			if n.take(c.calls[i].sock) != &c.calls[i] || n.take(c.calls[i].sock) != nil {
				t.Errorf("%s: call %d is not taken once", c.what, i)
			}
		}
		if len(n.bySock)+len(n.to) > 0 {
			t.Errorf("%s: %d sockets and %d targets are left", c.what, len(n.bySock), len(n.to))
		}
	}
}
