package wire

// The IP protocol numbers that lead to TCP.
const (
	protoHopByHop = 0
	protoIPv4     = 4 // IP in IP (RFC 2003)
	protoTCP      = 6
	protoUDP      = 17
	protoIPv6     = 41 // 6in4 (RFC 4213)
	protoRouting  = 43
	protoFragment = 44
	protoGRE      = 47
	protoAH       = 51
	protoDestOpts = 60
	protoMobility = 135
	protoHIP      = 139
	protoShim6    = 140
)

const (
	ipv4DF     = 0x4000
	ipv4MF     = 0x2000
	ipv4Offset = 0x1fff
)

// ipv4 decodes from the IP header on.
//
// A total length beyond the frame is that of a frame that was cut by somebody who
// gave its new length for the old one: a switch that mirrors the first bytes of
// each, or a tool. It counts, and the segment is marked PastFrame.
func (d *Decoder) ipv4(frame []byte, off, end int, bits Bits, s *Segment) Verdict {
	if len(frame)-off < 20 {
		return short(off, end, 20, BadIP)
	}
	h := (*[20]byte)(frame[off:])
	ihl := int(h[0]&15) * 4
	if h[0]>>4 != 4 || ihl < 20 {
		return BadIP
	}
	total, have := int(be16(h[2:])), end-off
	switch {
	case total > have:
		bits |= PastFrame
	case total == 0:
		bits |= NoLength // the sender's card was to fill it in
		total = have
	}
	if total < ihl {
		return BadIP
	}
	end = off + total
	if end < len(frame) {
		frame = frame[:end]
	}
	off += ihl
	if off > len(frame) {
		return Truncated
	}
	d.found(HeaderIPv4, off-ihl, end)
	frag := be16(h[6:])
	if frag&(ipv4MF|ipv4Offset) != 0 {
		if leadsToTCP(h[9]) {
			d.fragment4(frame, off, end, ihl, bits)
		}
		switch {
		case frag&ipv4Offset == 0:
			bits |= FirstFragment
		case leadsToTCP(h[9]):
			return Fragment
		default:
			return NotTCP
		}
	}
	if h[9] != protoTCP {
		src, dst := Addr{Lo: uint64(be32(h[12:]))}, Addr{Lo: uint64(be32(h[16:]))}
		d.datagram(src, dst, false, h[9], frame[off:], end-off)
		d.between(src, dst, h[9])
		return d.encapsulated(h[9], frame, off, end, bits, s)
	}

	ports, v := tcp(frame, off, end, bits, s)
	if v != TCP {
		return v
	}
	s.setKey4(uint64(be32(h[12:]))<<16|uint64(ports>>16), uint64(be32(h[16:]))<<16|uint64(ports&0xffff))
	s.IPLen = uint32(total)
	s.IPID = be16(h[4:])
	s.TOS = h[1]
	s.TTL = h[8]
	s.V4DF = frag&ipv4DF != 0
	s.Bits |= s.verify(frame, off, end) | s.verifyHeader(frame[off-ihl:off])
	return TCP
}

// ipv6 decodes from the IP header on. A payload length of 0 means a jumbogram
// (RFC 2675) or a frame before segmentation: both last as long as the frame.
func (d *Decoder) ipv6(frame []byte, off, end int, bits Bits, s *Segment) Verdict {
	if len(frame)-off < 40 {
		return short(off, end, 40, BadIP)
	}
	h := (*[40]byte)(frame[off:])
	if h[0]>>4 != 6 {
		return BadIP
	}
	total, have := 40+int(be16(h[4:])), end-off
	if total == 40 {
		total = have
		bits |= NoLength
	} else if total > have {
		bits |= PastFrame
	}
	end = off + total
	if end < len(frame) {
		frame = frame[:end]
	}
	d.found(HeaderIPv6, off, end)
	src := Addr{be64(h[8:]), be64(h[16:])}
	dst := Addr{be64(h[24:]), be64(h[32:])}
	proto, start := h[6], off
	off += 40
	if proto != protoTCP {
		var v Verdict
		if proto, off, bits, v = d.extensions(proto, frame, start, end, bits); v != TCP {
			return v
		}
		if proto != protoTCP {
			d.datagram(src, dst, true, proto, frame[off:], end-off)
			d.between(src, dst, proto)
			return d.encapsulated(proto, frame, off, end, bits, s)
		}
	}

	ports, v := tcp(frame, off, end, bits, s)
	if v != TCP {
		return v
	}
	s.Key, s.Dir = MakeKey(src, dst, uint16(ports>>16), uint16(ports), true)
	s.IPLen = uint32(total)
	s.IPID = 0
	s.TOS = uint8(be16(h[:]) >> 4)
	s.TTL = h[7]
	s.V4DF = false
	s.Bits |= s.verify(frame, off, end)
	return TCP
}

// extensions skips the extension headers (RFC 8200 4) of the IPv6 packet at start. With the verdict TCP,
// proto is what follows them and at where.
func (d *Decoder) extensions(next uint8, frame []byte, start, end int, bits Bits) (proto uint8, at int, b Bits, v Verdict) {
	off := start + 40
	for range maxHeaders {
		if len(frame)-off < 8 && isExtension(next) { // none is shorter
			return 0, 0, 0, inFragment(short(off, end, 8, BadIP), bits)
		}
		size := 8
		switch {
		case !isExtension(next):
			return next, off, bits, TCP
		case next == protoFragment:
			frag := be16(frame[off+2:])
			if frag&^6 == 0 {
				break // an atomic fragment, a whole packet (RFC 6946)
			}
			next := frame[off]
			follow := leadsToTCP(next) || isExtension(next)
			if follow {
				d.fragment6(frame, start, off, end, bits)
			}
			switch {
			case frag>>3 == 0:
				bits |= FirstFragment
			case follow:
				return 0, 0, 0, Fragment
			default:
				return 0, 0, 0, NotTCP
			}
		case next == protoAH:
			size = (int(frame[off+1]) + 2) * 4 // RFC 4302 2.2
		default:
			size = (int(frame[off+1]) + 1) * 8
		}
		if len(frame)-off < size {
			return 0, 0, 0, inFragment(short(off, end, size, BadIP), bits)
		}
		next = frame[off]
		off += size
	}
	return 0, 0, 0, BadIP
}

// leadsToTCP reports whether a packet of the protocol can hold TCP.
func leadsToTCP(proto uint8) bool {
	switch proto {
	case protoTCP, protoUDP, protoGRE, protoIPv4, protoIPv6:
		return true
	}
	return false
}

func isExtension(proto uint8) bool {
	switch proto {
	case protoHopByHop, protoRouting, protoFragment, protoAH, protoDestOpts, protoMobility, protoHIP, protoShim6:
		return true
	}
	return false
}

// inFragment is the verdict on a header that its packet does not hold: in a
// first fragment the rest of it is in the next one (RFC 7112 forbids that).
func inFragment(v Verdict, bits Bits) Verdict {
	if bits&FirstFragment != 0 && (v == BadIP || v == BadTCP) {
		return Fragment
	}
	return v
}
