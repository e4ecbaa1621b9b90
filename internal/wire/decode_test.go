package wire

import (
	"bytes"
	"testing"
)

// want is the segment that every sample holds, but for what the packet around
// it decides.
func want(sm sample, got *Segment) Segment {
	w := Segment{
		Seq: 0x01020304, Ack: 0x05060708, TSval: 7, TSecr: 9,
		Len: uint32(len(payload)), PayloadCap: uint32(len(payload)),
		PayloadOff: uint32(bytes.Index(sm.frame, payload)), WireLen: uint32(len(sm.frame)),
		Window: 512, Flags: PSH | ACK, Urgent: 77, Bits: FewOptions | HasTimestamps | sm.bits,
		TTL: 63, TOS: 0x2e, Dir: 1,
		Key:   Key{A: Addr{Lo: 0x0a000001}, B: Addr{Lo: 0x0a000002}, PortA: 80, PortB: 40000},
		IPID:  0xabcd,
		IPLen: got.IPLen, // tested on its own
		Net:   got.Net,   // likewise
		VLAN:  got.VLAN,  // likewise
	}
	if got.Key.V6 == 1 {
		w.Key = Key{A: Addr{0x20010db8 << 32, 1}, B: Addr{0x20010db8 << 32, 2}, PortA: 80, PortB: 40000, V6: 1}
		w.IPID = 0
		if bytes.Contains(sm.frame, u32(teredoPrefix)) {
			w.Key.A, w.Key.B = Addr{0x20010000 << 32, 2}, Addr{0x20010db8 << 32, 1}
			w.Key.PortA, w.Key.PortB, w.Dir = 40000, 80, 0
		}
	}
	w.V4DF = got.Key.V6 == 0
	if sm.bits&PastFrame != 0 {
		w.Len = pastFrame - uint32(len(segment)-len(payload))
		if got.Key.V6 == 0 {
			w.Len -= 20
		}
	}
	return w
}

// TestEverySample decodes the same segment in every wrapping.
func TestEverySample(t *testing.T) {
	var d Decoder
	for _, sm := range samples(t) {
		t.Run(sm.name, func(t *testing.T) {
			s := Segment{Bits: 0xffff, MSS: 1, WScale: 1, NSack: 4, TSval: 1, Urgent: 1, V4DF: true, Dir: 1, IPID: 1}
			if v := d.Decode(sm.link, sm.frame, uint32(len(sm.frame)), &s); v != TCP {
				t.Fatalf("verdict %v", v)
			}
			w := want(sm, &s)
			if s != w {
				t.Errorf("got  %+v\nwant %+v", s, w)
			}
			if got := sm.frame[s.PayloadOff:][:s.PayloadCap]; !bytes.Equal(got, payload) {
				t.Errorf("payload %q", got)
			}
		})
	}
}

// TestEverySampleCut cuts every sample at every byte: either the cut is noticed
// or the segment is the same but for what it could not hold.
func TestEverySampleCut(t *testing.T) {
	var d Decoder
	for _, sm := range samples(t) {
		var whole Segment
		d.Decode(sm.link, sm.frame, uint32(len(sm.frame)), &whole)
		header := len(sm.frame[:bytes.Index(sm.frame, segment)])
		for n := range len(sm.frame) {
			var s Segment
			v := d.Decode(sm.link, sm.frame[:n:n], uint32(len(sm.frame)), &s)
			if v == Truncated && n < header+20 || v == NotTCP && inUDPHeader(sm, n) {
				continue
			}
			if v != TCP || n < header+20 {
				t.Fatalf("%s cut to %d bytes of %d: %v, TCP starts at %d", sm.name, n, len(sm.frame), v, header)
			}
			w := whole
			w.PayloadCap = uint32(max(0, min(n-int(w.PayloadOff), int(w.PayloadCap))))
			if n < header+32 {
				w.PayloadOff, w.TSval, w.TSecr = uint32(n), 0, 0
				w.Bits = w.Bits&^(HasTimestamps|FewOptions) | CutOptions
			}
			if s != w {
				t.Fatalf("%s cut to %d bytes:\ngot  %+v\nwant %+v", sm.name, n, s, w)
			}
		}
	}
}

// inUDPHeader reports whether a cut to n bytes hides the ports of a UDP header,
// without which nobody can tell that there is a tunnel.
func inUDPHeader(sm sample, n int) bool {
	f := sm.frame
	for start := 0; sm.link == LinkEthernet; start += 8 + 8 { // a VXLAN header between the two
		var ip int
		switch f = f[start:]; {
		case be16(f[12:]) == etherIPv4 && f[14+9] == protoUDP:
			ip = 20
		case be16(f[12:]) == etherIPv6 && f[14+6] == protoUDP:
			ip = 40
		default:
			return false
		}
		if start = 14 + ip; n < start+8 {
			return true
		}
		n -= start + 8 + 8
	}
	return false
}

