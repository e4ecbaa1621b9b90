package wire

// The UDP ports that hint at a tunnel.
const (
	portGTPU      = 2152
	portTeredo    = 3544
	portGREinUDP  = 4754 // RFC 8086
	portVXLAN     = 4789
	portCAPWAP    = 5247 // its data channel (RFC 5415)
	portVXLANOld  = 8472 // Linux's default, from before IANA chose
	portGENEVE    = 6081
	gtpTypeGPDU   = 255 // a user's packet
	teredoPrefix  = 0x20010000
	linkLocalMask = 0xffc0 // fe80::/10
)

// udp looks for a tunnel. The ports are only a hint, any program may use them:
// content that is no such tunnel makes the packet plain UDP, not a bad tunnel.
func (d *Decoder) udp(frame []byte, off, end int, bits Bits, s *Segment) Verdict {
	if len(frame)-off < 8 {
		return NotTCP
	}
	h := (*[8]byte)(frame[off:])
	sport, dport := be16(h[:]), be16(h[2:])
	if !tunnelPort(sport) && !tunnelPort(dport) {
		return NotTCP
	}
	if n := int(be16(h[4:])); n >= 8 && off+n < end { // 0 in a jumbogram (RFC 2675 4)
		end = off + n
		frame = frame[:min(len(frame), end)]
	}
	bits, ok := d.enter(bits)
	if !ok {
		return BadTunnel
	}
	v := d.udpTunnel(dport, frame, off+8, end, bits, s)
	if v == NotTCP && sport != dport {
		v = d.udpTunnel(sport, frame, off+8, end, bits, s)
	}
	return v
}

func tunnelPort(port uint16) bool {
	switch port {
	case portGTPU, portTeredo, portGREinUDP, portVXLAN, portCAPWAP, portVXLANOld, portGENEVE:
		return true
	}
	return false
}

func (d *Decoder) udpTunnel(port uint16, frame []byte, off, end int, bits Bits, s *Segment) Verdict {
	v, before := NotTCP, len(d.headers)
	switch port {
	case portVXLAN, portVXLANOld:
		v = d.vxlan(frame, off, end, bits, s)
	case portGENEVE:
		v = d.geneve(frame, off, end, bits, s)
	case portGTPU:
		v = d.gtpu(frame, off, end, bits, s)
	case portTeredo:
		v = d.teredo(frame, off, end, bits, s)
	case portGREinUDP:
		v = d.gre(frame, off, end, bits, s)
	case portCAPWAP:
		v = d.capwap(frame, off, end, bits, s)
	}
	switch v {
	case NotIP, BadIP, BadTunnel:
		d.headers = d.headers[:before] // it was no tunnel
		return NotTCP
	}
	return v
}

// vxlan skips a VXLAN header (RFC 7348 5).
func (d *Decoder) vxlan(frame []byte, off, end int, bits Bits, s *Segment) Verdict {
	if len(frame)-off < 8 {
		return short(off, end, 8, NotTCP)
	}
	const valid = 0x08 // the network identifier
	if frame[off]&valid == 0 {
		return NotTCP
	}
	d.through(netVXLAN, be32(frame[off+4:])>>8)
	return d.ethernet(frame, off+8, end, bits, s)
}

// geneve skips a GENEVE header (RFC 8926 3.4) by its length. Read by hand:
// gopacket's decoder takes one bit of an option's length for a flag, and
// counts their total in eight bits.
func (d *Decoder) geneve(frame []byte, off, end int, bits Bits, s *Segment) Verdict {
	if len(frame)-off < 8 {
		return short(off, end, 8, NotTCP)
	}
	h := (*[8]byte)(frame[off:])
	size := 8 + int(h[0]&0x3f)*4
	if h[0]>>6 != 0 || h[1]&0x80 != 0 { // another version; a control packet
		return NotTCP
	}
	if len(frame)-off < size {
		return short(off, end, size, NotTCP)
	}
	d.through(netGENEVE, be32(h[4:])>>8)
	return d.ether(be16(h[2:]), frame, off+size, end, bits, s)
}

