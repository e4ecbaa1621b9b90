package anonymize

import "encoding/binary"

// Numbers of protocols and headers (IANA).
const (
	protoHopByHop = 0
	protoICMP     = 1
	protoTCP      = 6
	protoUDP      = 17
	protoRouting  = 43
	protoFragment = 44
	protoGRE      = 47
	protoAH       = 51
	protoICMPv6   = 58
	protoDestOpts = 60
)

// mostQuotes is how deep packets quote packets: an error is not sent about an error (RFC 1122 3.2.2).
const mostQuotes = 1

// packet changes the IP packet at frame[off:], which ends where frame does, or on the wire at end. inner is where a packet begins that it carries in a tunnel, -1: it
// carries none. It returns up to where it is known what the bytes are.
func (a *Anonymizer) packet(frame []byte, off, end, inner int, v6 bool, quotes int) int {
	ip := ipHeader(frame, off, v6)
	if ip.body < 0 {
		return off
	}
	if v6 {
		a.addresses.ip(frame[off+8 : off+24])
		a.addresses.ip(frame[off+24 : off+40])
		hideExtensions(frame[off+40:ip.body], frame[off+6])
	} else {
		a.addresses.ip(frame[off+12 : off+16])
		a.addresses.ip(frame[off+16 : off+20])
		fill(frame[off+20:ip.body], 1) // no operation (RFC 791 3.1)
		a.sums = append(a.sums, checksum{at: off + 10, from: off, to: ip.body})
	}
	pseudo := checksum{from: ip.body, to: len(frame), addr: ip.addr, addrEnd: ip.addrEnd, length: end - ip.body}
	switch {
	case ip.later:
		keepSum(frame[ip.body:])
		return max(ip.body, len(frame)-a.drop(len(frame)-ip.body))
	case inner >= 0:
		a.tunnel(frame, &ip, pseudo)
		return ip.body
	}
	switch ip.proto {
	case protoTCP:
		return a.segment(frame, ip.body, pseudo)
	case protoUDP, protoGRE:
		a.tunnel(frame, &ip, pseudo)
		return min(len(frame), ip.body+8)
	case protoICMP, protoICMPv6:
		return a.message(frame, &ip, pseudo, v6, quotes)
	}
	return ip.body
}

// drop is how many of n bytes of payload are cut off.
func (a *Anonymizer) drop(n int) int {
	if a.cut {
		return n
	}
	return 0
}

// header is what is needed of an IP header and its extensions.
type header struct {
	proto         byte
	body          int // where what it carries begins; -1: it is not whole
	addr, addrEnd int
	later         bool // a fragment that is not the first
}

func ipHeader(frame []byte, off int, v6 bool) header {
	b := frame[off:]
	if !v6 {
		if len(b) < 20 || b[0]>>4 != 4 || b[0]&15 < 5 || len(b) < int(b[0]&15)*4 {
			return header{body: -1}
		}
		return header{proto: b[9], body: off + int(b[0]&15)*4, addr: off + 12, addrEnd: off + 20, later: binary.BigEndian.Uint16(b[6:])&0x1fff != 0}
	}
	if len(b) < 40 || b[0]>>4 != 6 {
		return header{body: -1}
	}
	h := header{proto: b[6], body: off + 40, addr: off + 8, addrEnd: off + 40}
	for len(frame)-h.body >= 8 && !h.later {
		size := extension(h.proto, frame[h.body:])
		if size == 0 || size > len(frame)-h.body {
			break
		}
		h.later = h.proto == protoFragment && binary.BigEndian.Uint16(frame[h.body+2:])&^7 != 0
		h.proto = frame[h.body]
		h.body += size
	}
	return h
}

// extension is the length of an extension header (RFC 8200 4), 0 if it is none.
func extension(proto byte, b []byte) int {
	switch proto {
	case protoHopByHop, protoRouting, protoDestOpts, 135, 139, 140: // mobility, HIP, Shim6
		return (int(b[1]) + 1) * 8
	case protoFragment:
		return 8
	case protoAH:
		return (int(b[1]) + 2) * 4
	}
	return 0
}

