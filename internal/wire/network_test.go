package wire

import "testing"

// TestVLAN: the outermost tag and the innermost, wherever they are. A tag of priority is none, and what has no network has no tag that is valid.
func TestVLAN(t *testing.T) {
	tag := func(id int, inside []byte) []byte { return cat(u16(etherVLAN), u16(id), inside) }
	ip := cat(u16(etherIPv4), v4tcp)
	tagged := func(inside []byte) []byte { return eth(int(be16(inside)), inside[2:]) }
	vxlan := func(inner []byte) []byte {
		return cat(u16(etherIPv4), ip4(protoUDP, udp(portVXLAN, cat([]byte{8, 0, 0, 0}, u32(7<<8), inner))))
	}
	var d Decoder
	s := Segment{VLAN: [2]uint16{1, 2}}
	for _, test := range []struct {
		name  string
		frame []byte
		want  [2]uint16
	}{
		{"a tag", tagged(tag(5, ip)), [2]uint16{5}},
		{"two", tagged(tag(6, tag(5, ip))), [2]uint16{6, 5}},
		{"three", tagged(tag(6, tag(7, tag(5, ip)))), [2]uint16{6, 5}},
		{"none", tagged(ip), [2]uint16{}},
		{"priority only", tagged(tag(0xe000, ip)), [2]uint16{}},
		{"priority, and an id", tagged(tag(0xe000, tag(0xefff, ip))), [2]uint16{4095}},
		{"within a tunnel", tagged(vxlan(tagged(tag(5, ip)))), [2]uint16{5}},
		{"around a tunnel and within", tagged(tag(6, vxlan(tagged(tag(5, ip))))), [2]uint16{6, 5}},
		{"a tunnel without", tagged(vxlan(tagged(ip))), [2]uint16{}},
		{"a label", eth(etherMPLS, cat(u32(5<<12|0x140), v4tcp)), [2]uint16{}},
	} {
		if v := d.Decode(LinkEthernet, test.frame, uint32(len(test.frame)), &s); v != TCP {
			t.Fatalf("%s: verdict %v", test.name, v)
		}
		got := s.VLAN
		if s.Net == 0 {
			got = [2]uint16{}
		}
		if got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

// TestNetworks: what tells two networks apart, and what does not.
func TestNetworks(t *testing.T) {
	var d Decoder
	net := func(frame []byte) uint32 {
		t.Helper()
		var s Segment
		if v := d.Decode(LinkEthernet, frame, uint32(len(frame)), &s); v != TCP {
			t.Fatalf("verdict %v", v)
		}
		return s.Net
	}
	vlan := func(id int, ip []byte) []byte { return eth(etherVLAN, cat(u16(id), u16(etherIPv4), ip)) }
	qinq := func(outer, in int) []byte {
		return eth(etherQinQ, cat(u16(outer), u16(etherVLAN), u16(in), u16(etherIPv4), v4tcp))
	}
	mpls := func(label int) []byte { return eth(etherMPLS, cat(u32(label<<12|0x140), v4tcp)) }
	pbb := func(id int) []byte { return eth(etherPBB, cat(u32(id), eth(etherIPv4, v4tcp))) }
	vxlan := func(vni int) []byte {
		return eth(etherIPv4, ip4(protoUDP, udp(portVXLAN, cat([]byte{8, 0, 0, 0}, u32(vni<<8), eth(etherIPv4, v4tcp)))))
	}
	geneve := func(vni int) []byte {
		return eth(etherIPv4, ip4(protoUDP, udp(portGENEVE, cat(u16(0), u16(etherBridged), u32(vni<<8), eth(etherIPv4, v4tcp)))))
	}
	gtp := func(id int) []byte {
		return eth(etherIPv4, ip4(protoUDP, udp(portGTPU, cat([]byte{0x30, gtpTypeGPDU}, u16(len(v4tcp)), u32(id), v4tcp))))
	}
	gre := func(key int) []byte {
		return eth(etherIPv4, ip4(protoGRE, cat(u16(0x2000), u16(etherIPv4), u32(key), v4tcp)))
	}
	pppoe := func(id int) []byte {
		return eth(etherPPPoE, cat([]byte{0x11, 0}, u16(id), u16(2+len(v4tcp)), u16(pppIPv4), v4tcp))
	}
	ipip := func(swap bool) []byte {
		b := ip4(protoIPv4, v4tcp)
		if swap {
			copy(b[12:], []byte{10, 0, 0, 1, 10, 0, 0, 2})
		}
		return eth(etherIPv4, b)
	}
	other := ip4(protoIPv4, v4tcp)
	other[15]++
	seen := map[uint32]string{}
	for name, frame := range map[string][]byte{
		"plain": eth(etherIPv4, v4tcp), "vlan 5": vlan(5, v4tcp), "vlan 6": vlan(6, v4tcp), "vlan 5 in 6": qinq(6, 5), "vlan 6 in 5": qinq(5, 6),
		"mpls 5": mpls(5), "mpls 6": mpls(6), "pbb 5": pbb(5), "pbb 6": pbb(6), "vxlan 5": vxlan(5), "vxlan 6": vxlan(6), "geneve 5": geneve(5), "geneve 6": geneve(6),
		"gtp 5": gtp(5), "gtp 6": gtp(6), "gre 5": gre(5), "gre 6": gre(6), "pppoe 5": pppoe(5), "pppoe 6": pppoe(6),
		"ipip": ipip(false), "ipip of others": eth(etherIPv4, other), "vlan 5, ipip": vlan(5, ip4(protoIPv4, v4tcp)),
	} {
		n := net(frame)
		if was, ok := seen[n]; ok {
			t.Errorf("%s is %s", name, was)
		}
		if (n == 0) != (name == "plain") {
			t.Errorf("%s: %d", name, n)
		}
		seen[n] = name
	}
	for name, pair := range map[string][2][]byte{
		"priority tag":      {eth(etherIPv4, v4tcp), vlan(0xe000, v4tcp)},
		"priority in a tag": {vlan(5, v4tcp), vlan(0xe005, v4tcp)},
		"directions":        {ipip(false), ipip(true)},
		"port tag":          {eth(etherIPv4, v4tcp), eth(etherVNTag, cat(u32(0x1234), u16(etherIPv4), v4tcp))},
	} {
		if a, b := net(pair[0]), net(pair[1]); a != b {
			t.Errorf("%s: %d and %d", name, a, b)
		}
	}
}
