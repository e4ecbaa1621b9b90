package wire

import "github.com/google/gopacket/layers"

// GRE protocol types that are not plain ethertypes.
const (
	greERSPAN  = 0x88be // ERSPAN I and II
	greERSPAN3 = 0x22eb
	greWCCP    = 0x883e // web cache redirection
	greAruba   = 0x8200 // to 0x8370 in steps of 16: 802.11 frames between Aruba's access points and controllers
	greArubaTo = 0x8370
	greAruba9  = 0x9000
	grePPP     = 0x880b // enhanced GRE of PPTP (RFC 2637)
)

// enter notes that what follows is inside one more encapsulation. What the
// outer headers said of lengths does not hold there; being cut into fragments, and
// running past the frame, does. It is false when the frame nests more deeply than anything real; the
// count never goes down, so retries cannot multiply.
func (d *Decoder) enter(bits Bits) (Bits, bool) {
	if bits&Tunneled == 0 {
		d.depth = 0
	}
	d.depth++
	return bits&(FirstFragment|PastFrame) | Tunneled, d.depth <= maxDepth
}

// encapsulated goes on behind an IP header whose protocol is not TCP.
func (d *Decoder) encapsulated(proto uint8, frame []byte, off, end int, bits Bits, s *Segment) Verdict {
	switch proto {
	case protoUDP:
		return d.udp(frame, off, end, bits, s)
	case protoIPv4, protoIPv6, protoGRE:
	default:
		return NotTCP
	}
	bits, ok := d.enter(bits)
	if !ok {
		return BadTunnel
	}
	switch proto {
	case protoIPv4:
		return d.ipv4(frame, off, end, bits, s)
	case protoIPv6:
		return d.ipv6(frame, off, end, bits, s)
	}
	v := d.gre(frame, off, end, bits, s)
	if v == NotIP {
		return NotTCP // the frame is IP, whatever the tunnel carries
	}
	return v
}

// gre peels a GRE header (RFC 2784, 2890, 1701, 2637).
func (d *Decoder) gre(frame []byte, off, end int, bits Bits, s *Segment) Verdict {
	g := &d.rare.gre
	n, ok := peel(g, frame[off:])
	proto, version, numbered, keyed, key := uint16(g.Protocol), g.Version, g.SeqPresent, g.KeyPresent, g.Key
	*g = layers.GRE{} // it refers to the frame
	if !ok {
		return unpeeled(frame, end, BadTunnel)
	}
	if version > 1 {
		return BadTunnel
	}
	off += n
	if keyed && version == 0 { // in version 1 it tells the direction, too
		d.through(netGRE, key)
	}
	switch proto {
	case greWCCP:
		if len(frame) > off && frame[off]>>4 != 4 { // version 2 has a header of its own
			off += 4
		}
		if off > len(frame) {
			return short(len(frame), end, 4, BadTunnel)
		}
		return d.ipv4(frame, off, end, bits, s)
	case grePPP:
		return d.ppp(frame, off, end, bits, s)
	case greERSPAN:
		if !numbered { // type I has no header of its own
			return d.ethernet(frame, off, end, bits, s)
		}
		return d.erspan2(frame, off, end, bits, s)
	case greERSPAN3:
		return d.erspan3(frame, off, end, bits, s)
	}
	if proto >= greAruba && proto <= greArubaTo && proto&15 == 0 || proto == greAruba9 {
		return d.aruba(frame, off, end, bits, s)
	}
	return d.ether(proto, frame, off, end, bits, s)
}

// aruba reads an 802.11 frame, or an Ethernet one where the access point has translated it.
func (d *Decoder) aruba(frame []byte, off, end int, bits Bits, s *Segment) Verdict {
	before := len(d.headers)
	v := d.wlan(frame, off, 0, end, bits, s)
	if v == NotIP {
		d.headers = d.headers[:before]
		v = d.ethernet(frame, off, end, bits, s)
	}
	return v
}

func (d *Decoder) erspan2(frame []byte, off, end int, bits Bits, s *Segment) Verdict {
	e := &d.rare.erspan
	n, ok := peel(e, frame[off:])
	version := e.Version
	*e = layers.ERSPANII{} // it refers to the frame
	if !ok {
		return unpeeled(frame, end, BadTunnel)
	}
	if version != layers.ERSPANIIVersion {
		return BadTunnel
	}
	return d.ethernet(frame, off+n, end, bits, s)
}

// erspan3 reads the header of ERSPAN III (draft-foschiano-erspan-03 4.3), which
// gopacket does not know: 12 bytes, and 8 more if the O bit is set.
func (d *Decoder) erspan3(frame []byte, off, end int, bits Bits, s *Segment) Verdict {
	if len(frame)-off < 12 {
		return short(off, end, 12, BadTunnel)
	}
	h := (*[12]byte)(frame[off:])
	if h[0]>>4 != 2 {
		return BadTunnel
	}
	size := 12 + int(h[11]&1)*8
	if len(frame)-off < size {
		return short(off, end, size, BadTunnel)
	}
	switch h[10] >> 2 & 0x1f { // the type of frame that was mirrored
	case 0:
		return d.ethernet(frame, off+size, end, bits, s)
	case 2:
		return d.rawIP(frame, off+size, end, bits, s)
	}
	return NotIP
}

// mpls skips a label stack (RFC 3032). Labels do not say what they carry, so
// the first four bits decide: an IP version, or 0 for the control word of a
// pseudowire (RFC 4385), or 1 for its associated channel. Anything else can
// only be an Ethernet pseudowire without a control word.
func (d *Decoder) mpls(frame []byte, off, end int, bits Bits, s *Segment) Verdict {
	bits, ok := d.enter(bits)
	if !ok {
		return BadTunnel
	}
	for bottom, n := false, 0; !bottom; n++ {
		if n == maxLabels {
			return BadTunnel
		}
		if len(frame)-off < 4 {
			return short(off, end, 4, BadTunnel)
		}
		label := be32(frame[off:])
		d.through(netMPLS, label>>12)
		bottom = label>>8&1 != 0
		off += 4
	}
	if len(frame) == off {
		return short(off, end, 1, BadTunnel)
	}
	switch frame[off] >> 4 {
	case 4:
		return d.ipv4(frame, off, end, bits, s)
	case 6:
		return d.ipv6(frame, off, end, bits, s)
	case 0:
		if len(frame)-off < 4 {
			return short(off, end, 4, BadTunnel)
		}
		return d.ethernet(frame, off+4, end, bits, s)
	case 1:
		return NotIP
	}
	v := d.ethernet(frame, off, end, bits, s)
	if v == NotIP {
		return BadTunnel // nothing confirms the guess
	}
	return v
}

// pppoe reads a PPPoE header of the session stage (RFC 2516 4). Read by hand:
// gopacket's decoder takes the length for granted, and so fails on every
// packet that the snap length cut.
func (d *Decoder) pppoe(frame []byte, off, end int, bits Bits, s *Segment) Verdict {
	if len(frame)-off < 6 {
		return short(off, end, 6, BadTunnel)
	}
	h := (*[6]byte)(frame[off:])
	if h[0] != 0x11 {
		return BadTunnel
	}
	if h[1] != 0 {
		return NotIP // discovery
	}
	d.through(netPPPoE, uint32(be16(h[2:])))
	off += 6
	end = min(end, off+int(be16(h[4:])))
	if end-off < 1 {
		return BadTunnel
	}
	return d.ppp(frame[:min(len(frame), end)], off, end, bits, s)
}
