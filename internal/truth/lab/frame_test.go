package lab

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

// decode reads a frame with gopacket, which knows nothing of this package.
func decode(t *testing.T, f Frame) gopacket.Packet {
	t.Helper()
	p := gopacket.NewPacket(f.Data, layers.LinkType(f.Link), gopacket.Default)
	if e := p.ErrorLayer(); e != nil {
		t.Fatalf("%v\n%x", e.Error(), f.Data)
	}
	return p
}

// reserialized is the TCP segment as gopacket writes it with checksums of its own.
func reserialized(t *testing.T, p gopacket.Packet) (got, want *layers.TCP) {
	t.Helper()
	got = p.Layer(layers.LayerTypeTCP).(*layers.TCP)
	again := *got
	network := p.Layer(layers.LayerTypeIPv4)
	if network == nil {
		network = p.Layer(layers.LayerTypeIPv6)
	}
	if err := again.SetNetworkLayerForChecksum(network.(gopacket.NetworkLayer)); err != nil {
		t.Fatal(err)
	}
	buf := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{ComputeChecksums: true},
		&again, gopacket.Payload(got.Payload)); err != nil {
		t.Fatal(err)
	}
	return got, &again
}

func TestChecksums(t *testing.T) {
	for _, ends := range []string{"", "client [2001:db8::1]:1\nserver [2001:db8::2]:2\n"} {
		for _, load := range []string{"(0)", "(1)", "(2)", "(1447)", "(1448)"} {
			f := frames(t, ends+"+0 > P. 1:1(0) <nop,nop,sack 5:9>\n+0 < . "+load+" ack 1 urg 3\n+0 < . "+load+" badsum")
			for i := range f {
				p := decode(t, f[i])
				got, want := reserialized(t, p)
				if bad := i == 2; (got.Checksum != want.Checksum) != bad {
					t.Errorf("%s: frame %d: TCP checksum %04x, by gopacket %04x", load, i, got.Checksum, want.Checksum)
				}
				if ip, ok := p.Layer(layers.LayerTypeIPv4).(*layers.IPv4); ok && checksum(ip.Contents) != 0 {
					t.Errorf("%s: frame %d: IP checksum", load, i)
				}
			}
		}
	}
}

func TestPartialChecksum(t *testing.T) {
	// 10.0.0.1 + 10.0.0.2 + protocol 6 + length 20, not complemented.
	want := uint16(0x0A00 + 0x0001 + 0x0A00 + 0x0002 + 6 + 20)
	got := frames(t, "link raw\n+0 > . partialsum")[0].Data[36:38]
	if binary.BigEndian.Uint16(got) != want {
		t.Errorf("%x, want %x", got, want)
	}
}

func TestHeaderFields(t *testing.T) {
	f := frames(t, `client 192.0.2.1:1234
		server 198.51.100.7:443
		isn 4294967290 1000
		ttl 57 128
		+0 > SEWA 0:0(0) win 1024
		+0 > P.U  10:15(5) ack 1 win 77 urg 5 ipid 99 ttl 3 tos 8 ce nodf "hello"
		+0 < -    -1:-1(0) doff 7`)
	p := decode(t, f[1])
	ip := p.Layer(layers.LayerTypeIPv4).(*layers.IPv4)
	tcp := p.Layer(layers.LayerTypeTCP).(*layers.TCP)
	got := fmt.Sprintln(ip.SrcIP, ip.DstIP, ip.Id, ip.TTL, ip.TOS, ip.Flags, ip.Length, uint16(tcp.SrcPort), uint16(tcp.DstPort),
		tcp.Seq, tcp.Ack, tcp.Window, tcp.Urgent, tcp.PSH, tcp.ACK, tcp.URG, tcp.SYN, string(tcp.Payload))
	want := "192.0.2.1 198.51.100.7 99 3 11  45 1234 443 4 1001 77 5 true true true false hello\n"
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	syn := decode(t, f[0]).Layer(layers.LayerTypeTCP).(*layers.TCP)
	if !syn.SYN || !syn.ECE || !syn.CWR || !syn.NS || syn.ACK || syn.Ack != 0 || syn.Seq != 4294967290 {
		t.Errorf("%+v", syn)
	}
	null := f[2].Data[34:]
	if seq := binary.BigEndian.Uint32(null[4:]); seq != 999 || null[12] != 7<<4 || null[13] != 0 || f[2].Data[22] != 128 {
		t.Errorf("%x", f[2].Data)
	}
}

