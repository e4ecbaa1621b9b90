package anonymize

import "encoding/binary"

// checksum is an Internet checksum (RFC 1071) at frame[at:], of frame[from:to] and of the addresses at frame[addr:addrEnd].
type checksum struct {
	at, from, to  int
	addr, addrEnd int
	length        int  // of what it is about on the wire, as the pseudo-header has it
	udp           bool // zero means that there is none
}

// update makes it as right as it was (RFC 1624 3). What was not captured has not changed.
func (c *checksum) update(old, frame []byte) {
	was := binary.BigEndian.Uint16(old[c.at:])
	if c.udp && was == 0 {
		return
	}
	before := sum(sum(0, old[c.addr:c.addrEnd]), old[c.from:c.to])
	after := sum(sum(0, frame[c.addr:c.addrEnd]), frame[c.from:c.to])
	is := ^fold(uint64(^was) + uint64(^fold(before)) + after)
	if c.left(old, was) { // to the network card, which gets the sum of the addresses
		is = fold(uint64(was) + uint64(^fold(sum(0, old[c.addr:c.addrEnd]))) + sum(0, frame[c.addr:c.addrEnd]))
	}
	if c.udp && is == 0 {
		is = 0xffff
	}
	binary.BigEndian.PutUint16(frame[c.at:], is)
}

// protocols are those of pseudo-headers by where their checksum is.
var protocols = map[int]uint64{16: 6, 6: 17, 2: 58}

// left reports whether there stands not a checksum but what a host leaves to its network card: the sum of the pseudo-header, as some have
// it without the length.
func (c *checksum) left(old []byte, was uint16) bool {
	if c.addr == c.addrEnd {
		return false
	}
	pseudo := sum(0, old[c.addr:c.addrEnd]) + protocols[c.at-c.from]
	return was == fold(pseudo) || was == fold(pseudo+uint64(c.length))
}

// sum adds bytes, the first of which is at an even place.
func sum(n uint64, b []byte) uint64 {
	for ; len(b) >= 2; b = b[2:] {
		n += uint64(binary.BigEndian.Uint16(b))
	}
	if len(b) == 1 {
		n += uint64(b[0]) << 8
	}
	return n
}

func fold(n uint64) uint16 {
	for n > 0xffff {
		n = n>>16 + n&0xffff
	}
	return uint16(n)
}
