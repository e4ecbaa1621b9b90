package wire

import (
	"bytes"
	"encoding/binary"
	"net"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// Frames for the tests, written out by hand so that no decoder judges itself.

var payload = []byte("hello, tap")

// cat joins byte strings.
func cat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func u16(v int) []byte { return binary.BigEndian.AppendUint16(nil, uint16(v)) }
func u32(v int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(v)) }

// timestamps is the option area of an ordinary segment.
var timestamps = []byte{1, 1, 8, 10, 0, 0, 0, 7, 0, 0, 0, 9}

// tcpSeg is a TCP segment from port 40000 to port 80.
func tcpSeg(flags Flags, opts, data []byte) []byte {
	size := 20 + len(opts)
	return cat(u16(40000), u16(80), u32(0x01020304), u32(0x05060708),
		u16(size/4<<12|int(flags)), u16(512), u16(0), u16(77), opts, data)
}

func ip4(proto byte, data []byte) []byte { return ip4Opts(proto, 0x4000, nil, data) }

// ip4Opts is an IPv4 packet from 10.0.0.2 to 10.0.0.1.
func ip4Opts(proto byte, frag int, opts, data []byte) []byte {
	size := 20 + len(opts)
	return cat([]byte{0x40 | byte(size/4), 0x2e}, u16(size+len(data)), u16(0xabcd), u16(frag),
		[]byte{63, proto, 0, 0, 10, 0, 0, 2, 10, 0, 0, 1}, opts, data)
}

var (
	v6src = net.ParseIP("2001:db8::2")
	v6dst = net.ParseIP("2001:db8::1")
)

// ip6 is an IPv6 packet from 2001:db8::2 to 2001:db8::1.
func ip6(next byte, data []byte) []byte {
	return cat([]byte{0x62, 0xe0, 0, 1}, u16(len(data)), []byte{next, 63}, v6src, v6dst, data)
}

func macs(typ int) []byte {
	return cat([]byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2}, u16(typ))
}

func eth(typ int, data []byte) []byte { return cat(macs(typ), data) }

func udp(dport int, data []byte) []byte {
	return cat(u16(50000), u16(dport), u16(8+len(data)), u16(0), data)
}

// serialize lets gopacket write the frame.
func serialize(t testing.TB, ls ...gopacket.SerializableLayer) []byte {
	t.Helper()
	buf := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true}, ls...); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

var (
	segment = tcpSeg(PSH|ACK, timestamps, payload)
	v4tcp   = ip4(protoTCP, segment)
	v6tcp   = ip6(protoTCP, segment)
)

// sample is a frame that holds segment, however wrapped.
type sample struct {
	name  string
	link  LinkType
	frame []byte
	bits  Bits // beside HasTimestamps
}

func samples(t testing.TB) []sample {
	all := linkSamples()
	all = append(all, ipSamples()...)
	all = append(all, tunnelSamples(t)...)
	return append(all, udpSamples(t)...)
}

