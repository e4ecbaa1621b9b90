package wire

import (
	"bytes"
	"testing"
)

// TestDatagram: what is found in a frame without TCP, at which depth, and how much of it.
func TestDatagram(t *testing.T) {
	dns := udp(53, payload)
	icmp := cat([]byte{3, 3, 0, 0}, u32(0), payload)
	icmp6 := cat([]byte{1, 4, 0, 0}, u32(0), payload)
	vxlan := func(in []byte) []byte {
		return ip4(protoUDP, udp(portVXLAN, cat([]byte{8, 0, 0, 0}, u32(7<<8), eth(etherIPv4, in))))
	}
	tests := []struct {
		name  string
		frame []byte
		proto uint8 // 0: nothing is found
		v6    bool
		data  []byte
		net   bool
	}{
		{"UDP", eth(etherIPv4, ip4(protoUDP, dns)), ProtoUDP, false, dns, false},
		{"UDP, IPv6", eth(etherIPv6, ip6(protoUDP, dns)), ProtoUDP, true, dns, false},
		{"UDP and a trailer", cat(eth(etherIPv4, ip4(protoUDP, dns)), []byte("xx")), ProtoUDP, false, dns, false},
		{"on a VLAN", eth(etherVLAN, cat(u16(5), u16(etherIPv4), ip4(protoUDP, dns))), ProtoUDP, false, dns, true},
		{"in VXLAN", eth(etherIPv4, vxlan(ip4(protoUDP, dns))), ProtoUDP, false, dns, true},
		{"to a port of a tunnel", eth(etherIPv4, ip4(protoUDP, udp(portVXLAN, payload))), ProtoUDP, false, udp(portVXLAN, payload), false},
		{"ICMP", eth(etherIPv4, ip4(ProtoICMP, icmp)), ProtoICMP, false, icmp, false},
		{"ICMPv6", eth(etherIPv6, ip6(ProtoICMPv6, icmp6)), ProtoICMPv6, true, icmp6, false},
		{"ICMPv6 in IPv4", eth(etherIPv4, ip4(ProtoICMPv6, icmp6)), 0, false, nil, false},
		{"ICMP in IPv6", eth(etherIPv6, ip6(ProtoICMP, icmp)), 0, false, nil, false},
		{"a first fragment", eth(etherIPv4, ip4Opts(protoUDP, ipv4MF, nil, dns)), ProtoUDP, false, dns, false},
		{"a later fragment", eth(etherIPv4, ip4Opts(protoUDP, 3, nil, dns)), 0, false, nil, false},
		{"SCTP", eth(etherIPv4, ip4(132, payload)), 0, false, nil, false},
		{"ARP", eth(0x806, payload), 0, false, nil, false},
	}
	var d Decoder
	for _, tt := range tests {
		var s Segment
		if v := d.Decode(LinkEthernet, tt.frame, uint32(len(tt.frame)), &s); v == TCP {
			t.Fatalf("%s: TCP", tt.name)
		}
		g := d.Datagram()
		if g == nil {
			if tt.proto != 0 {
				t.Errorf("%s: nothing found", tt.name)
			}
			continue
		}
		if g.Proto != tt.proto || g.V6 != tt.v6 || !bytes.Equal(g.Data, tt.data) || g.Size != len(tt.data) || (g.Net != 0) != tt.net {
			t.Errorf("%s: found %+v", tt.name, *g)
		}
		if !tt.v6 && (g.Src.Lo != 0x0a000002 || g.Dst.Lo != 0x0a000001) || tt.v6 && (g.Src.Lo != 2 || g.Dst.Lo != 1) {
			t.Errorf("%s: from %x to %x", tt.name, g.Src, g.Dst)
		}
	}
}

// TestUDP: the payload ends where the header says, or where the capture does.
func TestUDP(t *testing.T) {
	for _, tt := range []struct {
		name    string
		data    []byte
		payload string
		ok      bool
	}{
		{"whole", udp(53, []byte("abc")), "abc", true},
		{"padded", append(udp(53, []byte("abc")), 'x'), "abc", true},
		{"cut", udp(53, []byte("abc"))[:10], "ab", true},
		{"only a header", udp(53, nil), "", true},
		{"half a header", udp(53, nil)[:7], "", false},
		{"without a length", cat(u16(50000), u16(53), u32(0), []byte("abc")), "abc", true},
		{"a length below the header's", cat(u16(50000), u16(53), u16(7), u16(0), []byte("abc")), "abc", true},
	} {
		g := Datagram{Proto: ProtoUDP, Data: tt.data}
		from, to, payload, ok := g.UDP()
		if ok != tt.ok || string(payload) != tt.payload || ok && (from != 50000 || to != 53) {
			t.Errorf("%s: %q from %d to %d, %v", tt.name, payload, from, to, ok)
		}
	}
	if _, _, _, ok := (&Datagram{Proto: ProtoICMP, Data: udp(53, nil)}).UDP(); ok {
		t.Error("ICMP was taken for UDP")
	}
}
