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
// A total length beyond the frame is not trusted: like Wireshark, Decode goes
// on with the frame's length and marks the segment PastFrame.
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
	if total < ihl || total > have {
		switch {
		case total > have:
			bits |= PastFrame
		case total == 0:
			bits |= NoLength // the sender's card was to fill it in
		default:
			return BadIP
		}
		if have < ihl {
			return BadIP
		}
		total = have
	}
	end = off + total
	if end < len(frame) {
		frame = frame[:end]
	}
	off += ihl
	if off > len(frame) {
		return Truncated
	}
	frag := be16(h[6:])
	if frag&(ipv4MF|ipv4Offset) != 0 {
		if frag&ipv4Offset != 0 {
			return Fragment
		}
		bits |= FirstFragment
	}
	if h[9] != protoTCP {
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
	s.Bits |= s.verify(frame, off, end)
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
		total = have
		bits |= PastFrame
	}
	end = off + total
	if end < len(frame) {
		frame = frame[:end]
	}
	off += 40
	proto := h[6]
	if proto != protoTCP {
		var v Verdict
		if proto, off, bits, v = extensions(proto, frame, off, end, bits); v != TCP {
			return v
		}
		if proto != protoTCP {
			return d.encapsulated(proto, frame, off, end, bits, s)
		}
	}

	ports, v := tcp(frame, off, end, bits, s)
	if v != TCP {
		return v
	}
	src := Addr{be64(h[8:]), be64(h[16:])}
	dst := Addr{be64(h[24:]), be64(h[32:])}
	s.Key, s.Dir = MakeKey(src, dst, uint16(ports>>16), uint16(ports), true)
	s.IPLen = uint32(total)
	s.IPID = 0
	s.TOS = uint8(be16(h[:]) >> 4)
	s.TTL = h[7]
	s.V4DF = false
	s.Bits |= s.verify(frame, off, end)
	return TCP
}

// extensions skips IPv6 extension headers (RFC 8200 4). With the verdict TCP,
// proto is what follows them and at where.
func extensions(next uint8, frame []byte, off, end int, bits Bits) (proto uint8, at int, b Bits, v Verdict) {
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
			if frag>>3 != 0 {
				return 0, 0, 0, Fragment
			}
			if frag&1 != 0 { // else an atomic fragment, a whole packet (RFC 6946)
				bits |= FirstFragment
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
