package kernel

import (
	"net/netip"

	"tcptrace/analyzer/host"
	"tcptrace/fsm"
)

// nameless is what was told of sockets that have entered SYN_SENT and have no port yet. Where the kernel does not report calls of tcp_connect, they are
// found with one later, and one look is to be enough for each, however many there are.
type nameless struct {
	bySock map[uint64]*record
	to     map[target]*dialing
}

// target is what such a socket connects to, and from where, if it is bound to an address.
type target struct {
	namespace uint32
	remote    netip.AddrPort
	from      netip.Addr
}

// dialing are the sockets with one target.
type dialing struct {
	socks map[uint64]*record
	by    map[host.Process]int // how many of them are each process's
}

const maxNameless = 1 << 12

func newNameless() nameless { return nameless{map[uint64]*record{}, map[target]*dialing{}} }

func (r *record) target() target {
	t := target{r.key.Namespace, r.key.Remote, r.key.Local.Addr()}
	if t.from.IsUnspecified() {
		t.from = netip.Addr{}
	}
	return t
}

// add takes what was told of a socket, of which nothing was, if there is room.
func (n *nameless) add(r *record) {
	if len(n.bySock) >= maxNameless {
		return
	}
	n.bySock[r.sock] = r
	all := n.to[r.target()]
	if all == nil {
		all = &dialing{map[uint64]*record{}, map[host.Process]int{}}
		n.to[r.target()] = all
	}
	all.socks[r.sock] = r
	all.by[r.process]++
}

// take is what was told of a socket, and is forgotten; nil if nothing was.
func (n *nameless) take(sock uint64) *record {
	r := n.bySock[sock]
	if r == nil {
		return nil
	}
	delete(n.bySock, sock)
	all := n.to[r.target()]
	delete(all.socks, sock)
	if all.by[r.process]--; all.by[r.process] == 0 {
		delete(all.by, r.process)
	}
	if len(all.socks) == 0 {
		delete(n.to, r.target())
	}
	return r
}

// connecting is what was told of a socket without a port that cannot but be e, which was found with one; nil if nothing was, or of several. by is who connected,
// also if one process did several times.
func (n *nameless) connecting(e *Endpoint) (only *record, by host.Process) {
	if e.State != fsm.SynSent || e.holder != socket {
		return nil, by
	}
	found := 0
	for _, from := range [...]netip.Addr{e.Local.Addr(), {}} {
		all := n.to[target{e.Namespace, e.Remote, from}]
		if all == nil {
			continue
		}
		for process := range all.by {
			if found > 0 && process != by {
				return nil, host.Process{}
			}
			by, found = process, found+1
		}
		for _, only = range all.socks {
			break
		}
		found += len(all.socks) - len(all.by)
	}
	if found > 1 {
		only = nil
	}
	return only, by
}
