package wire

import "math/bits"

// verify checks the TCP checksum of a segment whose header starts at frame[off] and that ends at end, if all of it
// was captured. Only those with SYN, FIN or RST are checked: they decide about a connection, and are
// few; others would cost more than all the rest of decoding.
//
// The pseudo-header's sum does not depend on who is source and who destination, so
// the key serves as it is. A checksum left to the network card holds just that sum.
func (s *Segment) verify(frame []byte, off, end int) Bits {
	if !s.Flags.Any(SYN|FIN|RST) || len(frame) < end || s.Bits&(FirstFragment|NoLength|PastFrame) != 0 {
		return 0
	}
	pseudo := add(s.pseudo(), uint64(end-off))
	switch {
	case fold(sumBytes(pseudo, frame[off:end])) == 0xffff:
		return GoodSum
	case s.Sum == fold(pseudo):
		return 0
	}
	return BadSum
}

// verifyHeader checks the IPv4 header checksum of the segments that verify checks, unless the network card was to fill it in, as a missing length or
// an unfinished TCP checksum shows. The header of a reassembled packet was never sent, so it is not checked.
func (s *Segment) verifyHeader(header []byte) Bits {
	switch {
	case !s.Flags.Any(SYN|FIN|RST) || s.Bits&(FirstFragment|Reassembled|NoLength) != 0:
		return 0
	case fold(sumBytes(0, header)) == 0xffff:
		return GoodHeader
	}
	if bare, whole, _ := s.leftToCard(); s.Sum == bare || s.Sum == whole {
		return 0
	}
	return BadHeader
}

// leftToCard returns what a host writes in place of a TCP checksum that it leaves to its network card: the sum of the pseudo-header, without the
// length (bare), as some systems do, and with it (whole). pseudo is the sum before folding.
func (s *Segment) leftToCard() (bare, whole uint16, pseudo uint64) {
	pseudo = s.pseudo()
	bare = fold(pseudo)
	pseudo = add(pseudo, uint64(s.headerLen()+s.Len))
	return bare, fold(pseudo), pseudo
}

// headerLen is the length of the TCP header, if the IP header has no options and no extensions.
func (s *Segment) headerLen() uint32 {
	switch {
	case s.Bits&FewOptions == 0:
		return s.IPLen - s.Len - 20 - s.Key.V6&1*20
	case s.Bits&HasTimestamps == 0:
		return 20
	}
	return 32
}

// AgreesWith reports whether a segment with this checksum and otherwise the same numbers may be a copy: it has the same checksum, or
// one of the two was captured before the network card had computed it.
func (s *Segment) AgreesWith(sum uint16) bool {
	if s.Sum == sum {
		return true
	}
	bare, whole, _ := s.leftToCard()
	return s.Sum == bare || s.Sum == whole || sum == bare || sum == whole
}

// pseudo is the sum of the pseudo-header without the length.
func (s *Segment) pseudo() uint64 {
	k := &s.Key
	return add2(add2(protoTCP, k.A.Hi, k.A.Lo), k.B.Hi, k.B.Lo)
}

// PayloadSum is the Internet checksum (RFC 1071), not complemented, that the payload has if the TCP checksum is right. It shows whether two payloads of the
// same length differ when their frames are no longer available. ok is false if it is not known: the checksum was left to a network card,
// the header has unusual options, or the packet is incomplete.
func (s *Segment) PayloadSum() (sum uint16, ok bool) {
	if s.Bits&FewOptions == 0 || s.Bits&(FirstFragment|NoLength|PastFrame) != 0 {
		return 0, false
	}
	bare, whole, pseudo := s.leftToCard()
	if s.Sum == bare || s.Sum == whole {
		return 0, false
	}
	return positive(^fold(add(s.header(pseudo), uint64(s.Sum)))), true
}

// EmptySum is what the TCP checksum of s should be if s has no payload; 0 if it has payload or unusual options.
func (s *Segment) EmptySum() uint16 {
	if s.Len != 0 || s.Bits&FewOptions == 0 {
		return 0
	}
	_, _, pseudo := s.leftToCard()
	return ^fold(s.header(pseudo))
}

// header is the sum of the header, without its checksum, and of the pseudo-header. Only a few options are supported.
func (s *Segment) header(pseudo uint64) uint64 {
	options := uint64(0)
	if s.Bits&HasTimestamps != 0 {
		options = nopNopTimestamps
	}
	ports := uint64(s.Key.PortA) + uint64(s.Key.PortB)
	rest := uint64(s.headerLen())<<42 | uint64(s.Flags)<<32 | uint64(s.Window)<<16 | uint64(s.Urgent)
	sum := add2(add(pseudo, ports), uint64(s.Seq)<<32|uint64(s.Ack), rest)
	return add2(sum, options, uint64(s.TSval)<<32|uint64(s.TSecr))
}

// SumOf is the Internet checksum, not complemented, of a payload.
func SumOf(payload []byte) uint16 { return positive(fold(sumBytes(0, payload))) }

// positive normalizes a ones' complement sum, in which zero has two forms.
func positive(sum uint16) uint16 {
	if sum == 0xffff {
		return 0
	}
	return sum
}

// sumBytes adds bytes, the first of which is at an even place.
func sumBytes(sum uint64, b []byte) uint64 {
	for ; len(b) >= 16; b = b[16:] {
		sum = add2(sum, be64(b), be64(b[8:]))
	}
	if len(b) >= 8 {
		sum = add(sum, be64(b))
		b = b[8:]
	}
	if len(b) >= 4 {
		sum = add(sum, uint64(be32(b)))
		b = b[4:]
	}
	if len(b) >= 2 {
		sum = add(sum, uint64(be16(b)))
		b = b[2:]
	}
	if len(b) > 0 {
		sum = add(sum, uint64(b[0])<<8)
	}
	return sum
}

// add sums in ones' complement, as add2 does.
func add(sum, word uint64) uint64 {
	sum, carry := bits.Add64(sum, word, 0)
	return sum + carry
}

func add2(sum, one, other uint64) uint64 {
	sum, carry := bits.Add64(sum, one, 0)
	sum, carry = bits.Add64(sum, other, carry)
	return sum + carry
}

func fold(sum uint64) uint16 {
	sum = sum>>32 + sum&0xffffffff
	sum = sum>>16 + sum&0xffff
	sum = sum>>16 + sum&0xffff
	return uint16(sum>>16 + sum)
}
