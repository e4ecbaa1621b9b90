package wire

import "encoding/binary"

// The ethertypes that lead to IP.
const (
	etherIPv4    = 0x0800
	etherARP     = 0x0806
	etherIPv6    = 0x86dd
	etherVLAN    = 0x8100 // 802.1Q
	etherQinQ    = 0x88a8 // 802.1ad
	etherQinQ1   = 0x9100 // QinQ before 802.1ad, as several vendors number it
	etherQinQ2   = 0x9200
	etherVNTag   = 0x8926 // Cisco's tag of a virtual port
	etherETag    = 0x893f // that of 802.1BR
	etherMPLS    = 0x8847
	etherMPLSUp  = 0x8848 // upstream-assigned labels (RFC 5332)
	etherPPPoE   = 0x8864 // PPPoE session stage
	etherBridged = 0x6558 // a whole Ethernet frame; NVGRE, GENEVE
	etherPBB     = 0x88e7 // 802.1ah, MAC in MAC
	etherMaxLen  = 1500   // up to here the field is a length (IEEE 802.3 3.2.6)
	sllProtoLLC  = 0x0004 // in a cooked header: 802.2 LLC follows

	etherFabricPath = 0x8903 // Cisco, MAC in MAC
)

// The PPP protocol numbers that lead to IP.
const (
	pppIPv4      = 0x0021
	pppIPv6      = 0x0057
	pppMPLS      = 0x0281
	pppMPLSMulti = 0x0283
)

// Other numbers of the link layers.
const (
	linkPPPoE     LinkType = 51  // PPPoE without Ethernet before it
	linkCiscoHDLC LinkType = 104 // Cisco HDLC

	llcSNAP        = 0xaaaa03 // DSAP, SSAP, control: a SNAP header follows
	ciscoUnicast   = 0x0f     // first byte of a Cisco HDLC header
	ciscoMulticast = 0x8f
)

// link starts at the link-layer header at frame[off].
func (d *Decoder) link(link LinkType, frame []byte, off, end int, bits Bits, s *Segment) Verdict {
	switch link {
	case LinkEthernet:
		return d.ethernet(frame, off, end, bits, s)
	case LinkLinuxSLL:
		if len(frame)-off < 16 {
			return short(off, end, 16, NotIP)
		}
		d.found(HeaderCooked, off, off+16)
		return d.cooked(be16(frame[off+14:]), frame, off+16, end, bits, s)
	case LinkLinuxSLL2:
		if len(frame)-off < 20 {
			return short(off, end, 20, NotIP)
		}
		d.found(HeaderCooked2, off, off+20)
		return d.cooked(be16(frame[off:]), frame, off+20, end, bits, s)
	case LinkRaw, LinkRawBSD, LinkRawOpenBSD:
		return d.rawIP(frame, off, end, bits, s)
	case LinkIPv4:
		return d.ipv4(frame, off, end, bits, s)
	case LinkIPv6:
		return d.ipv6(frame, off, end, bits, s)
	case LinkNull, LinkLoop:
		return d.loopback(frame, off, end, bits, s)
	case LinkPPP, LinkPPPHDLC:
		return d.pppLink(frame, off, end, bits, s)
	case linkCiscoHDLC:
		return d.ciscoHDLC(frame, off, end, bits, s)
	case linkPPPoE:
		return d.pppoe(frame, off, end, bits, s)
	}
	return d.rareLink(link, frame, off, end, bits, s)
}

func (d *Decoder) ethernet(frame []byte, off, end int, bits Bits, s *Segment) Verdict {
	if len(frame)-off < 14 {
		return short(off, end, 14, NotIP)
	}
	d.found(HeaderEthernet, off, off+14)
	return d.ether(be16(frame[off+12:]), frame, off+14, end, bits, s)
}

// ether goes on behind an ethertype, wherever that stood.
func (d *Decoder) ether(typ uint16, frame []byte, off, end int, bits Bits, s *Segment) Verdict {
	typ, off, v := d.untag(typ, frame, off, end)
	if v != TCP {
		return v
	}
	switch typ {
	case etherIPv4:
		return d.ipv4(frame, off, end, bits, s)
	case etherIPv6:
		return d.ipv6(frame, off, end, bits, s)
	}
	return d.rareEther(typ, frame, off, end, bits, s)
}

// untag skips VLAN tags, and the port tags of 802.1BR and Cisco. With the verdict TCP, next is the ethertype behind
// them and at where its packet starts.
func (d *Decoder) untag(typ uint16, frame []byte, off, end int) (next uint16, at int, v Verdict) {
	for range maxTags + 1 {
		size := 4
		switch typ {
		case etherVLAN, etherQinQ, etherQinQ1, etherQinQ2:
		case etherVNTag:
			size = 6
		case etherETag:
			size = 8
		default:
			return typ, off, TCP
		}
		if len(frame)-off < size {
			return 0, 0, short(off, end, size, NotIP)
		}
		if id := be16(frame[off:]) & 0xfff; size == 4 && id != 0 { // a port says nothing of a network; 0 tells of the priority only
			d.through(netVLAN, uint32(id))
			d.tagged(id)
		}
		off += size
		typ = be16(frame[off-2:])
	}
	return 0, 0, NotIP
}