func TestOptions(t *testing.T) {
	for text, want := range map[string]string{
		"<>":                              "",
		"<mss 1460>":                      "020405b4",
		"<wscale 7>":                      "03030700",
		"<nop,wscale 255>":                "010303ff",
		"<sackOK>":                        "04020000",
		"<nop,nop,sack 11:21>":            "0101050a0000000b00000015",
		"<sack raw>":                      "error",
		"<sack 1:2 -1:0>":                 "05120000000100000002ffffffff000000000000",
		"<TS val 0x10 ecr 2>":             "080a00000010000000020000",
		"<tfo>":                           "22020000",
		"<tfo aabbccdd>":                  "2206aabbccdd0000",
		"<md5>":                           "1312000000000000000000000000000000000000",
		"<ao 0102 0304>":                  "1d06010203040000",
		"<mptcp 01>":                      "1e030100",
		"<opt 253 f989>":                  "fd04f989",
		"<eol,bytes ff>":                  "00ff0000",
		"<mss 1,sackOK,nop,nop>":          "0204000104020101",
		"<mss 1460,sackOK,nop,nop,nop>":   "020405b40402010101000000",
		"<TS val 4294967295 ecr 1 extra>": "error",
	} {
		s, err := Parse("x", []byte("link raw\nisn 5 0\n+0 > . "+text))
		got := "error"
		if err == nil {
			f, err := s.Frames()
			if err != nil {
				t.Fatal(err)
			}
			got = fmt.Sprintf("%x", f[0].Data[40:])
		}
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// TestPattern: the same byte of the stream is the same however it is cut into segments.
func TestPattern(t *testing.T) {
	f := frames(t, "link raw\n+0 > . 1:41(40)\n+0 > . 6:20(14)\n+0 < . 1:17(16)\n+0 < . 17:20(3) fill x")
	whole, part := f[0].Data[40:], f[1].Data[40:]
	if string(whole) != "c0000000c0000008c0000016c0000024c0000032" || !bytes.Equal(part, whole[5:19]) {
		t.Errorf("%q, %q", whole, part)
	}
	if s := string(f[2].Data[40:]) + string(f[3].Data[40:]); s != "s0000000s0000008xxx" {
		t.Errorf("%q", s)
	}
}

func TestLinks(t *testing.T) {
	for _, link := range []string{
		"ethernet", "ethernet pad", "ethernet vlan 5", "ethernet vlan 5 6", "ethernet mpls 16 17", "ethernet pppoe 3",
		"sll", "raw", "null", "loop", "ppp",
	} {
		for _, tunnel := range []string{"", "tunnel gre\n", "tunnel ipip\n", "tunnel vxlan 9\n"} {
			for _, ends := range []string{"", "client [2001:db8::1]:1\nserver [2001:db8::2]:2\n"} {
				p := decode(t, frames(t, "link "+link+"\n"+tunnel+ends+"+0 > . (3)")[0])
				if tcp, _ := p.Layer(layers.LayerTypeTCP).(*layers.TCP); tcp == nil || string(tcp.Payload) != "c00" {
					t.Errorf("link %s, %q, %q: %v", link, tunnel, ends, p)
				}
			}
		}
	}
	// gopacket has no layer for version 2 of cooked captures.
	f := frames(t, "link sll2\n+0 < .")[0]
	if got, want := fmt.Sprintf("%d %x", f.Link, f.Data[:20]), "276 0800000000000002000100060200"+"0a0000020000"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestCopies(t *testing.T) {
	f := frames(t, "+0 > . (5) dup 10us cap 20\n+4us < .\n+1ms < . unseen\n+1ms > R")
	if len(f) != 4 || !bytes.Equal(f[0].Data, f[2].Data) || f[2].Time != f[0].Time+10_000 {
		t.Errorf("%+v", f)
	}
	if len(f[0].Data) != 20 || f[0].WireLen != 59 {
		t.Errorf("%d of %d bytes", len(f[0].Data), f[0].WireLen)
	}
}

// TestWriters reads every format back with pcapgo.
func TestWriters(t *testing.T) {
	const at = 1_600_000_000_123_456_789
	frames := []Frame{{Time: at, Link: 1, Data: []byte("abcde"), WireLen: 9}, {Time: at + 1e9, Link: 1, Data: []byte{}, WireLen: 0}}
	for _, f := range []Format{
		{}, {Nano: true}, {BigEndian: true}, {BigEndian: true, Nano: true, SnapLen: 96},
		{PCAPNG: true}, {PCAPNG: true, Nano: true}, {PCAPNG: true, BigEndian: true}, {PCAPNG: true, BigEndian: true, Nano: true},
	} {
		b, err := WriteCapture(frames, f)
		if err != nil {
			t.Fatal(err)
		}
		var r gopacket.PacketDataSource
		if f.PCAPNG {
			r, err = pcapgo.NewNgReader(bytes.NewReader(b), pcapgo.DefaultNgReaderOptions)
		} else {
			r, err = pcapgo.NewReader(bytes.NewReader(b))
		}
		if err != nil {
			t.Fatalf("%+v: %v", f, err)
		}
		for _, want := range frames {
			data, ci, err := r.ReadPacketData()
			ns := want.Time
			if !f.Nano {
				ns -= ns % 1000
			}
			if err != nil || !bytes.Equal(data, want.Data) || ci.Length != want.WireLen || !ci.Timestamp.Equal(time.Unix(0, ns)) {
				t.Errorf("%+v: %q %+v %v", f, data, ci, err)
			}
		}
	}
}

func TestInterfaces(t *testing.T) {
	given := Format{PCAPNG: true, Interfaces: []Interface{{Link: 101, Nano: true}}}
	frames := []Frame{{Link: 113, Iface: 2}, {Link: 1, Iface: 1}, {Link: 101}}
	got, err := given.interfaces(frames)
	want := []Interface{{Link: 101, Nano: true}, {Link: 1}, {Link: 113}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []Frame{{Link: 1}, {Iface: -1}, {Iface: maxInterfaces}} {
		if _, err := WriteCapture([]Frame{bad}, given); err == nil {
			t.Errorf("%+v was written", bad)
		}
	}
}