// capwap skips the header of CAPWAP's data channel (RFC 5415 4.3). What it carries is an Ethernet frame, or, natively, one of
// 802.11. It may be a fragment; CAPWAP has its own.
func (d *Decoder) capwap(frame []byte, off, end int, bits Bits, s *Segment) Verdict {
	if len(frame)-off < 8 {
		return short(off, end, 8, NotTCP)
	}
	const (
		native, fragment, last, keepAlive = 1 << 8, 1 << 7, 1 << 6, 1 << 3
		wlanBinding                       = 1
	)
	h := be32(frame[off:])
	size := int(h>>19&31) * 4
	if h>>24 != 0 || size < 8 || h&keepAlive != 0 { // another version, or encrypted
		return NotTCP
	}
	if len(frame)-off < size {
		return short(off, end, size, NotTCP)
	}
	link := LinkEthernet
	if h&native != 0 {
		if h>>9&31 != wlanBinding {
			return NotTCP
		}
		link = linkWLAN
	}
	if h&fragment != 0 {
		p := be32(frame[off+4:])
		d.fragmentCAPWAP(frame, off+size, end, link, p>>16, p>>3&0x1fff*8, h&last == 0, bits)
		if p>>3&0x1fff != 0 {
			return Fragment
		}
		bits |= FirstFragment
	}
	return d.link(link, frame, off+size, end, bits, s)
}

// gtpu skips a GTPv1-U header and its extensions (3GPP TS 29.281 5.1, 5.2). Read
// by hand: gopacket's decoder wants the whole packet, which the snap length may
// have cut, and prints to standard output where it fails.
func (d *Decoder) gtpu(frame []byte, off, end int, bits Bits, s *Segment) Verdict {
	if len(frame)-off < 8 {
		return short(off, end, 8, NotTCP)
	}
	h := (*[8]byte)(frame[off:])
	n := int(be16(h[2:]))                    // bytes after these eight
	if h[0]>>4 != 3 || h[1] != gtpTypeGPDU { // version 1, protocol type GTP
		return NotTCP
	}
	if n > end-off-8 {
		if bits&FirstFragment == 0 {
			return NotTCP
		}
		n = end - off - 8
	}
	d.through(netGTP, be32(h[4:]))
	off += 8
	end = off + n
	frame = frame[:min(len(frame), end)]
	if h[0]&7 != 0 { // any of E, S, PN: all three fields are there
		if len(frame)-off < 4 {
			return short(off, end, 4, NotTCP)
		}
		next := frame[off+3]
		off += 4
		for h[0]&4 != 0 && next != 0 {
			if len(frame) == off {
				return short(off, end, 1, NotTCP)
			}
			size := int(frame[off]) * 4
			if size == 0 {
				return NotTCP
			}
			if len(frame)-off < size {
				return short(off, end, size, NotTCP)
			}
			next = frame[off+size-1]
			off += size
		}
	}
	return d.rawIP(frame, off, end, bits, s)
}

// teredo reads IPv6 in UDP (RFC 4380 5.1.1), behind an authentication and an
// origin indication. There is no magic number, so the IPv6 header must account for every byte
// and name a Teredo or link-local address.
func (d *Decoder) teredo(frame []byte, off, end int, bits Bits, s *Segment) Verdict {
	if len(frame)-off >= 13 && be16(frame[off:]) == 0x0001 {
		// Two identifiers of the lengths given, a nonce, a confirmation byte.
		off += 13 + int(frame[off+2]) + int(frame[off+3])
	}
	if len(frame)-off >= 8 && be16(frame[off:]) == 0x0000 {
		off += 8
	}
	if len(frame)-off < 40 {
		return short(off, end, 40, NotTCP)
	}
	h := (*[40]byte)(frame[off:])
	if h[0]>>4 != 6 || 40+int(be16(h[4:])) != end-off || !teredoAddr(h[8:24]) && !teredoAddr(h[24:40]) {
		return NotTCP
	}
	return d.ipv6(frame, off, end, bits, s)
}

func teredoAddr(a []byte) bool {
	return be32(a) == teredoPrefix || be16(a)&linkLocalMask == 0xfe80
}
