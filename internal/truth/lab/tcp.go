package lab

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
)

// Bits of the TCP header's flags field, RFC 9293 3.1; AE is RFC 9768.
const (
	flagFIN = 1 << iota
	flagSYN
	flagRST
	flagPSH
	flagACK
	flagURG
	flagECE
	flagCWR
	flagAE
)

// flagLetters are how scripts write them, as tcpdump and packetdrill do.
const flagLetters = "FSRP.UEWA"

const (
	protoTCP      = 6
	protoFragment = 44 // IPv6 fragment header
)

// tcp is the segment with its checksum over the whole of it, as the sender
// computed it, whatever of it ends up in the capture.
func (p *packet) tcp() ([]byte, error) {
	c := p.conn
	var opts []byte
	for _, o := range p.opts {
		opts = o.encode(opts, c.isn[p.dir.peer()])
	}
	if len(opts) > 40 {
		return nil, fmt.Errorf("%d bytes of options: a TCP header holds 40", len(opts))
	}
	for len(opts)%4 != 0 {
		opts = append(opts, 0)
	}
	words := 5 + len(opts)/4
	if p.doff != 0 {
		words = p.doff
	}
	src, dst := c.ends[p.dir], c.ends[p.dir.peer()]
	b := make([]byte, 0, 20+len(opts)+p.load.n)
	b = binary.BigEndian.AppendUint16(b, src.Port())
	b = binary.BigEndian.AppendUint16(b, dst.Port())
	b = binary.BigEndian.AppendUint32(b, c.isn[p.dir]+p.seq)
	if p.flags&flagACK != 0 {
		b = binary.BigEndian.AppendUint32(b, c.isn[p.dir.peer()]+p.ack)
	} else {
		b = binary.BigEndian.AppendUint32(b, 0)
	}
	b = binary.BigEndian.AppendUint16(b, uint16(words)<<12|p.flags)
	b = binary.BigEndian.AppendUint16(b, p.win)
	b = binary.BigEndian.AppendUint16(b, 0) // checksum
	b = binary.BigEndian.AppendUint16(b, p.urg)
	b = append(b, opts...)
	b = p.appendPayload(b)

	pseudo := pseudoHeader(src.Addr(), dst.Addr(), len(b), protoTCP)
	sum := checksum(pseudo, b)
	switch {
	case p.partial:
		sum = ^checksum(pseudo)
	case p.badSum:
		sum ^= 0x5555
	}
	binary.BigEndian.PutUint16(b[16:], sum)
	return b, nil
}

// appendPayload adds the segment's bytes. The pattern is, for every eight bytes of the
// stream, the sender's letter and the position in the stream: c0000000c0000008...
func (p *packet) appendPayload(b []byte) []byte {
	switch {
	case p.load.data != nil:
		return append(b, p.load.data...)
	case p.load.fill != 0:
		for range p.load.n {
			b = append(b, p.load.fill)
		}
		return b
	}
	pos := p.seq - 1 // byte 0 of the stream follows the SYN
	if p.flags&flagSYN != 0 {
		pos = p.seq // data on a SYN comes after it
	}
	var block []byte
	for n := range uint32(p.load.n) {
		at := pos + n
		if n == 0 || at%8 == 0 {
			block = fmt.Appendf(block[:0], "%c%07d", "cs"[p.dir], at/8*8%10_000_000)
		}
		b = append(b, block[at%8])
	}
	return b
}

// ip is the IP packet, or the fragment of it, that carries the segment.
func (p *packet) ip() ([]byte, error) {
	segment, err := p.tcp()
	if err != nil {
		return nil, err
	}
	part, offset, more := segment, 0, false
	if p.frag != nil {
		lo, hi := p.frag[0], p.frag[1]
		if hi < 0 {
			hi = len(segment)
		}
		if lo >= hi || hi > len(segment) {
			return nil, fmt.Errorf("fragment %d:%d of an IP payload of %d bytes", lo, hi, len(segment))
		}
		part, offset, more = segment[lo:hi], lo, hi < len(segment)
		if more && len(part)%8 != 0 {
			return nil, errors.New("a fragment that is not the last has a length divisible by 8")
		}
	}
	src, dst := p.conn.ends[p.dir].Addr(), p.conn.ends[p.dir.peer()].Addr()
	if src.Is4() {
		h := ipv4{src: src, dst: dst, proto: protoTCP, id: p.ipid, ttl: p.ttl, tos: p.tos,
			df: p.df && p.frag == nil, offset: offset, more: more, noLength: p.tso, badSum: p.badIPSum}
		if p.alert {
			h.options = []byte{0x94, 4, 0, 0} // RFC 2113
		}
		return h.encode(part)
	}
	return p.ipv6(src, dst, part, offset, more)
}

