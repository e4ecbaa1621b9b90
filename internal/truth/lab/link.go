package lab

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
)

// hop is what a link header says beside the payload: who sends to whom, seen from where.
type hop struct {
	src, dst  netip.Addr
	dir       direction
	bigEndian bool // the byte order of who wrote the capture
}

// link is a link layer and what stands between it and the IP packet.
type link struct {
	kind  *linkKind
	pad   bool     // to Ethernet's minimum, as received frames are
	vlans []uint16 // outermost first
	mpls  []uint32 // labels, outermost first
	pppoe uint16   // session id; 0: none
	nano  bool     // the interface's resolution
	outer tunnel   // around the packets of an interface; none: the script's
}

// linkKind is a link type as capture files number it
// (https://www.tcpdump.org/linktypes.html) and how its header is made.
type linkKind struct {
	number uint16
	header func(l *link, ip []byte, h hop) []byte
}

const linkEthernet = 1

var linkKinds = map[string]*linkKind{
	"null":     {0, nullHeader},
	"ethernet": {linkEthernet, ethernetHeader},
	"ppp":      {9, pppHeader},
	"raw":      {101, func(*link, []byte, hop) []byte { return nil }},
	"loop":     {108, loopHeader},
	"sll":      {113, sllHeader},
	"sll2":     {276, sll2Header},
}

const (
	etherIPv4  = 0x0800
	etherIPv6  = 0x86DD
	etherVLAN  = 0x8100
	etherSVLAN = 0x88A8 // 802.1ad, the outer of two tags
	etherMPLS  = 0x8847
	etherPPPoE = 0x8864
	pppIPv4    = 0x0021
	pppIPv6    = 0x0057

	afINET       = 2
	afINET6      = 30 // as Darwin numbers it; other BSDs differ
	minEthernet  = 60 // without the frame check sequence, which captures lack
	arphrdEther  = 1
	cookedToUs   = 0
	cookedFromUs = 4
)

func isIPv6(ip []byte) bool { return ip[0]>>4 == 6 }

// either picks by the IP version.
func either(ip []byte, v4, v6 uint16) uint16 {
	if isIPv6(ip) {
		return v6
	}
	return v4
}

// wrap puts the link header in front of an IP packet.
func (l *link) wrap(ip []byte, h hop) []byte {
	b := append(l.kind.header(l, ip, h), ip...)
	if l.pad && len(b) < minEthernet {
		b = append(b, make([]byte, minEthernet-len(b))...)
	}
	return b
}

func ethernetHeader(l *link, ip []byte, h hop) []byte {
	b := append(mac(h.dst), mac(h.src)...)
	for i, id := range l.vlans {
		tag := uint16(etherVLAN)
		if i < len(l.vlans)-1 {
			tag = etherSVLAN
		}
		b = append(b, byte(tag>>8), byte(tag), byte(id>>8), byte(id))
	}
	switch {
	case l.pppoe != 0:
		b = binary.BigEndian.AppendUint16(b, etherPPPoE)
		b = append(b, 0x11, 0, byte(l.pppoe>>8), byte(l.pppoe))
		b = binary.BigEndian.AppendUint16(b, uint16(min(len(ip)+2, 0xFFFF)))
		return binary.BigEndian.AppendUint16(b, either(ip, pppIPv4, pppIPv6))
	case len(l.mpls) > 0:
		b = binary.BigEndian.AppendUint16(b, etherMPLS)
		for i, label := range l.mpls {
			entry := label<<12 | 64
			if i == len(l.mpls)-1 {
				entry |= 1 << 8 // bottom of the stack
			}
			b = binary.BigEndian.AppendUint32(b, entry)
		}
		return b
	}
	return binary.BigEndian.AppendUint16(b, either(ip, etherIPv4, etherIPv6))
}

// mac is a locally administered address made of the IP address.
func mac(a netip.Addr) []byte {
	ip := a.AsSlice()
	return append([]byte{2, 0}, ip[len(ip)-4:]...)
}

func pppHeader(_ *link, ip []byte, _ hop) []byte {
	return binary.BigEndian.AppendUint16([]byte{0xFF, 3}, either(ip, pppIPv4, pppIPv6))
}

func nullHeader(_ *link, ip []byte, h hop) []byte {
	b := loopHeader(nil, ip, h)
	if !h.bigEndian {
		slices.Reverse(b)
	}
	return b
}

func loopHeader(_ *link, ip []byte, _ hop) []byte {
	return binary.BigEndian.AppendUint32(nil, uint32(either(ip, afINET, afINET6)))
}

// cookedType is the packet type of a capture on the client's host.
func cookedType(h hop) byte {
	if h.dir == fromClient {
		return cookedFromUs
	}
	return cookedToUs
}

