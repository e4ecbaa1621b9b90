package wire

// Two networks may use the same addresses: on two VLANs, in two tunnels. What a frame came through on its way to the
// IP header of its segment is hashed to Segment.Net, outermost first: VLAN and service ids, MPLS labels, the endpoints of
// tunnels (alike for both directions), and the ids in their headers.
//
// Equal hashes are a network, or so few different ones that nobody meets them. Different ones need not be two networks: labels
// and GTP's tunnel ids differ by direction, a router changes tags, a capture may hold a frame inside and outside of a tunnel.

// What is hashed, so that a VLAN is not a label.
const (
	netVLAN = iota + 1
	netPBB
	netMPLS
	netPPPoE
	netTunnel
	netVXLAN
	netGENEVE
	netGTP
	netGRE
)

// through notes that the frame came through one more network within the one before.
func (d *Decoder) through(kind uint32, id uint32) {
	h := (uint64(d.net)<<32 | uint64(id)) ^ uint64(kind)<<28
	h = (h ^ 0x9E3779B97F4A7C15) * 0xD6E8FEB86659FD93
	h = (h ^ h>>32) * 0xD6E8FEB86659FD93
	d.net = max(uint32(h>>32), 1)
}

// tagged notes the id of a VLAN tag.
func (d *Decoder) tagged(id uint16) {
	if d.vlan[0] == 0 {
		d.vlan[0] = id
	} else {
		d.vlan[1] = id
	}
}

// between notes a tunnel's endpoints. proto is the IP protocol that it uses.
func (d *Decoder) between(src, dst Addr, proto uint8) {
	switch proto {
	case protoIPv4, protoIPv6, protoGRE, protoUDP:
		d.through(netTunnel, endpoint(src)+endpoint(dst))
	}
}

func endpoint(a Addr) uint32 { return uint32(mix(a.Hi^0xA0761D6478BD642F, a.Lo^0xE7037ED1A0B428DB)) }