func (p *packet) ipv6(src, dst netip.Addr, part []byte, offset int, more bool) ([]byte, error) {
	next := byte(protoTCP)
	var ext []byte
	if p.frag != nil {
		frag := uint16(offset)
		if more {
			frag |= 1
		}
		ext = append([]byte{next, 0}, byte(frag>>8), byte(frag), 0, 0, byte(p.ipid>>8), byte(p.ipid))
		next = protoFragment
	}
	if p.alert {
		ext = append([]byte{next, 0, 5, 2, 0, 0, 1, 0}, ext...) // RFC 2711, then PadN
		next = 0
	}
	n := len(ext) + len(part)
	if p.tso {
		n = 0
	}
	if n > 0xFFFF {
		return nil, fmt.Errorf("%d bytes do not fit an IP packet; tso sends them with IP length 0", n)
	}
	b := make([]byte, 0, 40+len(ext)+len(part))
	b = append(b, 0x60|p.tos>>4, p.tos<<4, 0, 0, byte(n>>8), byte(n), next, p.ttl)
	b = append(b, src.AsSlice()...)
	b = append(b, dst.AsSlice()...)
	b = append(b, ext...)
	return append(b, part...), nil
}

// ipv4 is an IPv4 header, RFC 791.
type ipv4 struct {
	src, dst netip.Addr
	proto    byte
	id       uint16
	ttl, tos uint8
	df, more bool
	offset   int
	options  []byte
	noLength bool
	badSum   bool
}

func (h *ipv4) encode(load []byte) ([]byte, error) {
	hl := 20 + len(h.options)
	n := hl + len(load)
	if h.noLength {
		n = 0
	}
	if n > 0xFFFF {
		return nil, fmt.Errorf("%d bytes do not fit an IP packet; tso sends them with IP length 0", n)
	}
	frag := uint16(h.offset / 8)
	if h.df {
		frag |= 0x4000
	}
	if h.more {
		frag |= 0x2000
	}
	b := make([]byte, 0, hl+len(load))
	b = append(b, 0x40|byte(hl/4), h.tos, byte(n>>8), byte(n), byte(h.id>>8), byte(h.id),
		byte(frag>>8), byte(frag), h.ttl, h.proto, 0, 0)
	b = append(b, h.src.AsSlice()...)
	b = append(b, h.dst.AsSlice()...)
	b = append(b, h.options...)
	sum := checksum(b)
	if h.badSum {
		sum ^= 0x5555
	}
	binary.BigEndian.PutUint16(b[10:], sum)
	return append(b, load...), nil
}

// pseudoHeader is what the TCP checksum covers beside the segment (RFC 9293 3.1). Its IPv6
// form (RFC 8200 8.1) has wider fields for the same numbers, which add up to the
// same sum.
func pseudoHeader(src, dst netip.Addr, n int, proto byte) []byte {
	b := append(src.AsSlice(), dst.AsSlice()...)
	return append(b, byte(n>>24), byte(n>>16), byte(n>>8), byte(n), 0, 0, 0, proto)
}

// checksum is the Internet checksum (RFC 1071) of the parts put together; all but the last have an
// even length.
func checksum(parts ...[]byte) uint16 {
	var sum uint64
	for _, b := range parts {
		for ; len(b) >= 2; b = b[2:] {
			sum += uint64(b[0])<<8 | uint64(b[1])
		}
		if len(b) == 1 {
			sum += uint64(b[0]) << 8
		}
	}
	for sum > 0xFFFF {
		sum = sum&0xFFFF + sum>>16
	}
	return ^uint16(sum)
}