// TestIPLen: the IP length is the innermost packet's, without trailers.
func TestIPLen(t *testing.T) {
	var d Decoder
	var s Segment
	for _, sm := range samples(t) {
		d.Decode(sm.link, sm.frame, uint32(len(sm.frame)), &s)
		if s.Bits&PastFrame != 0 {
			continue
		}
		n := int(s.IPLen)
		start := int(s.PayloadOff) + len(payload) - n
		if start < 0 || s.Key.V6 == 1 && sm.frame[start]>>4 != 6 || s.Key.V6 == 0 && sm.frame[start]>>4 != 4 {
			t.Errorf("%s: IP length %d does not lead back to an IP header", sm.name, n)
		}
	}
}

func TestVerdicts(t *testing.T) {
	var d Decoder
	head := func(b []byte, at int, with ...byte) []byte {
		b = bytes.Clone(b)
		copy(b[at:], with)
		return b
	}
	v4, v6 := eth(etherIPv4, v4tcp), eth(etherIPv6, v6tcp)
	in4 := func(port int, data ...byte) []byte { return ip4(protoUDP, udp(port, data)) }
	deep4 := v4tcp
	for range maxDepth + 1 {
		deep4 = ip4(protoIPv4, deep4)
	}
	deepPPPoE := ip4(protoGRE, cat(u16(0), u16(etherPPPoE), []byte{0x11, 0, 0, 1}, u16(2+len(v4tcp)), u16(pppIPv4), v4tcp))
	for range maxDepth - 1 {
		deepPPPoE = ip4(protoIPv4, deepPPPoE)
	}
	deepVXLAN := v4
	for range maxDepth + 1 {
		deepVXLAN = eth(etherIPv4, in4(portVXLAN, cat([]byte{8, 0, 0, 0}, u32(0x100), deepVXLAN)...))
	}
	tags := bytes.Repeat([]byte{0, 1, 0x81, 0}, maxTags)
	manyExt := bytes.Repeat([]byte{protoDestOpts, 0, 0, 0, 0, 0, 0, 0}, maxHeaders+1)
	for _, c := range []struct {
		name  string
		link  LinkType
		frame []byte
		wire  int // 0: nothing was cut
		want  Verdict
	}{
		{"arp", LinkEthernet, eth(0x0806, make([]byte, 28)), 0, NotIP},
		{"stp", LinkEthernet, eth(38, cat([]byte{0x42, 0x42, 3}, make([]byte, 35))), 0, NotIP},
		{"snap-other-oui", LinkEthernet, eth(8+len(v4tcp), cat([]byte{0xaa, 0xaa, 3, 0, 0, 0xc, 8, 0}, v4tcp)), 0, NotIP},
		{"length-or-type", LinkEthernet, eth(1501, v4tcp), 0, NotIP},
		{"pppoe-discovery", LinkEthernet, eth(0x8863, make([]byte, 20)), 0, NotIP},
		{"pppoe-lcp", LinkEthernet, eth(etherPPPoE, []byte{0x11, 0, 0, 1, 0, 6, 0xc0, 0x21, 1, 1, 0, 4}), 0, NotIP},
		{"ppp-lcp", LinkPPP, []byte{0xff, 3, 0xc0, 0x21, 1, 1, 0, 4}, 0, NotIP},
		{"null-other-family", LinkNull, u32(7), 0, NotIP},
		{"sll-small-protocol", LinkLinuxSLL, cat(make([]byte, 14), u16(1), v4tcp), 0, NotIP},
		{"802.11-beacon", linkWLAN, cat([]byte{0x80, 0}, make([]byte, 40)), 0, NotIP},
		{"802.11-encrypted", linkWLAN, cat([]byte{8, 0x41}, make([]byte, 60)), 0, NotIP},
		{"802.11-null", linkWLAN, cat([]byte{0x48, 1}, make([]byte, 60)), 0, NotIP},
		{"802.11-aggregated", linkWLAN, cat([]byte{0x88, 1}, make([]byte, 22), []byte{0x80, 0}, make([]byte, 60)), 0, NotIP},
		{"token-ring-mac", LinkTokenRing, make([]byte, 40), 0, NotIP},
		{"nflog-no-packet", linkNFLog, []byte{2, 0, 0, 5, 8, 0, 1, 0, 8, 0, 1, 0}, 0, NotIP},
		{"nflog-no-length", linkNFLog, []byte{2, 0, 0, 5, 3, 0, 1, 0, 8, 0, 1, 0}, 0, NotIP},
		{"pktap-in-pktap", linkPKTAP, cat([]byte{12, 0, 0, 0, 1, 0, 0, 0, 2, 1, 0, 0}, v4), 0, NotIP},
		{"erf-meta", LinkERF, cat(make([]byte, 8), []byte{27}, make([]byte, 30)), 0, NotIP},
		{"ipoib-arp", LinkIPoIB, cat(make([]byte, 40), u16(0x806), u16(0), make([]byte, 28)), 0, NotIP},
		{"fabricpath-arp", LinkEthernet, eth(etherFabricPath, cat(u16(1), eth(0x806, make([]byte, 28)))), 0, NotIP},
		{"fddi-void", LinkFDDI, cat([]byte{0x40}, make([]byte, 40)), 0, NotIP},
		{"cisco-slarp", linkCiscoHDLC, cat([]byte{ciscoMulticast, 0, 0, 1}, make([]byte, 20)), 0, NotIP},
		{"snap-in-snap", LinkLinuxSLL, cat(make([]byte, 14), u16(4), []byte{0xaa, 0xaa, 3, 0, 0, 0, 0, 40}, v4tcp), 0, NotIP},
		{"empty", LinkEthernet, nil, 0, NotIP},
		{"vlan-short", LinkEthernet, eth(etherVLAN, []byte{0, 1}), 0, NotIP},
		{"too-many-tags", LinkEthernet, eth(etherVLAN, cat(tags, []byte{0, 1, 8, 0}, v4tcp)), 0, NotIP},

		{"udp", LinkEthernet, eth(etherIPv4, in4(53, 1, 2, 3)), 0, NotTCP},
		{"icmpv6", LinkRaw, ip6(58, make([]byte, 8)), 0, NotTCP},
		{"esp-behind-extension", LinkRaw, ip6(protoDestOpts, cat([]byte{50, 0, 0, 0, 0, 0, 0, 0}, make([]byte, 20))), 0, NotTCP},
		{"vxlan-port-other-content", LinkRaw, in4(portVXLAN, make([]byte, 60)...), 0, NotTCP},
		{"capwap-encrypted", LinkRaw, in4(portCAPWAP, cat([]byte{1, 0, 0, 0}, make([]byte, 60))...), 0, NotTCP},
		{"capwap-keep-alive", LinkRaw, in4(portCAPWAP, cat(capwapHeader(8, 1<<3, 0, 0), make([]byte, 60))...), 0, NotTCP},
		{"capwap-other-radio", LinkRaw, in4(portCAPWAP, cat(u32(2<<19|3<<9|1<<8), u32(0), make([]byte, 60))...), 0, NotTCP},
		{"capwap-later-fragment", LinkRaw, in4(portCAPWAP, cat(capwapHeader(8, 1<<7|1<<6, 0, 8), make([]byte, 60))...), 0, Fragment},
		{"gre-in-udp-other-content", LinkRaw, in4(portGREinUDP, bytes.Repeat([]byte{0x41}, 60)...), 0, NotTCP},
		{"vxlan-arp", LinkRaw, in4(portVXLAN, cat([]byte{8, 0, 0, 0, 0, 0, 1, 0}, eth(0x0806, make([]byte, 28)))...), 0, NotTCP},
		{"geneve-port-other-content", LinkRaw, in4(portGENEVE, bytes.Repeat([]byte{0x41}, 60)...), 0, NotTCP},
		{"geneve-control", LinkRaw, in4(portGENEVE, cat([]byte{0, 0x80}, u16(etherIPv4), u32(0), v4tcp)...), 0, NotTCP},
		{"gtp-echo", LinkRaw, in4(portGTPU, 0x32, 1, 0, 4, 0, 0, 0, 0, 0, 1, 0, 0), 0, NotTCP},
		{"gtp-length-past-packet", LinkRaw, in4(portGTPU, cat([]byte{0x30, 255, 9, 9, 0, 0, 0, 0}, v4tcp)...), 0, NotTCP},
		{"gtp-extension-of-no-length", LinkRaw, in4(portGTPU, cat([]byte{0x34, 255, 0, 8, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0})...), 0, NotTCP},
		{"teredo-port-other-ipv6", LinkRaw, in4(portTeredo, v6tcp...), 0, NotTCP},
		{"udp-header-cut", LinkRaw, in4(portVXLAN, make([]byte, 60)...)[:24], 88, NotTCP},
		{"erspan-3-other-frame", LinkRaw, ip4(protoGRE, cat([]byte{0x10, 0}, u16(greERSPAN3), u32(1), []byte{0x20, 0, 0, 1, 0, 0, 0, 0, 0, 0, 4, 0})), 0, NotTCP},
		{"vxlan-too-deep", LinkEthernet, deepVXLAN, 0, NotTCP},
		{"gre-keepalive", LinkRaw, ip4(protoGRE, []byte{0, 0, 0, 0}), 0, NotTCP},
		{"gre-stp", LinkRaw, ip4(protoGRE, cat(u16(0), u16(etherBridged), eth(38, make([]byte, 38)))), 0, NotTCP},

		{"fragment", LinkRaw, ip4Opts(protoTCP, ipv4MF|5, nil, segment), 0, Fragment},
		{"last-fragment", LinkRaw, ip4Opts(protoTCP, 5, nil, segment), 0, Fragment},
		{"first-fragment-without-header", LinkRaw, ip4Opts(protoTCP, ipv4MF, nil, segment[:16]), 0, Fragment},
		{"first-fragment-without-options", LinkRaw, ip4Opts(protoTCP, ipv4MF, nil, segment[:24]), 0, Fragment},
		{"icmp-fragment", LinkRaw, ip4Opts(1, 5, nil, segment), 0, NotTCP},
		{"ipv6-icmp-fragment", LinkRaw, ip6(protoFragment, cat([]byte{58, 0, 0, 9, 0, 0, 0, 1}, segment)), 0, NotTCP},
		{"ipv6-fragment", LinkRaw, ip6(protoFragment, cat([]byte{protoTCP, 0, 0, 9, 0, 0, 0, 1}, segment)), 0, Fragment},
		{"ipv6-first-fragment-short", LinkRaw, ip6(protoFragment, cat([]byte{protoDestOpts, 0, 0, 1, 0, 0, 0, 1}, []byte{protoTCP, 1, 0, 0, 0, 0, 0, 0})), 0, Fragment},

		{"ipv4-version", LinkEthernet, head(v4, 14, 0x55), 0, BadIP},
		{"ipv4-header-length", LinkEthernet, head(v4, 14, 0x44), 0, BadIP},
		{"ipv4-total-below-header", LinkEthernet, head(v4, 16, 0, 19), 0, BadIP},
		{"ipv4-short", LinkEthernet, v4[:30], 0, BadIP},
		{"ipv4-options-past-cut-frame", LinkRaw, head(v4tcp, 0, 0x4f)[:40], 0, Truncated},
		{"ipv4-options-past-packet", LinkRaw, head(head(v4tcp, 0, 0x4f), 2, 0, 59), 0, BadIP},
		{"ipv6-version", LinkEthernet, head(v6, 14, 0x50), 0, BadIP},
		{"ipv6-short", LinkEthernet, v6[:53], 0, BadIP},
		{"ipv6-extension-past-packet", LinkRaw, ip6(protoDestOpts, []byte{protoTCP, 9, 0, 0, 0, 0, 0, 0}), 0, BadIP},
		{"ipv6-extension-missing", LinkRaw, ip6(protoDestOpts, nil), 0, BadIP},
		{"ipv6-too-many-extensions", LinkRaw, ip6(protoDestOpts, manyExt), 0, BadIP},
		{"raw-neither", LinkRaw, []byte{0x10, 2, 3}, 0, BadIP},

		{"tcp-missing", LinkRaw, ip4(protoTCP, segment[:19]), 0, BadTCP},
		{"tcp-header-below-20", LinkRaw, ip4(protoTCP, head(segment, 12, 0x40)), 0, BadTCP},
		{"tcp-header-past-cut-frame", LinkRaw, head(ip4(protoTCP, segment[:19]), 2, 5, 220), 0, Truncated},
		{"tcp-header-past-packet", LinkRaw, ip4(protoTCP, head(segment, 12, 0xf0)), 0, BadTCP},
		{"tcp-in-ethernet-padding", LinkEthernet, cat(eth(etherIPv4, ip4(protoTCP, nil)), segment), 0, BadTCP},

		{"mpls-no-bottom", LinkEthernet, eth(etherMPLS, make([]byte, 8)), 0, BadTunnel},
		{"mpls-endless", LinkEthernet, eth(etherMPLS, bytes.Repeat([]byte{0, 0, 0, 1}, maxLabels+1)), 0, BadTunnel},
		{"mpls-unknown", LinkEthernet, eth(etherMPLS, cat(u32(0x100), bytes.Repeat([]byte{0x99}, 30))), 0, BadTunnel},
		{"mpls-channel", LinkEthernet, eth(etherMPLS, cat(u32(0x100), u32(0x10000021))), 0, NotIP},
		{"pppoe-version", LinkEthernet, eth(etherPPPoE, []byte{0x21, 0, 0, 1, 0, 4, 0, 0x21, 0, 0}), 0, BadTunnel},
		{"pppoe-empty", LinkEthernet, eth(etherPPPoE, []byte{0x11, 0, 0, 1, 0, 0}), 0, BadTunnel},
		{"gre-short", LinkRaw, ip4(protoGRE, []byte{0xff}), 0, BadTunnel},
		{"gre-version", LinkRaw, ip4(protoGRE, []byte{0, 2, 8, 0}), 0, BadTunnel},
		{"gre-routing-past-packet", LinkRaw, ip4(protoGRE, []byte{0x40, 0, 8, 0, 0, 0, 0, 0, 0, 2, 0, 99}), 0, BadTunnel},
		{"erspan-2-version", LinkRaw, ip4(protoGRE, cat([]byte{0x10, 0}, u16(greERSPAN), make([]byte, 40))), 0, BadTunnel},
		{"erspan-3-version", LinkRaw, ip4(protoGRE, cat([]byte{0x10, 0}, u16(greERSPAN3), make([]byte, 40))), 0, BadTunnel},
		{"pppoe-too-deep", LinkRaw, deepPPPoE, 0, BadTunnel},
		{"too-deep", LinkRaw, deep4, 0, BadTunnel},

		{"cut-mac", LinkEthernet, v4[:13], 60, Truncated},
		{"cut-ip", LinkEthernet, v4[:33], 60, Truncated},
		{"cut-tcp", LinkEthernet, v4[:53], 90, Truncated},
		{"cut-options", LinkRaw, head(v4tcp, 0, 0x4f)[:40], 90, Truncated},
		{"unknown-link", 147, v4, 0, UnsupportedLink},
		{"unknown-link-above-255", 300, v4, 0, UnsupportedLink},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s Segment
			if got := d.Decode(c.link, c.frame, uint32(max(c.wire, len(c.frame))), &s); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// TestNoAllocation: the common links cost the garbage collector nothing.
func TestNoAllocation(t *testing.T) {
	var d Decoder
	var s Segment
	sack := cat(timestamps, []byte{1, 1, 5, 18}, u32(1), u32(2), u32(3), u32(4))
	seg := tcpSeg(ACK, sack, payload)
	var all []sample
	for v, ip := range map[int][]byte{4: ip4(protoTCP, seg), 6: ip6(protoTCP, seg)} {
		typ, family, raw := etherIPv4, 2, LinkIPv4
		if v == 6 {
			typ, family, raw = etherIPv6, 28, LinkIPv6
		}
		all = append(all,
			sample{"ethernet", LinkEthernet, eth(typ, ip), 0},
			sample{"vlan", LinkEthernet, eth(etherQinQ, cat([]byte{0, 1}, u16(etherVLAN), []byte{0, 2}, u16(typ), ip)), 0},
			sample{"sll", LinkLinuxSLL, cat(make([]byte, 14), u16(typ), ip), 0},
			sample{"sll2", LinkLinuxSLL2, cat(u16(typ), make([]byte, 18), ip), 0},
			sample{"null", LinkNull, cat(u32(family), ip), 0},
			sample{"loop", LinkLoop, cat(u32(family), ip), 0},
			sample{"ppp", LinkPPP, cat([]byte{0xff, 3}, u16(map[int]int{4: pppIPv4, 6: pppIPv6}[v]), ip), 0},
			sample{"raw", LinkRaw, ip, 0}, sample{"raw-bsd", LinkRawBSD, ip, 0},
			sample{"raw-openbsd", LinkRawOpenBSD, ip, 0}, sample{"ip", raw, ip, 0},
		)
	}
	for _, sm := range all {
		n := testing.AllocsPerRun(100, func() {
			if v := d.Decode(sm.link, sm.frame, uint32(len(sm.frame)), &s); v != TCP || s.NSack != 2 {
				t.Fatalf("%s: %v, %d SACK blocks", sm.name, v, s.NSack)
			}
		})
		if n != 0 {
			t.Errorf("%s (IPv6 %d): %v allocations", sm.name, s.Key.V6, n)
		}
	}
}
