package wire

import (
	"bytes"
	"math"
	"net"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// TestChecksum lets gopacket compute the checksums that Decode verifies.
func TestChecksum(t *testing.T) {
	for _, v6 := range []bool{false, true} {
		for _, opts := range []int{0, 12} {
			for n := range 20 {
				frame, off := summed(t, v6, opts, n)
				for _, c := range []struct {
					what string
					edit func(f []byte) []byte
					want Bits
				}{
					{"right", func(f []byte) []byte { return f }, GoodSum},
					{"wrong", func(f []byte) []byte { f[off+4] ^= 1; return f }, BadSum},
					{"cut", func(f []byte) []byte { f[off+4] ^= 1; return f[:len(f)-1] }, 0},
					{"no SYN, FIN or RST", func(f []byte) []byte { f[off+13] &^= 2; return f }, 0},
					{"left to the card", func(f []byte) []byte {
						k := 6 + uint64(len(f)-off)
						for a := f[off-8 : off]; len(a) > 0 && !v6; a = a[8:] {
							k = add(k, be64(a))
						}
						for a := f[off-32 : off]; len(a) > 0 && v6; a = a[8:] {
							k = add(k, be64(a))
						}
						copy(f[off+16:], u16(int(fold(k))))
						return f
					}, 0},
				} {
					if c.what == "cut" && n == 0 {
						continue // that would cut the header
					}
					var s Segment
					f := c.edit(bytes.Clone(frame))
					if v := new(Decoder).Decode(LinkEthernet, f, uint32(len(frame)), &s); v != TCP {
						t.Fatal(v)
					}
					if got := s.Bits & (GoodSum | BadSum); got != c.want {
						t.Errorf("IPv6 %v, %d bytes of options, %d of payload, %s: %b, want %b", v6, opts, n, c.what, got, c.want)
					}
				}
			}
		}
	}
}

// TestHeaderChecksum lets gopacket compute the checksums of IPv4 headers that Decode verifies.
func TestHeaderChecksum(t *testing.T) {
	for _, opts := range []int{0, 4, 12} { // 4: not as common decodes it
		frame, off := summed(t, false, opts, 5)
		for _, c := range []struct {
			what string
			edit func(f []byte)
			want Bits
		}{
			{"right", func([]byte) {}, GoodHeader},
			{"wrong", func(f []byte) { f[24] ^= 1 }, BadHeader},
			{"another TTL", func(f []byte) { f[22]-- }, BadHeader},
			{"none", func(f []byte) { f[24], f[25] = 0, 0 }, BadHeader},
			{"none, and that of TCP left to the card", func(f []byte) {
				f[24], f[25] = 0, 0
				copy(f[off+16:], u16(int(fold(add(6+uint64(len(f)-off), be64(f[off-8:]))))))
			}, 0},
			{"no SYN, FIN or RST", func(f []byte) { f[off+13] &^= 2 }, 0},
		} {
			var s Segment
			f := bytes.Clone(frame)
			c.edit(f)
			if v := new(Decoder).Decode(LinkEthernet, f, uint32(len(frame)), &s); v != TCP {
				t.Fatal(v)
			}
			if got := s.Bits & (GoodHeader | BadHeader); got != c.want {
				t.Errorf("%d bytes of options, %s: %b, want %b", opts, c.what, got, c.want)
			}
		}
	}
}

// TestPayloadSum: what the checksum says of a payload is what its bytes say, if it is right and there are no other options.
func TestPayloadSum(t *testing.T) {
	for _, v6 := range []bool{false, true} {
		for _, opts := range []int{0, 12} {
			for n := range 20 {
				frame, off := summed(t, v6, opts, n)
				payload := frame[off+20+opts:]
				unsummed := func(length int) func(b []byte, s *Segment) {
					return func(b []byte, s *Segment) { s.Sum = fold(add(s.pseudo(), uint64(length))) }
				}
				for _, c := range []struct {
					what     string
					edit     func(b []byte, s *Segment)
					ok, same bool
				}{
					{"right", func(b []byte, s *Segment) {}, true, true},
					{"another byte", func(b []byte, s *Segment) {
						if n > 0 {
							b[n-1] ^= 1
						}
					}, true, n == 0},
					{"another checksum", func(b []byte, s *Segment) { s.Sum ^= 1 }, true, false},
					{"left to the card", unsummed(20 + opts + n), false, false},
					{"left to the card, without the length", unsummed(0), false, false},
					{"other options", func(b []byte, s *Segment) { s.Bits &^= FewOptions }, false, false},
					{"a fragment", func(b []byte, s *Segment) { s.Bits |= FirstFragment }, false, false},
					{"no length", func(b []byte, s *Segment) { s.Bits |= NoLength }, false, false},
				} {
					var s Segment
					if v := new(Decoder).Decode(LinkEthernet, frame, uint32(len(frame)), &s); v != TCP {
						t.Fatal(v)
					}
					b := bytes.Clone(payload)
					c.edit(b, &s)
					sum, ok := s.PayloadSum()
					if ok != c.ok || ok && (sum == SumOf(b)) != c.same {
						t.Errorf("IPv6 %v, %d bytes of options, %d of payload, %s: %#x %v, the bytes have %#x", v6, opts, n, c.what, sum, ok, SumOf(b))
					}
				}
			}
		}
	}
	if a, b := SumOf([]byte{0, 0}), SumOf([]byte{0xff, 0xff}); a != b {
		t.Errorf("zero is %#x and %#x", a, b)
	}
}

// The checksum of a segment without payload is computed as it was sent, and none of one with a byte, or with options that are not known.
func TestEmptySum(t *testing.T) {
	for _, v6 := range []bool{false, true} {
		for _, opts := range []int{0, 12} {
			for n := range 2 {
				frame, _ := summed(t, v6, opts, n)
				var s Segment
				if v := new(Decoder).Decode(LinkEthernet, frame, uint32(len(frame)), &s); v != TCP {
					t.Fatal(v)
				}
				if got := s.EmptySum(); (got == s.Sum) != (n == 0) || n > 0 && got != 0 {
					t.Errorf("IPv6 %v, %d bytes of options, %d of payload: %#x, sent was %#x", v6, opts, n, got, s.Sum)
				}
				s.Bits &^= FewOptions
				if got := s.EmptySum(); got != 0 {
					t.Errorf("other options: %#x", got)
				}
			}
		}
	}
}

// summed is a SYN with its checksum, in a frame without padding, and where its TCP header begins.
func summed(t *testing.T, v6 bool, opts, n int) (frame []byte, off int) {
	t.Helper()
	tcp := &layers.TCP{SrcPort: 40000, DstPort: 80, Seq: 0xfffefdfc, SYN: true, Window: 64240}
	if opts > 0 {
		tcp.Options = []layers.TCPOption{{OptionType: 1, OptionLength: 1}, {OptionType: 1, OptionLength: 1}, {OptionType: 8, OptionLength: 10, OptionData: timestamps[4:]}}
	}
	v4 := &layers.IPv4{Version: 4, IHL: 5, TTL: 64, Protocol: layers.IPProtocolTCP, SrcIP: net.IP{10, 0, 0, 2}, DstIP: net.IP{10, 0, 0, 1}}
	six := &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: layers.IPProtocolTCP, SrcIP: v6src, DstIP: v6dst}
	ip, off, typ := gopacket.SerializableLayer(v4), 34, etherIPv4
	network := gopacket.NetworkLayer(v4)
	if v6 {
		ip, network, off, typ = six, six, 54, etherIPv6
	}
	if err := tcp.SetNetworkLayerForChecksum(network); err != nil {
		t.Fatal(err)
	}
	buf := gopacket.NewSerializeBuffer()
	o := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializeLayers(buf, o, ip, tcp, gopacket.Payload(bytes.Repeat([]byte{0xA5, 0x3C}, 10)[:n])); err != nil {
		t.Fatal(err)
	}
	return cat(macs(typ), buf.Bytes()), off
}

