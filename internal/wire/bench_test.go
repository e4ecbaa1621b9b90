package wire

import "testing"

func BenchmarkDecode(b *testing.B) {
	data := make([]byte, 1400)
	ts := tcpSeg(ACK, timestamps, data)
	syn := tcpSeg(SYN, []byte{2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 7, 0, 0, 0, 0, 1, 3, 3, 7}, nil)
	inner := eth(etherIPv4, ip4(protoTCP, ts))
	vxlan := udp(portVXLAN, cat([]byte{8, 0, 0, 0}, u32(0x100), inner))
	for _, c := range []struct {
		name  string
		link  LinkType
		frame []byte
		want  Verdict
	}{
		{"eth/ipv4/ts", LinkEthernet, inner, TCP},
		{"eth/ipv4/sack", LinkEthernet, eth(etherIPv4, ip4(protoTCP, tcpSeg(ACK, cat(timestamps, []byte{1, 1, 5, 10}, u32(1), u32(2)), nil))), TCP},
		{"eth/ipv6", LinkEthernet, eth(etherIPv6, ip6(protoTCP, ts)), TCP},
		{"eth/vlan/ipv6", LinkEthernet, eth(etherVLAN, cat(u16(5), u16(etherIPv6), ip6(protoTCP, ts))), TCP},
		{"sll", LinkLinuxSLL, cat(make([]byte, 14), u16(etherIPv4), ip4(protoTCP, ts)), TCP},
		{"syn", LinkEthernet, eth(etherIPv4, ip4(protoTCP, syn)), TCP},
		{"udp", LinkEthernet, eth(etherIPv4, ip4(protoUDP, udp(53, data))), NotTCP},
		{"vxlan", LinkEthernet, eth(etherIPv4, ip4(protoUDP, vxlan)), TCP},
	} {
		b.Run(c.name, func(b *testing.B) {
			var d Decoder
			var s Segment
			b.SetBytes(int64(len(c.frame)))
			b.ReportAllocs()
			for b.Loop() {
				if v := d.Decode(c.link, c.frame, uint32(len(c.frame)), &s); v != c.want {
					b.Fatal(v)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mpkt/s")
		})
	}
}