// hideExtensions clears what extension headers hold, and keeps that they are there.
func hideExtensions(b []byte, proto byte) {
	for len(b) >= 8 {
		size := min(extension(proto, b), len(b))
		if size == 0 {
			return
		}
		switch proto {
		case protoFragment:
		case protoHopByHop, protoDestOpts:
			clear(b[2:size])
			for at := 2; at < size; { // padding (RFC 8200 4.2), 257 bytes at most
				n := min(size-at, 257)
				if b[at] = 1; n < 2 {
					b[at] = 0
				} else {
					b[at+1] = byte(n - 2)
				}
				at += n
			}
		case protoAH:
			clear(b[min(12, size):size])
		default:
			clear(b[min(4, size):size])
		}
		proto, b = b[0], b[size:]
	}
}

// segment changes a TCP segment.
func (a *Anonymizer) segment(frame []byte, off int, pseudo checksum) int {
	b := frame[off:]
	end := min(len(b), 20)
	if len(b) > 12 {
		size := max(20, int(b[12]>>4)*4)
		end = min(len(b), size)
		hideOptions(b[min(20, end):end], end < size)
	}
	clear(b[end:])
	if len(b) >= 18 {
		pseudo.at = off + 16
		a.sums = append(a.sums, pseudo)
	}
	return off + end
}

// hideOptions clears what TCP options hold that are not for the transfer. cut: the last one may go on where nothing was captured.
func hideOptions(b []byte, cut bool) {
	for len(b) > 0 {
		if b[0] == 0 {
			clear(b)
			return
		}
		if b[0] == 1 {
			b = b[1:]
			continue
		}
		if cut && len(b) == 1 {
			return
		}
		if len(b) < 2 || b[1] < 2 || int(b[1]) > len(b) && !cut {
			clear(b)
			return
		}
		n := min(int(b[1]), len(b))
		switch b[0] {
		case 2, 3, 4, 5, 8, 28: // size, scale, SACK, timestamps, user timeout
		default:
			clear(b[2:n])
		}
		b = b[n:]
	}
}

// tunnel sees to the checksum of what is between two IP headers: UDP's, or GRE's if it has one.
func (a *Anonymizer) tunnel(frame []byte, ip *header, pseudo checksum) {
	b := frame[ip.body:]
	switch {
	case len(b) < 8:
	case ip.proto == protoUDP:
		pseudo.at, pseudo.udp = ip.body+6, true
		a.sums = append(a.sums, pseudo)
	case ip.proto == protoGRE && b[0]&0x80 != 0:
		a.sums = append(a.sums, checksum{at: ip.body + 4, from: ip.body, to: len(frame)})
	}
}

// message changes an ICMP message: its payload, or the packet that it quotes.
func (a *Anonymizer) message(frame []byte, ip *header, pseudo checksum, v6 bool, quotes int) int {
	b := frame[ip.body:]
	if len(b) < 8 {
		return len(frame)
	}
	pseudo.at = ip.body + 2
	if !v6 {
		pseudo.addr, pseudo.addrEnd = 0, 0
	}
	a.sums = append(a.sums, pseudo)
	known := ip.body + 8
	switch t := b[0]; {
	case quotes < mostQuotes && (v6 && t >= 1 && t <= 4 || !v6 && (t == 3 || t == 4 || t == 5 || t == 11 || t == 12)):
		if !v6 && t == 5 { // a redirect names a gateway
			a.addresses.ip(b[4:8])
		}
		known = a.packet(frame, known, len(frame), -1, v6, quotes+1)
	case v6 && (t == 135 || t == 136) && len(b) >= 24: // neighbors (RFC 4861 4.3)
		a.addresses.ip(b[8:24])
		known += 16
	}
	clear(frame[known:])
	return known
}

// leastSum is from how many bytes on their sum tells nothing of them.
const leastSum = 64

// keepSum clears bytes that are part of what a checksum in another frame is about. Their sum stays, unless it would tell what they were.
func keepSum(b []byte) {
	n := fold(sum(0, b))
	long := len(b) >= leastSum
	clear(b)
	if long {
		binary.BigEndian.PutUint16(b, n)
	}
}

func fill(b []byte, with byte) {
	for i := range b {
		b[i] = with
	}
}
