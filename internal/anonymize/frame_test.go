package anonymize

import (
	"bytes"
	"io"
	"net"
	"path/filepath"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/input"
	"tcptrace/internal/wire"
)

func newAnonymizer(t testing.TB, cut bool) *Anonymizer {
	t.Helper()
	a, err := New(sampleKey, cut)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// right reports whether a checksum is, over all that it is about.
func (c *checksum) right(frame []byte) bool {
	n := sum(sum(0, frame[c.addr:c.addrEnd]), frame[c.from:c.to])
	if c.addr != c.addrEnd {
		n += protocols[c.at-c.from] + uint64(c.length)
	}
	return fold(n) == 0xffff
}

// TestChecksums: in every frame of every golden capture each checksum is right afterwards if and only if it was before, in tunnels and
// quotes, too.
func TestChecksums(t *testing.T) {
	captures, err := filepath.Glob(filepath.Join(goldenDir, "*.pcap*"))
	if err != nil {
		t.Fatal(err)
	}
	a, right, wrong := newAnonymizer(t, false), 0, 0
	for _, path := range captures {
		src := input.Open([]string{path}, input.Options{})
		var b packet.Batch
		for frame := 1; src.Next(&b) != io.EOF; {
			for i := range b.Packets {
				now, p := bytes.Clone(b.Data(i)), &b.Packets[i]
				if n := a.Frame(p.Link, now, p.WireLen); n != len(now) {
					t.Errorf("%s: frame %d: %d bytes left of %d", path, frame, n, len(now))
				}
				for _, c := range a.sums {
					was := c.right(b.Data(i))
					if is := c.right(now); is != was && !c.left(b.Data(i), uint16(b.Data(i)[c.at])<<8|uint16(b.Data(i)[c.at+1])) {
						t.Errorf("%s: frame %d: checksum at %d: right %v, then %v", path, frame, c.at, was, is)
					}
					if was {
						right++
					} else {
						wrong++
					}
				}
				frame++
			}
		}
		src.Close()
	}
	if right < 1000 || wrong == 0 {
		t.Errorf("%d right and %d wrong checksums: too few", right, wrong)
	}
}

var (
	mac1, mac2 = net.HardwareAddr{0, 1, 2, 3, 4, 5}, net.HardwareAddr{0, 1, 2, 6, 7, 8}
	ip1, ip2   = net.IP{192, 0, 2, 1}, net.IP{192, 0, 2, 99}
)

func serialized(t *testing.T, list ...gopacket.SerializableLayer) []byte {
	t.Helper()
	b := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, list...); err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(b.Bytes())
}