func linkSamples() []sample {
	snap := []byte{0xaa, 0xaa, 3, 0, 0, 0}
	llc := cat(snap, u16(etherIPv4), v4tcp)
	sll := cat(u16(0), u16(1), u16(6), make([]byte, 8))
	sll2 := func(proto int) []byte { return cat(u16(proto), u16(0), u32(1), u16(1), []byte{0, 6}, make([]byte, 8)) }
	tag := []byte{0, 5}
	le := func(family byte) []byte { return []byte{family, 0, 0, 0} }
	wlanQoS := cat([]byte{0x88, 1, 0, 0}, make([]byte, 18), []byte{0x10, 0, 0, 0})
	radiotap := func(flags byte) []byte { return []byte{0, 0, 9, 0, 2, 0, 0, 0, flags} }
	fcs := []byte{1, 2, 3, 4}
	return []sample{
		{"ethernet-ipv4", LinkEthernet, eth(etherIPv4, v4tcp), 0},
		{"ethernet-ipv6", LinkEthernet, eth(etherIPv6, v6tcp), 0},
		{"ethernet-trailer", LinkEthernet, cat(eth(etherIPv4, v4tcp), make([]byte, 9)), 0},
		{"vlan", LinkEthernet, eth(etherVLAN, cat(tag, u16(etherIPv4), v4tcp)), 0},
		{"qinq", LinkEthernet, eth(etherQinQ, cat(tag, u16(etherVLAN), tag, u16(etherIPv6), v6tcp)), 0},
		{"old-qinq", LinkEthernet, eth(etherQinQ1, cat(tag, u16(etherQinQ2), tag, u16(etherIPv4), v4tcp)), 0},
		{"802.3-snap", LinkEthernet, cat(macs(len(llc)), llc, make([]byte, 5)), 0},
		{"802.3-snap-vlan", LinkEthernet, cat(macs(8+4+len(v4tcp)), snap, u16(etherVLAN), tag, u16(etherIPv4), v4tcp), 0},
		{"sll", LinkLinuxSLL, cat(sll, u16(etherIPv4), v4tcp), 0},
		{"sll-ipv6", LinkLinuxSLL, cat(sll, u16(etherIPv6), v6tcp), 0},
		{"sll-vlan", LinkLinuxSLL, cat(sll, u16(etherVLAN), tag, u16(etherIPv4), v4tcp), 0},
		{"sll-llc", LinkLinuxSLL, cat(sll, u16(4), llc), 0},
		{"sll2", LinkLinuxSLL2, cat(sll2(etherIPv4), v4tcp), 0},
		{"sll2-ipv6", LinkLinuxSLL2, cat(sll2(etherIPv6), v6tcp), 0},
		{"raw", LinkRaw, v4tcp, 0},
		{"raw-ipv6", LinkRaw, v6tcp, 0},
		{"raw-bsd", LinkRawBSD, v4tcp, 0},
		{"raw-openbsd", LinkRawOpenBSD, v6tcp, 0},
		{"ipv4", LinkIPv4, v4tcp, 0},
		{"ipv6", LinkIPv6, v6tcp, 0},
		{"null-little-endian", LinkNull, cat(le(2), v4tcp), 0},
		{"null-big-endian", LinkNull, cat(u32(2), v4tcp), 0},
		{"null-linux-ipv6", LinkNull, cat(le(10), v6tcp), 0},
		{"null-netbsd-ipv6", LinkNull, cat(le(24), v6tcp), 0},
		{"null-freebsd-ipv6", LinkNull, cat(u32(28), v6tcp), 0},
		{"null-darwin-ipv6", LinkNull, cat(le(30), v6tcp), 0},
		{"loop", LinkLoop, cat(u32(2), v4tcp), 0},
		{"ppp", LinkPPP, cat(u16(pppIPv4), v4tcp), 0},
		{"ppp-hdlc-framing", LinkPPP, cat([]byte{0xff, 3}, u16(pppIPv6), v6tcp), 0},
		{"ppp-compressed-protocol", LinkPPP, cat([]byte{pppIPv4}, v4tcp), 0},
		{"ppp-mpls", LinkPPP, cat(u16(pppMPLS), u32(0x100), v4tcp), Tunneled},
		{"ppp-link-50", LinkPPPHDLC, cat([]byte{0xff, 3}, u16(pppIPv4), v4tcp), 0},
		{"cisco-hdlc-in-50", LinkPPPHDLC, cat([]byte{ciscoUnicast, 0}, u16(etherIPv4), v4tcp), 0},
		{"cisco-hdlc", linkCiscoHDLC, cat([]byte{ciscoMulticast, 0}, u16(etherIPv6), v6tcp), 0},
		{"pppoe-link", linkPPPoE, cat([]byte{0x11, 0, 0, 1}, u16(2+len(v4tcp)), u16(pppIPv4), v4tcp), 0},
		{"fddi", LinkFDDI, cat([]byte{0x50}, make([]byte, 12), llc), 0},
		{"802.11-data", linkWLAN, cat([]byte{8, 1, 0, 0}, make([]byte, 20), llc, fcs), 0},
		{"802.11-qos", linkWLAN, cat(wlanQoS, llc, fcs), 0},
		{"802.11-four-addresses", linkWLAN, cat([]byte{8, 3, 0, 0}, make([]byte, 26), llc, fcs), 0},
		{"radiotap", linkRadiotap, cat(radiotap(0), wlanQoS, llc), 0},
		{"radiotap-fcs", linkRadiotap, cat(radiotap(0x10), wlanQoS, llc, fcs), 0},
		{"radiotap-padded", linkRadiotap, cat(radiotap(0x20), wlanQoS, []byte{0, 0}, llc), 0},
		{"prism", linkPrism, cat([]byte{0x44, 0, 0, 0, 24, 0, 0, 0}, make([]byte, 16), wlanQoS, llc, fcs), 0},
		{"vn-tag", LinkEthernet, eth(etherVNTag, cat(u32(0x1234), u16(etherIPv4), v4tcp)), 0},
		{"vn-tag-vlan", LinkEthernet, eth(etherVNTag, cat(u32(0x1234), u16(etherVLAN), tag, u16(etherIPv6), v6tcp)), 0},
		{"e-tag", LinkEthernet, eth(etherETag, cat(u32(0x1234), u16(0), u16(etherIPv4), v4tcp)), 0},
		{"fabricpath", LinkEthernet, eth(etherFabricPath, cat(u16(0x40), eth(etherIPv4, v4tcp))), Tunneled},
		{"fabricpath-vlan", LinkEthernet, eth(etherVLAN, cat(tag, u16(etherFabricPath), u16(0x40), eth(etherIPv6, v6tcp))), Tunneled},
		{"802.1ah", LinkEthernet, eth(etherPBB, cat(u32(0x1234), eth(etherIPv4, v4tcp))), Tunneled},
		{"802.1ah-b-tag", LinkEthernet, eth(etherQinQ, cat(tag, u16(etherPBB), u32(0x1234), eth(etherVLAN, cat(tag, u16(etherIPv6), v6tcp)))), Tunneled},
		{"802.11-ht-control", linkWLAN, cat([]byte{0x88, 0x81, 0, 0}, make([]byte, 26), llc), 0},
		{"radiotap-time-two-words", linkRadiotap, cat([]byte{0, 0, 25, 0, 3, 0, 0, 0x80, 0, 0, 0, 0}, make([]byte, 12), []byte{0x20}, wlanQoS, []byte{0, 0}, llc), 0},
		{"token-ring", LinkTokenRing, cat([]byte{0x10, 0x40}, make([]byte, 12), llc), 0},
		{"token-ring-routed", LinkTokenRing, cat([]byte{0x10, 0x40}, make([]byte, 6), []byte{0x80, 0, 0, 0, 0, 0}, []byte{6, 0x30, 0, 1, 0, 2}, llc), 0},
		{"ppp-with-direction", linkPPPDir, cat([]byte{1, 0xff, 3}, u16(pppIPv4), v4tcp), 0},
		{"cisco-hdlc-with-direction", linkCiscoDir, cat([]byte{0, ciscoUnicast, 0}, u16(etherIPv6), v6tcp), 0},
		{"nflog", linkNFLog, cat([]byte{2, 0, 0, 5, 8, 0, 1, 0, 8, 0, 1, 0, 7, 0, 10, 0, 'a', 'b', 0, 0}, []byte{byte(4 + len(v4tcp)), 0, 9, 0}, v4tcp), 0},
		{"nflog-big-endian", linkNFLog, cat([]byte{10, 0, 0, 5, 0, 8, 0, 1, 8, 0, 1, 0}, u16(4+len(v6tcp)), u16(9), v6tcp), 0},
		{"pktap", linkPKTAP, cat([]byte{20, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0}, make([]byte, 8), eth(etherIPv4, v4tcp)), 0},
		{"erf-ethernet", LinkERF, cat(make([]byte, 8), []byte{2, 4}, make([]byte, 8), eth(etherIPv4, v4tcp)), 0},
		{"erf-extended-ipv6", LinkERF, cat(make([]byte, 8), []byte{23 | 0x80, 4}, make([]byte, 6), []byte{0x83, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0}, v6tcp), 0},
		{"erf-hdlc", LinkERF, cat(make([]byte, 8), []byte{1, 4}, make([]byte, 6), []byte{ciscoUnicast, 0}, u16(etherIPv4), v4tcp), 0},
		{"ipnet", LinkIPNET, cat([]byte{1, 2}, make([]byte, 22), v4tcp), 0},
		{"ipoib", LinkIPoIB, cat(make([]byte, 40), u16(etherIPv4), u16(0), v4tcp), 0},
		{"ipoib-address", LinkIPoIB, cat(make([]byte, 20), u16(etherIPv6), u16(0), v6tcp), 0},
		{"ipoib-bare", LinkIPoIB, cat(u16(etherIPv4), u16(0), v4tcp), 0},
		{"pflog", linkPFLog, cat([]byte{61, 2}, make([]byte, 62), v4tcp), 0},
	}
}