func sllHeader(_ *link, ip []byte, h hop) []byte {
	b := []byte{0, cookedType(h), 0, arphrdEther, 0, 6}
	b = append(append(b, mac(h.src)...), 0, 0)
	return binary.BigEndian.AppendUint16(b, either(ip, etherIPv4, etherIPv6))
}

func sll2Header(_ *link, ip []byte, h hop) []byte {
	b := binary.BigEndian.AppendUint16(nil, either(ip, etherIPv4, etherIPv6))
	b = append(b, 0, 0, 0, 0, 0, 2, 0, arphrdEther, cookedType(h), 6)
	return append(append(b, mac(h.src)...), 0, 0)
}

// parseLink reads the words of link and interface.
func parseLink(words []string) (link, error) {
	kind, ok := linkKinds[words[0]]
	if !ok {
		return link{}, fmt.Errorf("unknown link %q", words[0])
	}
	l := link{kind: kind}
	rest := words[1:]
	for len(rest) > 0 {
		word := rest[0]
		rest = rest[1:]
		if word == "us" || word == "ns" {
			l.nano = word == "ns"
			continue
		}
		if kind.number != linkEthernet {
			return link{}, fmt.Errorf("%q needs ethernet", word)
		}
		var ids []uint64
		for len(rest) > 0 && rest[0][0] >= '0' && rest[0][0] <= '9' && len(ids) < 4 {
			id, err := number(rest[0], 20)
			if err != nil {
				return link{}, err
			}
			ids, rest = append(ids, id), rest[1:]
		}
		if err := l.between(word, ids); err != nil {
			return link{}, err
		}
	}
	return l, nil
}

// between takes one word of what stands between Ethernet and IP, and its numbers.
func (l *link) between(word string, ids []uint64) error {
	switch {
	case word == "pad" && len(ids) == 0:
		l.pad = true
	case word == "vlan" && len(ids) > 0:
		for _, id := range ids {
			l.vlans = append(l.vlans, uint16(id&0xFFF))
		}
	case word == "mpls" && len(ids) > 0:
		for _, id := range ids {
			l.mpls = append(l.mpls, uint32(id))
		}
	case tunnels[word] != nil && len(ids) < 2:
		l.outer.wrap = tunnels[word]
		if len(ids) > 0 {
			l.outer.vni = uint32(ids[0])
		}
	case word == "pppoe" && len(ids) == 1 && ids[0] > 0 && ids[0] <= 0xFFFF:
		l.pppoe = uint16(ids[0])
	default:
		return fmt.Errorf("%q with %d numbers is nothing that a link has", word, len(ids))
	}
	return nil
}

// tunnel is an encapsulation around every packet, over IPv4.
type tunnel struct {
	wrap func(t *tunnel, ip []byte, h hop) (proto byte, load []byte)
	vni  uint32
}

const (
	protoIPIP = 4
	protoUDP  = 17
	proto6in4 = 41
	protoGRE  = 47

	portVXLAN   = 4789
	headerVXLAN = 8 + 8 // UDP and VXLAN
)

var tunnels = map[string]func(t *tunnel, ip []byte, h hop) (byte, []byte){
	"ipip": func(_ *tunnel, ip []byte, _ hop) (byte, []byte) {
		return byte(either(ip, protoIPIP, proto6in4)), ip
	},
	"gre": func(_ *tunnel, ip []byte, _ hop) (byte, []byte) {
		return protoGRE, append(binary.BigEndian.AppendUint16([]byte{0, 0}, either(ip, etherIPv4, etherIPv6)), ip...)
	},
	"vxlan": vxlan,
}

// vxlan is RFC 7348: UDP, without a checksum as section 5 advises, around an Ethernet frame.
func vxlan(t *tunnel, ip []byte, h hop) (byte, []byte) {
	inner := (&link{kind: linkKinds["ethernet"]}).wrap(ip, h)
	n := min(headerVXLAN+len(inner), 0xFFFF)
	b := []byte{0xC0, 0, portVXLAN >> 8, portVXLAN & 0xFF, byte(n >> 8), byte(n), 0, 0}
	b = append(b, 8, 0, 0, 0, byte(t.vni>>16), byte(t.vni>>8), byte(t.vni), 0)
	return protoUDP, append(b, inner...)
}

var tunnelEnds = [2]netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")}

// around is the outer IP packet and its hop.
func (t *tunnel) around(ip []byte, h hop) ([]byte, hop, error) {
	proto, load := t.wrap(t, ip, h)
	h.src, h.dst = tunnelEnds[h.dir], tunnelEnds[h.dir.peer()]
	outer := ipv4{src: h.src, dst: h.dst, proto: proto, ttl: 64, df: true}
	b, err := outer.encode(load)
	return b, h, err
}