// TestHidden: of each kind of packet that is not TCP nothing stays that tells whose it is.
func TestHidden(t *testing.T) {
	ether := func(typ layers.EthernetType) *layers.Ethernet {
		return &layers.Ethernet{SrcMAC: mac1, DstMAC: mac2, EthernetType: typ}
	}
	ip := func(proto layers.IPProtocol) *layers.IPv4 {
		return &layers.IPv4{Version: 4, TTL: 64, Protocol: proto, SrcIP: ip1, DstIP: ip2}
	}
	dns := &layers.UDP{SrcPort: 40000, DstPort: 53}
	dns.SetNetworkLayerForChecksum(ip(layers.IPProtocolUDP))
	inner := &layers.TCP{SrcPort: 40000, DstPort: 80, Seq: 0x01020304, SYN: true}
	inner.SetNetworkLayerForChecksum(ip(layers.IPProtocolTCP))
	secret := gopacket.Payload("secret")
	quoted := serialized(t, ip(layers.IPProtocolTCP), inner, secret)
	redirect := &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(5, 1), Id: 0xc000, Seq: 0x0203} // the gateway 192.0.2.3
	for name, test := range map[string]struct {
		frame []byte
		kept  []string
	}{
		"ARP": {append(serialized(t, ether(layers.EthernetTypeARP), &layers.ARP{AddrType: 1, Protocol: 0x0800, HwAddressSize: 6, ProtAddressSize: 4, Operation: 2,
			SourceHwAddress: mac1, SourceProtAddress: ip1, DstHwAddress: mac2, DstProtAddress: ip2}), "secret"...), []string{"\x00\x01\x08\x00\x06\x04\x00\x02"}},
		"DNS":       {serialized(t, ether(layers.EthernetTypeIPv4), ip(layers.IPProtocolUDP), dns, secret), []string{"\x9c\x40\x00\x35"}},
		"ping":      {serialized(t, ether(layers.EthernetTypeIPv4), ip(layers.IPProtocolICMPv4), &layers.ICMPv4{TypeCode: 0x0800, Id: 7}, secret), []string{"\x08\x00"}},
		"error":     {serialized(t, ether(layers.EthernetTypeIPv4), ip(layers.IPProtocolICMPv4), &layers.ICMPv4{TypeCode: 0x0301}, gopacket.Payload(quoted)), []string{"\x03\x01", "\x01\x02\x03\x04"}},
		"redirect":  {serialized(t, ether(layers.EthernetTypeIPv4), ip(layers.IPProtocolICMPv4), redirect, gopacket.Payload(quoted)), []string{"\x05\x01"}},
		"OSPF":      {serialized(t, ether(layers.EthernetTypeIPv4), ip(89), secret), nil},
		"LLDP":      {serialized(t, ether(layers.EthernetTypeLinkLayerDiscovery), secret), []string{"\x88\xcc"}},
		"VXLAN":     {serialized(t, ether(layers.EthernetTypeIPv4), ip(layers.IPProtocolUDP), udpTo(4789, ip), &layers.VXLAN{ValidIDFlag: true, VNI: 0x0a0b0c}, ether(layers.EthernetTypeIPv4), gopacket.Payload(quoted)), []string{"\x0a\x0b\x0c\x00", "\x01\x02\x03\x04"}},
		"no VXLAN":  {serialized(t, ether(layers.EthernetTypeIPv4), ip(layers.IPProtocolUDP), udpTo(4789, ip), secret, ether(layers.EthernetTypeIPv4), gopacket.Payload(quoted)), []string{"\x12\xb5"}},
		"VLAN, ARP": {serialized(t, ether(layers.EthernetTypeDot1Q), &layers.Dot1Q{VLANIdentifier: 7, Type: layers.EthernetTypeARP}, secret), []string{"\x81\x00"}},
	} {
		for _, cut := range []bool{false, true} {
			a, now := newAnonymizer(t, cut), bytes.Clone(test.frame)
			n := a.Frame(wire.LinkEthernet, now, uint32(len(now)))
			for _, gone := range []string{"secret", string(mac1), string(mac2), string(ip1), string(ip2), "\xc0\x00\x02\x03"} {
				if bytes.Contains(now, []byte(gone)) {
					t.Errorf("%s: % x is still there: % x", name, gone, now)
				}
			}
			for _, kept := range test.kept {
				if !bytes.Contains(now[:n], []byte(kept)) {
					t.Errorf("%s: % x is not there any more: % x", name, kept, now[:n])
				}
			}
			if (n == len(now)) == cut {
				t.Errorf("%s, cut %v: %d of %d bytes", name, cut, n, len(now))
			}
			for _, c := range a.sums {
				if !c.right(test.frame) || !cut && !c.right(now) {
					t.Errorf("%s: checksum at %d: %v, then %v", name, c.at, c.right(test.frame), c.right(now))
				}
			}
		}
	}
}

func udpTo(port layers.UDPPort, ip func(layers.IPProtocol) *layers.IPv4) *layers.UDP {
	u := &layers.UDP{SrcPort: 1, DstPort: port}
	u.SetNetworkLayerForChecksum(ip(layers.IPProtocolUDP))
	return u
}