const pastFrame = 1500

func ipSamples() []sample {
	opts := []byte{7, 4, 4, 0}
	ext := func(next byte, more ...byte) []byte { return cat([]byte{next, 0, 1, 4, 0, 0, 0, 0}, more) }
	ah := cat([]byte{protoTCP, 4, 0, 0}, make([]byte, 20)) // 24 bytes
	noLen4, noLen6 := bytes.Clone(v4tcp), bytes.Clone(v6tcp)
	copy(noLen4[2:], u16(0))
	copy(noLen6[4:], u16(0))
	past := bytes.Clone(v4tcp)
	copy(past[2:], u16(pastFrame))
	outerPast := ip4(protoIPv4, past)
	copy(outerPast[2:], u16(pastFrame+20))
	past6 := bytes.Clone(v6tcp)
	copy(past6[4:], u16(pastFrame))
	frag6 := func(next byte, off int) []byte { return cat([]byte{next, 0}, u16(off), u32(9)) }
	return []sample{
		{"ipv4-options", LinkRaw, ip4Opts(protoTCP, ipv4DF, opts, segment), 0},
		{"ipv4-first-fragment", LinkRaw, ip4Opts(protoTCP, ipv4DF|ipv4MF, nil, segment), FirstFragment},
		{"ipv4-tso", LinkRaw, noLen4, NoLength},
		{"ipv6-tso", LinkRaw, noLen6, NoLength},
		{"ipv4-length-past-frame", LinkRaw, past, PastFrame},
		{"ipv6-length-past-frame", LinkRaw, past6, PastFrame},
		{"ipip-lengths-past-frame", LinkRaw, outerPast, PastFrame | Tunneled},
		{"ipv6-hop-by-hop", LinkRaw, ip6(protoHopByHop, cat(ext(protoTCP), segment)), 0},
		{"ipv6-chain", LinkRaw, ip6(protoHopByHop, cat(ext(protoRouting), ext(protoDestOpts), ext(protoMobility),
			ext(protoHIP), ext(protoShim6), ext(protoAH), ah, segment)), 0},
		{"ipv6-atomic-fragment", LinkRaw, ip6(protoFragment, cat(frag6(protoTCP, 0), segment)), 0},
		{"ipv6-first-fragment", LinkRaw, ip6(protoFragment, cat(frag6(protoTCP, 1), segment)), FirstFragment},
	}
}

