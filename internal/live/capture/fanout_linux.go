package capture

import (
	"fmt"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"tcptrace/internal/wire"
)

// Several rings of one interface, but the one of SYNs, are members of a group (PACKET_FANOUT): the kernel puts each frame into one of them, by a
// hash that is the same for both directions of a connection, also inside IP and GRE tunnels. What it does not bring together (fragments, errors of ICMP, the outer
// datagrams of VXLAN) order does, which merges all by time.

// nothing is a filter.
var nothing = []bpf.RawInstruction{{Op: unix.BPF_RET | unix.BPF_K, K: 0}}

// openRings captures by opts.Rings rings, which share opts.BufferSize.
func openRings(name string, opts Options) ([]handle, error) {
	p, err := planFor(name, opts)
	if err != nil {
		return nil, err
	}
	if p.kind != wire.LinkEthernet && name != AnyInterface {
		return nil, fmt.Errorf("%s: what its frames look like is for libpcap to say", name)
	}
	rings, err := p.openGroup(opts)
	if err != nil {
		for _, r := range rings {
			r.close()
		}
		return nil, refused(name, err)
	}
	rings[0].losses = newLosses(name)
	handles := make([]handle, len(rings))
	for i, r := range rings {
		handles[i] = r
	}
	return handles, nil
}

// openGroup opens the rings: one of SYNs, and a group of all others. A socket that is bound gets every frame until it is a member, and a member those
// of others that are not yet: so none takes any until all are, and no frame comes twice. One alone is no group: the hash of a frame, of which
// nothing would depend, is a sixth of what the kernel does with it.
func (p *plan) openGroup(opts Options) (rings []*ring, err error) {
	openings, others, err := p.filters()
	if err != nil {
		return nil, err
	}
	forSYNs, each := opts.divide()
	var group int
	for i := range opts.Rings - 1 {
		r, err := p.open(nothing, each, opts)
		if err != nil {
			return rings, err
		}
		rings = append(rings, r)
		switch {
		case opts.Rings == 2: // SYNs have the other one
		case i == 0:
			group, err = r.found()
		default:
			err = r.join(group)
		}
		if err != nil {
			return rings, fmt.Errorf("a ring for each of several processors: %w", err)
		}
	}
	for _, r := range rings {
		if err := r.attach(others); err != nil {
			return rings, err
		}
	}
	last, err := p.open(openings, forSYNs, opts)
	if err != nil {
		return rings, err
	}
	return append(rings, last), nil
}

// fanout is how frames are dealt. One whose ring has no room goes into another's.
const fanout = unix.PACKET_FANOUT_HASH | unix.PACKET_FANOUT_FLAG_ROLLOVER

// found makes a group, with a number that no other in the network namespace has.
func (r *ring) found() (group int, err error) {
	if err := unix.SetsockoptInt(r.fd, unix.SOL_PACKET, unix.PACKET_FANOUT, (fanout|unix.PACKET_FANOUT_FLAG_UNIQUEID)<<16); err != nil {
		return 0, err
	}
	group, err = unix.GetsockoptInt(r.fd, unix.SOL_PACKET, unix.PACKET_FANOUT)
	return group & 0xffff, err
}

func (r *ring) join(group int) error {
	return unix.SetsockoptInt(r.fd, unix.SOL_PACKET, unix.PACKET_FANOUT, group|fanout<<16)
}
