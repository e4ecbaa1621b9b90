package wire

// common decodes the frame that captures are made of: IPv4 without options or
// fragments, and TCP with no options or with timestamps in the usual layout.
// It says false when anything about the frame is out of the ordinary; then the
// general way decodes it from the start. Where it says true the general way
// would set the same fields (FuzzCommon).
//
// It exists for its speed alone, about half the time: with everything at a
// constant offset there are three bounds checks, no calls and no slices.
func common(frame []byte, end int, s *Segment) bool {
	if len(frame) < 54 {
		return false
	}
	h := (*[54]byte)(frame)
	ip := be32(h[14:])   // version, header length, TOS, total length
	frag := be32(h[18:]) // identification, flags and fragment offset
	tcp := be32(h[46:])  // header length and flags, window
	payload, stop := 34+int(tcp>>28)*4, 14+int(ip&0xffff)
	if be16(h[12:]) != etherIPv4 || ip>>24 != 0x45 || h[23] != protoTCP || frag&(ipv4MF|ipv4Offset) != 0 ||
		stop > end || payload > stop || payload > len(frame) {
		return false
	}
	s.Bits, s.TSval, s.TSecr = 0, 0, 0
	if payload != 54 {
		if payload != 66 || len(frame) < 66 {
			return false
		}
		o := (*[66]byte)(frame)
		if be32(o[54:]) != nopNopTimestamps {
			return false
		}
		s.Bits = HasTimestamps
		s.TSval = be32(o[58:])
		s.TSecr = be32(o[62:])
	}
	s.Len = uint32(stop - payload)
	s.PayloadOff = uint32(payload)
	s.PayloadCap = uint32(min(len(frame), stop) - payload)
	s.IPLen = ip & 0xffff
	s.TOS = uint8(ip >> 16)
	s.IPID = uint16(frag >> 16)
	s.V4DF = frag&ipv4DF != 0
	s.Flags = Flags(tcp >> 16 & 0x1ff)
	s.Window = uint16(tcp)
	s.Seq = be32(h[38:])
	s.Ack = be32(h[42:])
	s.Urgent = be16(h[52:])
	s.TTL = h[22]
	s.MSS = 0
	s.Net = 0
	s.WScale = 0
	s.NSack = 0
	ports := be32(h[34:])
	s.setKey4(uint64(be32(h[26:]))<<16|uint64(ports>>16), uint64(be32(h[30:]))<<16|uint64(ports&0xffff))
	if s.Flags.Any(SYN | FIN | RST) {
		s.Bits |= s.verify(frame, 34, stop)
	}
	return true
}

// setKey4 sets Key and Dir from the sockets of an IPv4 segment, each address
// and port as one number. There is no branch on their order: which side sent
// is a coin toss that the processor's predictor would lose.
func (s *Segment) setKey4(src, dst uint64) {
	lo, hi := min(src, dst), max(src, dst)
	s.Key.A.Hi = 0
	s.Key.A.Lo = lo >> 16
	s.Key.B.Hi = 0
	s.Key.B.Lo = hi >> 16
	s.Key.PortA = uint16(lo)
	s.Key.PortB = uint16(hi)
	s.Key.V6 = 0
	s.Dir = uint8((dst - src) >> 63)
}
