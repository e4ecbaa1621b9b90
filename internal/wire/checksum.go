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
	tcp := frame[off:end]
	k := &s.Key
	pseudo := add(0, k.A.Hi, k.A.Lo, k.B.Hi, k.B.Lo, protoTCP, uint64(len(tcp)))
	stored := be16(tcp[16:])
	sum := pseudo
	for ; len(tcp) >= 8; tcp = tcp[8:] {
		sum = add(sum, be64(tcp))
	}
	for i, b := range tcp {
		sum = add(sum, uint64(b)<<(56-8*i))
	}
	switch {
	case fold(sum) == 0xffff:
		return GoodSum
	case stored == fold(pseudo):
		return 0
	}
	return BadSum
}

// add sums in ones' complement.
func add(sum uint64, words ...uint64) uint64 {
	for _, w := range words {
		var carry uint64
		sum, carry = bits.Add64(sum, w, 0)
		sum += carry
	}
	return sum
}

func fold(sum uint64) uint16 {
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return uint16(sum)
}