func tunnelSamples(t testing.TB) []sample {
	inner := eth(etherIPv4, v4tcp)
	label, bottom := u32(0x00010040), u32(0x00011140)
	gre := func(flags, proto int, rest ...[]byte) []byte {
		return eth(etherIPv4, ip4(protoGRE, cat(u16(flags), u16(proto), cat(rest...))))
	}
	pppoe := func(proto int, data []byte) []byte {
		return eth(etherPPPoE, cat([]byte{0x11, 0, 0, 9}, u16(2+len(data)), u16(proto), data))
	}
	erspan3 := func(last byte, rest ...[]byte) []byte {
		return gre(0x1000, greERSPAN3, u32(1), []byte{0x20, 5, 0, 1}, u32(0), []byte{0, 0, 0, last}, cat(rest...))
	}
	nvgre := serialize(t,
		&layers.Ethernet{SrcMAC: make([]byte, 6), DstMAC: make([]byte, 6), EthernetType: layers.EthernetTypeIPv4},
		&layers.IPv4{Version: 4, TTL: 9, Protocol: layers.IPProtocolGRE, SrcIP: net.IP{1, 1, 1, 1}, DstIP: net.IP{2, 2, 2, 2}},
		&layers.GRE{KeyPresent: true, Key: 0x123400, Protocol: layers.EthernetTypeTransparentEthernetBridging},
		gopacket.Payload(inner))
	erspan2 := serialize(t,
		&layers.Ethernet{SrcMAC: make([]byte, 6), DstMAC: make([]byte, 6), EthernetType: layers.EthernetTypeIPv4},
		&layers.IPv4{Version: 4, TTL: 9, Protocol: layers.IPProtocolGRE, SrcIP: net.IP{1, 1, 1, 1}, DstIP: net.IP{2, 2, 2, 2}},
		&layers.GRE{SeqPresent: true, Seq: 1, Protocol: layers.EthernetTypeERSPAN},
		&layers.ERSPANII{Version: 1, SessionID: 3}, gopacket.Payload(inner))
	return []sample{
		{"mpls", LinkEthernet, eth(etherMPLS, cat(label, bottom, v4tcp)), Tunneled},
		{"mpls-ipv6", LinkEthernet, eth(etherMPLSUp, cat(bottom, v6tcp)), Tunneled},
		{"mpls-pseudowire", LinkEthernet, eth(etherMPLS, cat(bottom, u32(0), inner)), Tunneled},
		{"mpls-pseudowire-bare", LinkEthernet, eth(etherMPLS, cat(bottom, []byte{0x2a}, inner[1:])), Tunneled},
		{"pppoe", LinkEthernet, pppoe(pppIPv4, v4tcp), Tunneled},
		{"pppoe-ipv6", LinkEthernet, cat(pppoe(pppIPv6, v6tcp), make([]byte, 4)), Tunneled},
		{"gre", LinkEthernet, gre(0, etherIPv4, v4tcp), Tunneled},
		{"gre-ipv6", LinkEthernet, gre(0, etherIPv6, v6tcp), Tunneled},
		{"gre-checksum-key-seq", LinkEthernet, gre(0xb000, etherIPv4, u32(0), u32(1), u32(2), v4tcp), Tunneled},
		{"gre-mpls", LinkEthernet, gre(0, etherMPLS, bottom, v4tcp), Tunneled},
		{"gre-pptp", LinkEthernet, gre(0x3081, grePPP, u32(1), u32(2), u32(3), []byte{0xff, 3}, u16(pppIPv4), v4tcp), Tunneled},
		{"nvgre", LinkEthernet, nvgre, Tunneled},
		{"erspan-1", LinkEthernet, gre(0, greERSPAN, inner), Tunneled},
		{"erspan-2", LinkEthernet, erspan2, Tunneled},
		{"erspan-3", LinkEthernet, erspan3(0, inner), Tunneled},
		{"erspan-3-subheader", LinkEthernet, erspan3(1, make([]byte, 8), inner), Tunneled},
		{"erspan-3-ip", LinkEthernet, gre(0x1000, greERSPAN3, u32(1), []byte{0x20, 5, 0, 1}, u32(0), []byte{0, 0, 2 << 2, 0}, v4tcp), Tunneled},
		{"gre-wccp", LinkEthernet, gre(0, greWCCP, v4tcp), Tunneled},
		{"gre-wccp-2", LinkEthernet, gre(0, greWCCP, u32(0), v4tcp), Tunneled},
		{"gre-aruba", LinkEthernet, gre(0, greAruba, wlan80211(8, 1)), Tunneled},
		{"gre-aruba-swapped", LinkEthernet, gre(0, greArubaTo, wlan80211(1, 8)), Tunneled},
		{"gre-aruba-ethernet", LinkEthernet, gre(0, greAruba9, inner), Tunneled},
		{"ip-in-ip", LinkEthernet, eth(etherIPv4, ip4(protoIPv4, v4tcp)), Tunneled},
		{"6in4", LinkEthernet, eth(etherIPv4, ip4(protoIPv6, v6tcp)), Tunneled},
		{"4in6", LinkEthernet, eth(etherIPv6, ip6(protoIPv4, v4tcp)), Tunneled},
		{"6in6", LinkEthernet, eth(etherIPv6, ip6(protoIPv6, v6tcp)), Tunneled},
		{"first-fragment-of-ip-in-ip", LinkRaw, ip4Opts(protoIPv4, ipv4MF, nil, v4tcp), Tunneled | FirstFragment},
	}
}

