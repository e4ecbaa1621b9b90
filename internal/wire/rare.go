package wire

import (
	"encoding/binary"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// The link types that are seldom met.
const (
	linkWLAN     LinkType = 105 // IEEE 802.11
	linkPFLog    LinkType = 117 // OpenBSD's packet filter log
	linkPrism    LinkType = 119 // Prism monitor header, then 802.11
	linkRadiotap LinkType = 127 // radiotap header, then 802.11
	linkPPPDir   LinkType = 204 // PPP, behind a byte that tells the direction
	linkCiscoDir LinkType = 205 // Cisco HDLC, likewise
	linkNFLog    LinkType = 239 // Linux's NFLOG target
	linkPKTAP    LinkType = 258 // macOS's packet tap
)

// scratch holds gopacket's layers between frames, so that rare encapsulations
// cost few allocations.
type scratch struct {
	gre    layers.GRE
	erspan layers.ERSPANII
}

// header is what peel needs of a gopacket layer.
type header interface {
	DecodeFromBytes(data []byte, df gopacket.DecodeFeedback) error
	LayerContents() []byte
}

// peel lets gopacket decode one header at the start of data and returns its
// size. Several of gopacket's decoders slice by the lengths they read and
// panic on a short or hostile header; that counts as an error.
func peel(h header, data []byte) (size int, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	// Without spare capacity a length that lies cannot reach the next frame.
	if h.DecodeFromBytes(data[:len(data):len(data)], gopacket.NilDecodeFeedback) != nil {
		return 0, false
	}
	return len(h.LayerContents()), true
}

// unpeeled is the verdict on a header that peel could not read.
func unpeeled(frame []byte, end int, bad Verdict) Verdict {
	if len(frame) < end {
		return Truncated
	}
	return bad
}

// rareLink reads the link types that are seldom met.
func (d *Decoder) rareLink(link LinkType, frame []byte, off, end int, bits Bits, s *Segment) Verdict {
	switch link {
	case LinkFDDI:
		return d.fddi(frame, off, end, bits, s)
	case LinkTokenRing:
		return d.tokenRing(frame, off, end, bits, s)
	case linkWLAN:
		return d.wlan(frame, off, 0, end, bits, s)
	case linkRadiotap:
		return d.radiotap(frame, off, end, bits, s)
	case linkPrism:
		var prism layers.PrismHeader
		n, ok := peel(&prism, frame[off:])
		if !ok {
			return unpeeled(frame, end, NotIP)
		}
		return d.wlan(frame, off+n, 0, end, bits, s)
	case linkPFLog:
		var log layers.PFLog
		n, ok := peel(&log, frame[off:])
		if !ok {
			return unpeeled(frame, end, NotIP)
		}
		d.found(HeaderLink, off+4, off+n)
		return d.rawIP(frame, off+n, end, bits, s)
	case linkPPPDir, linkCiscoDir: // the first byte is the direction
		if len(frame) == off {
			return short(off, end, 1, NotIP)
		}
		return d.pppLink(frame, off+1, end, bits, s)
	case linkNFLog:
		return d.nflog(frame, off, end, bits, s)
	case linkPKTAP:
		return d.pktap(frame, off, end, bits, s)
	case LinkERF:
		return d.erf(frame, off, end, bits, s)
	case LinkIPNET:
		if len(frame)-off < 24 {
			return short(off, end, 24, NotIP)
		}
		return d.rawIP(frame, off+24, end, bits, s)
	case LinkIPoIB:
		return d.ipoib(frame, off, end, bits, s)
	}
	return UnsupportedLink
}

// radiotap skips the radiotap header. One of its flags tells of padding that some drivers put behind the 802.11
// header.
func (d *Decoder) radiotap(frame []byte, off, end int, bits Bits, s *Segment) Verdict {
	if len(frame)-off < 8 {
		return short(off, end, 8, NotIP)
	}
	size := int(binary.LittleEndian.Uint16(frame[off+2:]))
	if frame[off] != 0 || size < 8 {
		return NotIP
	}
	if len(frame)-off < size {
		return short(off, end, size, NotIP)
	}
	const padded = 0x20
	pad := 0
	if radiotapFlags(frame[off:off+size])&padded != 0 {
		pad = 3 // to a multiple of 4
	}
	return d.wlan(frame, off+size, pad, end, bits, s)
}

// radiotapFlags is the flags field of a radiotap header, 0 if there is none. It follows the words that tell what
// is there, and the time in microseconds, which is aligned.
func radiotapFlags(h []byte) byte {
	const more, hasTime, hasFlags = 1 << 31, 1 << 0, 1 << 1
	present := binary.LittleEndian.Uint32(h[4:])
	at := 8
	for word := present; word&more != 0; at += 4 {
		if len(h)-at < 4 {
			return 0
		}
		word = binary.LittleEndian.Uint32(h[at:])
	}
	if present&hasTime != 0 {
		at = (at+7)&^7 + 8
	}
	if present&hasFlags == 0 || at >= len(h) {
		return 0
	}
	return h[at]
}

// wlan reads the header of an 802.11 data frame (IEEE 802.11 9.3.2.1), to a multiple of pad+1 bytes. Controllers that hand
// frames on in tunnels may have swapped the two bytes of frame control.
func (d *Decoder) wlan(frame []byte, off, pad, end int, bits Bits, s *Segment) Verdict {
	if len(frame)-off < 24 {
		return short(off, end, 24, NotIP)
	}
	const (
		typeMask, data  = 0x0f, 0x08 // with the version, 0
		noBody, qos     = 0x40, 0x80 // of the subtype
		bothDS, ordered = 0x03, 0x80 // of the flags
		aggregated      = 0x80       // of QoS control
	)
	kind, flags := frame[off], frame[off+1]
	if kind&typeMask != data && bits&Tunneled != 0 {
		kind, flags = flags, kind
	}
	if kind&typeMask != data || kind&noBody != 0 {
		return NotIP // management, control or empty
	}
	size := 24
	if flags&bothDS == bothDS {
		size += 6
	}
	if kind&qos != 0 {
		if len(frame)-off < size+2 {
			return short(off, end, size+2, NotIP)
		}
		if frame[off+size]&aggregated != 0 {
			return NotIP // several frames in one
		}
		size += 2
		if flags&ordered != 0 {
			size += 4 // HT control
		}
	}
	size = (size + pad) &^ pad
	if len(frame)-off < size {
		return short(off, end, size, NotIP)
	}
	d.found(HeaderWLAN, off, off+size)
	return d.llc(frame, off+size, end, bits, s) // ciphertext is no SNAP header
}

// fddi reads the 13-byte FDDI header; only frames of class LLC carry IP.
func (d *Decoder) fddi(frame []byte, off, end int, bits Bits, s *Segment) Verdict {
	if len(frame)-off < 13 {
		return short(off, end, 13, NotIP)
	}
	if frame[off]&0xf8 != 0x50 {
		return NotIP
	}
	d.found(HeaderLink, off+1, off+13)
	return d.llc(frame, off+13, end, bits, s)
}

// tokenRing reads the 14-byte header of IEEE 802.5, and the route that may follow.
func (d *Decoder) tokenRing(frame []byte, off, end int, bits Bits, s *Segment) Verdict {
	if len(frame)-off < 15 {
		return short(off, end, 15, NotIP)
	}
	const llcFrame, routed = 0x40, 0x80
	if frame[off+1]&0xc0 != llcFrame {
		return NotIP
	}
	size := 14
	if frame[off+8]&routed != 0 {
		size += int(frame[off+14] & 0x1f)
	}
	if len(frame)-off < size {
		return short(off, end, size, NotIP)
	}
	d.found(HeaderLink, off+2, off+8)
	d.found(HeaderLink, off+9, off+14)
	return d.llc(frame, off+size, end, bits, s)
}

// nflog reads what Linux's NFLOG hands out: a header, then attributes, of which one is the packet. Their numbers are in
// the byte order of the machine that captured, which the first attribute's type tells.
func (d *Decoder) nflog(frame []byte, off, end int, bits Bits, s *Segment) Verdict {
	const packet = 9
	if len(frame)-off < 8 {
		return short(off, end, 8, NotIP)
	}
	var o binary.ByteOrder = binary.LittleEndian
	if o.Uint16(frame[off+6:]) > 0xff {
		o = binary.BigEndian
	}
	for off += 4; len(frame)-off >= 4; {
		size, kind := int(o.Uint16(frame[off:])), o.Uint16(frame[off+2:])
		if size < 4 {
			return NotIP
		}
		if kind == packet {
			end = min(end, off+size)
			return d.rawIP(frame[:min(len(frame), end)], off+4, end, bits, s)
		}
		d.found(HeaderLink, off+4, off+size)
		off += (size + 3) &^ 3
	}
	return short(min(off, end), end, 4, NotIP)
}

// pktap reads the header that macOS puts before frames of any interface: its length, and which link type follows.
func (d *Decoder) pktap(frame []byte, off, end int, bits Bits, s *Segment) Verdict {
	if len(frame)-off < 12 {
		return short(off, end, 12, NotIP)
	}
	size, link := binary.LittleEndian.Uint32(frame[off:]), binary.LittleEndian.Uint32(frame[off+8:])
	if size < 12 || size > 1<<16 || link > 0xffff || LinkType(link) == linkPKTAP {
		return NotIP
	}
	if len(frame)-off < int(size) {
		return short(off, end, int(size), NotIP)
	}
	d.found(HeaderLink, off+12, off+int(size))
	return d.link(LinkType(link), frame, off+int(size), end, bits, s)
}

// erf reads a record of Endace's format.
func (d *Decoder) erf(frame []byte, off, end int, bits Bits, s *Segment) Verdict {
	const extended = 0x80
	if len(frame)-off < 16 {
		return short(off, end, 16, NotIP)
	}
	kind := frame[off+8]
	more := kind
	for off += 16; more&extended != 0; off += 8 {
		if len(frame)-off < 8 {
			return short(off, end, 8, NotIP)
		}
		more = frame[off]
	}
	switch kind &^ extended {
	case 1, 10: // HDLC
		return d.pppLink(frame, off, end, bits, s)
	case 2, 11, 16: // Ethernet, behind two bytes
		if len(frame)-off < 2 {
			return short(off, end, 2, NotIP)
		}
		return d.ethernet(frame, off+2, end, bits, s)
	case 22, 23: // IPv4, IPv6
		return d.rawIP(frame, off, end, bits, s)
	}
	return NotIP
}

// ipoib reads IP over InfiniBand: an ethertype and two bytes of zero (RFC 4391 6), which libpcap has behind InfiniBand's global
// routing header, others behind an address or nothing.
func (d *Decoder) ipoib(frame []byte, off, end int, bits Bits, s *Segment) Verdict {
	for _, size := range [...]int{40, 20, 0} {
		if len(frame)-off < size+4 {
			continue
		}
		if typ := be32(frame[off+size:]); typ == etherIPv4<<16 || typ == etherIPv6<<16 {
			d.found(HeaderLink, off, off+size)
			return d.ether(uint16(typ>>16), frame, off+size+4, end, bits, s)
		}
	}
	if len(frame)-off >= 44 {
		return NotIP
	}
	return short(off, end, 44, NotIP)
}
