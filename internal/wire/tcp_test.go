package wire

import (
	"math/rand/v2"
	"testing"
)

func TestOptions(t *testing.T) {
	pad := func(o ...byte) []byte {
		for len(o)%4 != 0 {
			o = append(o, optNOP)
		}
		return o
	}
	sack := func(n int) []byte {
		o := []byte{optSACK, byte(2 + 8*n)}
		for i := range n {
			o = append(o, cat(u32(10*i+1), u32(10*i+2))...)
		}
		return o
	}
	for _, c := range []struct {
		name string
		opts []byte
		snap int // captured bytes of the options; -1: all
		want Segment
	}{
		{"none", nil, -1, Segment{Bits: FewOptions}},
		{"timestamps", timestamps, -1, Segment{Bits: FewOptions | HasTimestamps, TSval: 7, TSecr: 9}},
		{"timestamps-first", pad(8, 10, 0, 0, 0, 7, 0, 0, 0, 9), -1, Segment{Bits: HasTimestamps, TSval: 7, TSecr: 9}},
		{"linux-syn", pad(2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 7, 0, 0, 0, 0, 1, 3, 3, 7), -1,
			Segment{Bits: HasMSS | HasSACKPerm | HasTimestamps | HasWScale, MSS: 1460, TSval: 7, WScale: 7}},
		{"bsd-syn", pad(2, 4, 5, 180, 1, 3, 3, 6, 4, 2, 8, 10, 0, 0, 0, 7, 0, 0, 0, 0), -1,
			Segment{Bits: HasMSS | HasSACKPerm | HasTimestamps | HasWScale | ScaleFirst, MSS: 1460, TSval: 7, WScale: 6}},
		{"window-scale-above-14", pad(3, 3, 200), -1, Segment{Bits: HasWScale, WScale: 200}},
		{"sack-1", pad(sack(1)...), -1, Segment{NSack: 1, Sack: [4][2]uint32{{1, 2}}}},
		{"sack-4", pad(sack(4)...), -1, Segment{NSack: 4, Sack: [4][2]uint32{{1, 2}, {11, 12}, {21, 22}, {31, 32}}}},
		{"two-sack-options", pad(append(sack(1), sack(3)...)...), -1,
			Segment{NSack: 4, Sack: [4][2]uint32{{1, 2}, {1, 2}, {11, 12}, {21, 22}}}},
		{"sack-of-no-blocks", pad(5, 2), -1, Segment{Bits: BadOptions}},
		{"sack-of-half-a-block", pad(5, 6, 0, 0, 0, 1), -1, Segment{Bits: BadOptions}},
		{"tfo-request", pad(34, 2), -1, Segment{Bits: HasTFO}},
		{"tfo-cookie", pad(34, 10, 1, 2, 3, 4, 5, 6, 7, 8), -1, Segment{Bits: HasTFO}},
		{"tfo-experimental", pad(254, 4, 0xf9, 0x89), -1, Segment{Bits: HasTFO}},
		{"tfo-experimental-253", pad(253, 8, 0xf9, 0x89, 1, 2, 3, 4), -1, Segment{Bits: HasTFO}},
		{"another-experiment", pad(254, 4, 0xe2, 0xd4), -1, Segment{}},
		{"md5", pad(append([]byte{19, 18}, make([]byte, 16)...)...), -1, Segment{Bits: HasMD5}},
		{"ao", pad(append([]byte{29, 16}, make([]byte, 14)...)...), -1, Segment{Bits: HasAO}},
		{"mptcp", pad(30, 12, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8), -1, Segment{Bits: HasMPTCP}},
		{"unknown", pad(77, 6, 1, 2, 3, 4, 3, 3, 2), -1, Segment{Bits: HasWScale, WScale: 2}},
		{"after-end", pad(2, 4, 5, 180, 0, 0, 3, 3, 7), -1, Segment{Bits: HasMSS, MSS: 1460}},
		{"wrong-length-is-skipped", pad(2, 6, 5, 180, 0, 0, 3, 3, 7), -1, Segment{Bits: BadOptions | HasWScale, WScale: 7}},
		{"length-0", []byte{2, 4, 5, 180, 3, 0, 7, 1}, -1, Segment{Bits: BadOptions | HasMSS, MSS: 1460}},
		{"length-past-header", []byte{2, 4, 5, 180, 8, 10, 1, 1}, -1, Segment{Bits: BadOptions | HasMSS, MSS: 1460}},
		{"kind-alone-at-the-end", []byte{1, 1, 1, 3}, -1, Segment{Bits: BadOptions}},
		{"cut-in-option", pad(2, 4, 5, 180, 8, 10, 0, 0, 0, 7, 0, 0, 0, 9), 9, Segment{Bits: CutOptions | HasMSS, MSS: 1460}},
		{"cut-before-length", pad(2, 4, 5, 180, 8, 10, 0, 0, 0, 7, 0, 0, 0, 9), 5, Segment{Bits: CutOptions | HasMSS, MSS: 1460}},
		{"cut-between-options", append(append([]byte{}, timestamps...), 3, 3, 7, 1), 12,
			Segment{Bits: CutOptions | HasTimestamps, TSval: 7, TSecr: 9}},
		{"cut-behind-end", []byte{2, 4, 5, 180, 0, 0, 0, 0}, 6, Segment{Bits: HasMSS, MSS: 1460}},
	} {
		t.Run(c.name, func(t *testing.T) {
			frame := ip4(protoTCP, tcpSeg(SYN, c.opts, payload))
			wire := len(frame)
			if c.snap >= 0 {
				frame = frame[:40+c.snap]
			}
			var d Decoder
			s := Segment{MSS: 9, WScale: 9, TSval: 9, TSecr: 9}
			if v := d.Decode(LinkRaw, frame, uint32(wire), &s); v != TCP {
				t.Fatal(v)
			}
			got := Segment{Bits: s.Bits &^ (GoodSum | BadSum | GoodHeader | BadHeader), MSS: s.MSS, WScale: s.WScale, TSval: s.TSval, TSecr: s.TSecr, NSack: s.NSack, Sack: s.Sack}
			if got != c.want {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
			if s.Len != uint32(len(payload)) {
				t.Errorf("payload of %d bytes", s.Len)
			}
		})
	}
}

func TestFlags(t *testing.T) {
	var d Decoder
	var s Segment
	for f := range Flags(1 << 9) {
		frame := ip4(protoTCP, tcpSeg(f|0x0e00, nil, nil)) // reserved bits set: not ours
		if v := d.Decode(LinkRaw, frame, uint32(len(frame)), &s); v != TCP || s.Flags != f {
			t.Fatalf("sent %09b: %v, %09b", f, v, s.Flags)
		}
	}
}

// TestMakeKey holds the branchless order against the obvious one.
func TestMakeKey(t *testing.T) {
	few := []uint64{0, 1, 2, 1 << 63, 1<<64 - 1}
	pick := func() uint64 { return few[rand.N(len(few))] }
	for range 100000 {
		src, dst := Addr{pick(), pick()}, Addr{pick(), pick()}
		sport, dport := uint16(pick()), uint16(pick())
		v6 := rand.N(2) == 0
		want, dir := Key{A: src, B: dst, PortA: sport, PortB: dport}, uint8(0)
		if dst.Less(src) || dst == src && dport < sport {
			want, dir = Key{A: dst, B: src, PortA: dport, PortB: sport}, 1
		}
		if v6 {
			want.V6 = 1
		}
		if k, d := MakeKey(src, dst, sport, dport, v6); k != want || d != dir {
			t.Fatalf("MakeKey(%v, %v, %d, %d) = %v, %d", src, dst, sport, dport, k, d)
		}
		if src.Hi|dst.Hi != 0 || (src.Lo|dst.Lo)>>32 != 0 {
			continue
		}
		want.V6 = 0
		var s Segment
		s.setKey4(src.Lo<<16|uint64(sport), dst.Lo<<16|uint64(dport))
		if s.Key != want || s.Dir != dir {
			t.Fatalf("setKey4(%v, %v, %d, %d) = %v, %d", src, dst, sport, dport, s.Key, s.Dir)
		}
	}
}

// TestKeyIsOfBothDirections: a reply finds its conversation, in any partition and table.
func TestKeyIsOfBothDirections(t *testing.T) {
	seed := [4]uint64{1, 2, 3, 4}
	for range 10000 {
		src, dst := Addr{rand.Uint64(), rand.Uint64()}, Addr{rand.Uint64(), rand.Uint64()}
		p, q := uint16(rand.Uint32()), uint16(rand.Uint32())
		k, d := MakeKey(src, dst, p, q, true)
		r, e := MakeKey(dst, src, q, p, true)
		if k != r || d == e || k.Hash(&seed) != r.Hash(&seed) || k.Partition(64) != r.Partition(64) || k.Partition(64) >= 64 {
			t.Fatalf("%v and %v", k, r)
		}
	}
}