// TestOptions: options of TCP that are for the transfer stay, what others hold does not.
func TestOptions(t *testing.T) {
	for _, test := range []struct {
		in, want string
		cut      bool
	}{
		{"\x02\x04\x05\xb4\x01\x03\x03\x07\x04\x02", "\x02\x04\x05\xb4\x01\x03\x03\x07\x04\x02", false},
		{"\x22\x06abcd\x01\x02\x04\x05\xb4", "\x22\x06\x00\x00\x00\x00\x01\x02\x04\x05\xb4", false},
		{"\x01\x00abcd", "\x01\x00\x00\x00\x00\x00", false},
		{"\x08\x0aabc", "\x00\x00\x00\x00\x00", false},
		{"\x08\x0aabc", "\x08\x0aabc", true},
		{"\x1e\x0aabc", "\x1e\x0a\x00\x00\x00", true},
		{"\x01\x08", "\x01\x08", true},
		{"\x01\x08", "\x01\x00", false},
		{"\x08\x01ab", "\x00\x00\x00\x00", true},
	} {
		b := []byte(test.in)
		if hideOptions(b, test.cut); string(b) != test.want {
			t.Errorf("% x became % x, want % x", test.in, b, test.want)
		}
	}
}

// TestExtensions: extension headers are as long as they were, and hold nothing.
func TestExtensions(t *testing.T) {
	b := []byte("\x3c\x01secret89abcdef\x2b\x00destin\x33\x02routers-and-more-of-th\x06\x04AHnumber01234567secret")
	want := "\x3c\x01\x01\x0c" + string(make([]byte, 12)) + "\x2b\x00\x01\x04\x00\x00\x00\x00" + "\x33\x02ro" + string(make([]byte, 20)) + "\x06\x04AHnumber01" + string(make([]byte, 12))
	hideExtensions(b[:len(want)], protoHopByHop)
	if string(b[:len(want)]) != want {
		t.Errorf("%q\nwant\n%q", b[:len(want)], want)
	}
}

// TestKeepSum: bytes whose checksum stands elsewhere keep their sum, unless they are so few that it would tell of them.
func TestKeepSum(t *testing.T) {
	for _, n := range []int{leastSum, leastSum - 1, 1, 0, 1001} {
		b := bytes.Repeat([]byte("x"), n)
		before := fold(sum(0, b))
		keepSum(b)
		if after := fold(sum(0, b)); n >= leastSum && after != before || n < leastSum && after != 0 || bytes.Contains(b, []byte("xxx")) {
			t.Errorf("%d bytes: sum %04x, then %04x", n, before, after)
		}
	}
}

// FuzzFrame: no frame breaks it, nothing is written behind the frame, and the same frame becomes the same.
func FuzzFrame(f *testing.F) {
	captures, err := filepath.Glob(filepath.Join(goldenDir, "*.pcap*"))
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range captures {
		src := input.Open([]string{path}, input.Options{})
		var b packet.Batch
		if src.Next(&b) == nil {
			f.Add(uint16(b.Packets[0].Link), b.Data(0), uint16(b.Packets[0].WireLen))
		}
		src.Close()
	}
	whole, cut := newAnonymizer(f, false), newAnonymizer(f, true)
	f.Fuzz(func(t *testing.T, link uint16, frame []byte, wireLen uint16) {
		one := append(bytes.Clone(frame), "behind"...)
		if n := whole.Frame(wire.LinkType(link), one[:len(frame)], uint32(wireLen)); n != len(frame) || !bytes.HasSuffix(one, []byte("behind")) {
			t.Errorf("%d bytes of %d: %q", n, len(frame), one)
		}
		other := bytes.Clone(frame)
		n := cut.Frame(wire.LinkType(link), other, uint32(wireLen))
		if n > len(frame) {
			t.Errorf("%d bytes of %d", n, len(frame))
		}
		again := bytes.Clone(frame)
		whole.Frame(wire.LinkType(link), again, uint32(wireLen))
		if !bytes.Equal(again, one[:len(frame)]) {
			t.Errorf("% x\nand then\n% x", one, again)
		}
	})
}
