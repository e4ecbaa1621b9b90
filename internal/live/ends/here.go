package ends

import (
	"net"
	"net/netip"

	"tcptrace/analyzer"
)

// here knows which addresses are this host's. Most conversations of a busy capture end elsewhere: nothing is remembered of these.
type here map[netip.Addr]bool

// mostHere bounds the addresses: to a transparent proxy, those that its clients choose are local.
const mostHere = 1 << 16

// add takes an address of this host. Its zone says which interface has it, which packets do not.
func (h here) add(a netip.Addr) {
	if len(h) < mostHere && !a.IsUnspecified() {
		h[a.Unmap().WithZone("")] = true
	}
}

// interfaces takes the addresses that the interfaces have now.
func (h here) interfaces() {
	list, err := net.InterfaceAddrs()
	if err != nil { // what the kernel tells of is learned all the same
		return
	}
	for _, a := range list {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			h.add(p.Addr())
		}
	}
}

// has reports whether a conversation may end on this host: one of its addresses is this host's, or its kernel has told of a socket that has it, such
// as that of a transparent proxy.
func (h here) has(addr [2]netip.AddrPort) bool {
	return h.is(addr[0].Addr()) || h.is(addr[1].Addr())
}

// is reports whether an address may be this host's.
func (h here) is(a netip.Addr) bool { return a.IsLoopback() || h[a] }

// MayBeHere reports whether a conversation with these addresses may end on this host.
func (e *Ends) MayBeHere(addr [2]netip.AddrPort) bool { return e.here.has(addr) }

// Owned reports whether it is known of each end of a conversation on this host which process has it, not only which one listens there.
func (e *Ends) Owned(c *analyzer.Conversation) bool {
	n := 0
	for side, end := range c.Hosts {
		switch {
		case !e.here.is(c.Addr[side].Addr()):
		case end == nil || end.Process.PID == 0 || end.Process.Listens:
			return false
		default:
			n++
		}
	}
	return n > 0
}