// TestSumOf holds the sum against one of 16 bits at a time (RFC 1071 4.1), for every length of the last word, with carries and without.
func TestSumOf(t *testing.T) {
	for _, fill := range []byte{0, 1, 0x7f, 0x80, 0xff} {
		for n := range 70 {
			b := make([]byte, n)
			for i := range b {
				b[i] = fill + byte(i*i)*(fill&1)
			}
			for _, all := range [][]byte{b, bytes.Repeat([]byte{fill}, n)} {
				want := uint32(0)
				for i, c := range all {
					want += uint32(c) << (8 - i%2*8)
				}
				for want > 0xffff {
					want = want>>16 + want&0xffff
				}
				if got := fold(sumBytes(0, all)); got != uint16(want) {
					t.Errorf("%d bytes like %#x: %#x, want %#x", n, fill, got, want)
				}
			}
		}
	}
	for _, sum := range []uint64{0, 1, 0xffff, 0x10000, 0x1fffe, 0xffffffff, 0x1_0000_0000, 0xffff_ffff_0000_0000, 1<<63 + 0xffff, math.MaxUint64 - 1, math.MaxUint64} {
		want := sum
		for want > 0xffff {
			want = want>>16 + want&0xffff
		}
		if got := fold(sum); got != uint16(want) {
			t.Errorf("%#x is folded to %#x, want %#x", sum, got, want)
		}
	}
}