func (d *Decoder) rareEther(typ uint16, frame []byte, off, end int, bits Bits, s *Segment) Verdict {
	switch typ {
	case etherMPLS, etherMPLSUp:
		return d.mpls(frame, off, end, bits, s)
	case etherPPPoE:
		bits, ok := d.enter(bits)
		if !ok {
			return BadTunnel
		}
		return d.pppoe(frame, off, end, bits, s)
	case etherBridged:
		return d.inner(frame, off, 0, end, bits, s)
	case etherARP:
		d.found(HeaderARP, off, end)
		return NotIP
	case etherFabricPath: // forwarding tag and hop count
		return d.inner(frame, off, 2, end, bits, s)
	case etherPBB:
		if len(frame)-off >= 4 {
			d.through(netPBB, be32(frame[off:])&0xffffff)
		}
		return d.inner(frame, off, 4, end, bits, s)
	}
	if typ <= etherMaxLen {
		end = min(end, off+int(typ))
		return d.llc(frame[:min(len(frame), end)], off, end, bits, s)
	}
	return NotIP
}

// inner goes on with the Ethernet frame behind a header of size bytes.
func (d *Decoder) inner(frame []byte, off, size, end int, bits Bits, s *Segment) Verdict {
	bits, ok := d.enter(bits)
	if !ok {
		return BadTunnel
	}
	if len(frame)-off < size {
		return short(off, end, size, BadTunnel)
	}
	return d.ethernet(frame, off+size, end, bits, s)
}

// llc reads an 802.2 header. Only SNAP with the ethertype OUI leads to IP
// (RFC 1042); anything else is STP, NetBIOS, IS-IS and the like.
func (d *Decoder) llc(frame []byte, off, end int, bits Bits, s *Segment) Verdict {
	if len(frame)-off < 8 {
		return short(off, end, 8, NotIP)
	}
	h := frame[off : off+8]
	if be32(h)>>8 != llcSNAP || h[3] != 0 || h[4] != 0 || h[5] != 0 {
		return NotIP
	}
	typ, off, v := d.untag(be16(h[6:]), frame, off+8, end)
	if v != TCP {
		return v
	}
	if typ <= etherMaxLen {
		return NotIP // a length cannot stand here, and LLC must not nest
	}
	return d.ether(typ, frame, off, end, bits, s)
}

// cooked goes on behind a Linux cooked header. Its protocol field is an
// ethertype, except for a few small numbers for 802.3 frames.
func (d *Decoder) cooked(proto uint16, frame []byte, off, end int, bits Bits, s *Segment) Verdict {
	if proto == sllProtoLLC {
		return d.llc(frame, off, end, bits, s)
	}
	if proto <= etherMaxLen {
		return NotIP
	}
	return d.ether(proto, frame, off, end, bits, s)
}

// rawIP tells the IP versions apart by their first four bits.
func (d *Decoder) rawIP(frame []byte, off, end int, bits Bits, s *Segment) Verdict {
	if len(frame) == off {
		return short(off, end, 1, BadIP)
	}
	if frame[off]>>4 == 6 {
		return d.ipv6(frame, off, end, bits, s)
	}
	return d.ipv4(frame, off, end, bits, s)
}

// loopback reads the address family. Its byte order is the one of the machine
// that captured, which nobody can know; the numbers are small, so both orders
// are accepted. AF_INET6 differs between systems.
func (d *Decoder) loopback(frame []byte, off, end int, bits Bits, s *Segment) Verdict {
	if len(frame)-off < 4 {
		return short(off, end, 4, NotIP)
	}
	family := be32(frame[off:])
	if family > 0xffff {
		family = binary.LittleEndian.Uint32(frame[off:])
	}
	switch family {
	case 2:
		return d.ipv4(frame, off+4, end, bits, s)
	case 10, 24, 28, 30: // Linux; NetBSD and OpenBSD; FreeBSD; Darwin
		return d.ipv6(frame, off+4, end, bits, s)
	}
	return NotIP
}

// pppLink reads PPP as a link layer. On a serial line Cisco's HDLC may stand
// in its place.
func (d *Decoder) pppLink(frame []byte, off, end int, bits Bits, s *Segment) Verdict {
	if len(frame)-off < 2 {
		return short(off, end, 2, NotIP)
	}
	if (frame[off] == ciscoUnicast || frame[off] == ciscoMulticast) && frame[off+1] == 0 {
		return d.ciscoHDLC(frame, off, end, bits, s)
	}
	return d.ppp(frame, off, end, bits, s)
}

// ppp reads a PPP header: perhaps the address and control bytes of HDLC-like
// framing (RFC 1662 3.1), then the protocol, one byte if it is compressed (RFC
// 1661 6.5): the last byte of a protocol number is odd, the first one even.
func (d *Decoder) ppp(frame []byte, off, end int, bits Bits, s *Segment) Verdict {
	if len(frame)-off >= 2 && frame[off] == 0xff && frame[off+1] == 0x03 {
		off += 2
	}
	if len(frame) == off || len(frame)-off == 1 && frame[off] == 0xff {
		return short(off, end, len(frame)-off+1, NotIP)
	}
	proto, n := uint16(frame[off]), 1
	if proto&1 == 0 {
		if n = 2; len(frame)-off < n {
			return short(off, end, n, NotIP)
		}
		proto = be16(frame[off:])
	}
	switch proto {
	case pppIPv4:
		return d.ipv4(frame, off+n, end, bits, s)
	case pppIPv6:
		return d.ipv6(frame, off+n, end, bits, s)
	case pppMPLS, pppMPLSMulti:
		return d.mpls(frame, off+n, end, bits, s)
	}
	return NotIP
}

// ciscoHDLC reads Cisco's HDLC header: address, control, ethertype.
func (d *Decoder) ciscoHDLC(frame []byte, off, end int, bits Bits, s *Segment) Verdict {
	if len(frame)-off < 4 {
		return short(off, end, 4, NotIP)
	}
	typ := be16(frame[off+2:])
	if typ <= etherMaxLen {
		return NotIP
	}
	return d.ether(typ, frame, off+4, end, bits, s)
}