// wlan80211 is a data frame whose frame control is a, b.
func wlan80211(a, b byte) []byte {
	return cat([]byte{a, b, 0, 0}, make([]byte, 20), []byte{0xaa, 0xaa, 3, 0, 0, 0}, u16(etherIPv4), v4tcp)
}

// capwapHeader is one of size bytes.
func capwapHeader(size, flags, id, offset int) []byte {
	return cat(u32(size/4<<19|1<<9|flags), u16(id), u16(offset), make([]byte, size-8))
}

func udpSamples(t testing.TB) []sample {
	inner := eth(etherIPv4, v4tcp)
	in4 := func(port int, data []byte) []byte { return eth(etherIPv4, ip4(protoUDP, udp(port, data))) }
	vxlan := cat([]byte{8, 0, 0, 0}, u32(0x100), inner)
	vxlanLib := serialize(t,
		&layers.Ethernet{SrcMAC: make([]byte, 6), DstMAC: make([]byte, 6), EthernetType: layers.EthernetTypeIPv6},
		&layers.IPv6{Version: 6, HopLimit: 9, NextHeader: layers.IPProtocolUDP, SrcIP: v6src, DstIP: v6dst},
		&layers.UDP{SrcPort: 7, DstPort: portVXLAN}, &layers.VXLAN{ValidIDFlag: true, VNI: 9},
		gopacket.Payload(eth(etherIPv6, v6tcp)))
	gtp := func(flags byte, opt []byte, data []byte) []byte {
		return in4(portGTPU, cat([]byte{flags, gtpTypeGPDU}, u16(len(opt)+len(data)), u32(1), opt, data))
	}
	client := bytes.Clone(v6tcp) // between a Teredo client and a native host
	copy(client[8:], u32(teredoPrefix))
	auth := cat([]byte{0, 1, 2, 3}, make([]byte, 2+3+8+1))
	origin := cat(u16(0), u16(1), u32(2))
	fromTunnel := cat(u16(portVXLAN), u16(50000), u16(8+len(vxlan)), u16(0), vxlan)
	return []sample{
		{"vxlan", LinkEthernet, in4(portVXLAN, vxlan), Tunneled},
		{"vxlan-linux-port", LinkEthernet, in4(portVXLANOld, vxlan), Tunneled},
		{"vxlan-source-port", LinkEthernet, eth(etherIPv4, ip4(protoUDP, fromTunnel)), Tunneled},
		{"vxlan-ipv6", LinkEthernet, vxlanLib, Tunneled},
		{"vxlan-in-vxlan", LinkEthernet, in4(portVXLAN, cat(vxlan[:8], in4(portVXLAN, vxlan))), Tunneled},
		{"geneve", LinkEthernet, in4(portGENEVE, cat(u16(0), u16(etherBridged), u32(0x100), inner)), Tunneled},
		{"geneve-options-ipv6", LinkEthernet, in4(portGENEVE, cat([]byte{63, 0}, u16(etherIPv6), u32(0x100), make([]byte, 63*4), v6tcp)), Tunneled},
		{"gtp-u", LinkEthernet, gtp(0x30, nil, v4tcp), Tunneled},
		{"gtp-u-sequence", LinkEthernet, gtp(0x32, []byte{0, 1, 0, 0}, v6tcp), Tunneled},
		{"gtp-u-extensions", LinkEthernet, gtp(0x34, []byte{0, 0, 0, 0x85, 1, 0, 0, 0x40, 2, 0, 0, 0, 0, 0, 0, 0}, v4tcp), Tunneled},
		{"gre-in-udp", LinkEthernet, in4(portGREinUDP, cat(u16(0), u16(etherIPv4), v4tcp)), Tunneled},
		{"gre-in-udp-ethernet", LinkEthernet, in4(portGREinUDP, cat(u16(0), u16(etherBridged), inner)), Tunneled},
		{"capwap-802.11", LinkEthernet, in4(portCAPWAP, cat(capwapHeader(16, 1<<8, 0, 0), wlan80211(8, 1))), Tunneled},
		{"capwap-802.11-swapped", LinkEthernet, in4(portCAPWAP, cat(capwapHeader(8, 1<<8, 0, 0), wlan80211(1, 8))), Tunneled},
		{"capwap-802.3", LinkEthernet, in4(portCAPWAP, cat(capwapHeader(8, 0, 0, 0), inner)), Tunneled},
		{"capwap-first-fragment", LinkEthernet, in4(portCAPWAP, cat(capwapHeader(8, 1<<7, 5, 0), inner)), Tunneled | FirstFragment},
		{"teredo", LinkEthernet, in4(portTeredo, client), Tunneled},
		{"teredo-origin", LinkEthernet, in4(portTeredo, cat(origin, client)), Tunneled},
		{"teredo-authentication-origin", LinkEthernet, in4(portTeredo, cat(auth, origin, client)), Tunneled},
	}
}
