package wire

// ICMPKind is what an ICMP or ICMPv6 error reports; the kinds are common to both protocols.
type ICMPKind uint8

// The kinds.
const (
	ICMPUnreachable  ICMPKind = iota // RFC 792 type 3; RFC 4443 type 1
	ICMPTooBig                       // RFC 792 type 3 code 4, RFC 1191; RFC 4443 type 2
	ICMPTimeExceeded                 // RFC 792 type 11; RFC 4443 type 3
	NumICMPKinds
)

// ICMPError is an ICMP or ICMPv6 error about a TCP segment, whose beginning it quotes.
type ICMPError struct {
	Key  Key // of the segment
	Dir  uint8
	Seq  uint32 // of the segment
	Size uint32 // of the packet that carried it, with its IP header, as that says; 0: it does not
	Kind ICMPKind
	Code uint8  // by the version of Key
	MTU  uint32 // of ICMPTooBig: what the next hop takes; 0: it does not say (RFC 1191 5)
	From Addr   // who sent it
}

const (
	icmpHeader     = 8
	quotedTCP      = 8 // ports and sequence number (RFC 792 promises no more)
	maxQuotedParts = 4 // extension headers
)

// ICMPError returns the ICMP error in a datagram. ok is false if there is none, if it is not about a TCP segment of the host that it is sent to,
// or if its checksum is wrong, so that no host accepts it.
func (g *Datagram) ICMPError() (e ICMPError, ok bool) {
	if g.Proto != ProtoICMP && g.Proto != ProtoICMPv6 || len(g.Data) < icmpHeader || !g.soundICMP() {
		return e, false
	}
	if g.V6 {
		ok = e.kind6(g.Data)
	} else {
		ok = e.kind4(g.Data)
	}
	if !ok {
		return e, false
	}
	e.From = g.Src
	quote := g.Data[icmpHeader:]
	src, dst, header, ok := e.quoted(quote, g.V6)
	if !ok || src != g.Dst {
		return e, false
	}
	tcp := quote[header:]
	e.Key, e.Dir = MakeKey(src, dst, be16(tcp), be16(tcp[2:]), g.V6)
	e.Seq = be32(tcp[4:])
	return e, true
}

// soundICMP reports whether the checksum is right, as far as it can be verified.
func (g *Datagram) soundICMP() bool {
	if len(g.Data) != g.Size {
		return true
	}
	var pseudo uint64
	if g.V6 { // RFC 4443 2.3
		pseudo = add2(add2(uint64(g.Size)+ProtoICMPv6, g.Src.Hi, g.Src.Lo), g.Dst.Hi, g.Dst.Lo)
	}
	return fold(sumBytes(pseudo, g.Data)) == 0xffff
}

// kind4 reads the header of an error of RFC 792.
func (e *ICMPError) kind4(b []byte) bool {
	const unreachable, fragmentationNeeded, timeExceeded = 3, 4, 11
	switch e.Code = b[1]; {
	case b[0] == unreachable && e.Code == fragmentationNeeded:
		e.Kind, e.MTU = ICMPTooBig, uint32(be16(b[6:]))
	case b[0] == unreachable:
		e.Kind = ICMPUnreachable
	case b[0] == timeExceeded:
		e.Kind = ICMPTimeExceeded
	default:
		return false
	}
	return true
}

// kind6 reads the header of an error of RFC 4443.
func (e *ICMPError) kind6(b []byte) bool {
	const unreachable, tooBig, timeExceeded = 1, 2, 3
	switch e.Code = b[1]; b[0] {
	case unreachable:
		e.Kind = ICMPUnreachable
	case tooBig:
		e.Kind, e.MTU = ICMPTooBig, be32(b[4:])
	case timeExceeded:
		e.Kind = ICMPTimeExceeded
	default:
		return false
	}
	return true
}

// quoted reads the IP header of the packet that b begins. ok says that it is the first or only fragment of a TCP segment, whose ports
// and number are at header.
func (e *ICMPError) quoted(b []byte, v6 bool) (src, dst Addr, header int, ok bool) {
	if v6 {
		return e.quoted6(b)
	}
	if len(b) < 20 {
		return src, dst, 0, false
	}
	header = int(b[0]&15) * 4
	if b[0]>>4 != 4 || header < 20 || b[9] != protoTCP || be16(b[6:])&ipv4Offset != 0 || len(b) < header+quotedTCP {
		return src, dst, 0, false
	}
	e.Size = uint32(be16(b[2:]))
	return Addr{Lo: uint64(be32(b[12:]))}, Addr{Lo: uint64(be32(b[16:]))}, header, true
}

func (e *ICMPError) quoted6(b []byte) (src, dst Addr, header int, ok bool) {
	if len(b) < 40 || b[0]>>4 != 6 {
		return src, dst, 0, false
	}
	if n := uint32(be16(b[4:])); n > 0 { // 0 in a jumbogram (RFC 2675 3)
		e.Size = 40 + n
	}
	next := b[6]
	header = 40
	for range maxQuotedParts {
		if next == protoTCP || len(b)-header < 8 {
			break
		}
		size := 8
		switch next {
		case protoFragment:
			if be16(b[header+2:])>>3 != 0 {
				return src, dst, 0, false
			}
		case protoHopByHop, protoRouting, protoDestOpts:
			size = (int(b[header+1]) + 1) * 8
		default:
			return src, dst, 0, false
		}
		next = b[header]
		header += size
	}
	if next != protoTCP || len(b) < header+quotedTCP {
		return src, dst, 0, false
	}
	return Addr{be64(b[8:]), be64(b[16:])}, Addr{be64(b[24:]), be64(b[32:])}, header, true
}
