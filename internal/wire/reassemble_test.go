package wire

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
)

// stream is a segment that takes several fragments.
var stream = tcpSeg(PSH|ACK, timestamps, bytes.Repeat([]byte("0123456789abcdef"), 40))

const streamLen = 640

// frag4 is an IPv4 fragment of data: bytes lo to hi.
func frag4(id, lo, hi int, proto byte, data []byte) []byte {
	mf := ipv4MF
	if hi == len(data) {
		mf = 0
	}
	b := ip4Opts(proto, mf|lo/8, nil, data[lo:hi])
	copy(b[4:], u16(id))
	return b
}

func frag6(id, lo, hi int, next byte, data []byte) []byte {
	more := 1
	if hi == len(data) {
		more = 0
	}
	return ip6(protoDestOpts, cat([]byte{protoFragment, 0, 1, 4, 0, 0, 0, 0}, []byte{next, 0}, u16(lo|more), u32(id), data[lo:hi]))
}

// intake is what a program does with frames.
type intake struct {
	d     Decoder
	r     Reassembler
	frame uint64
	time  int64
}

func (in *intake) add(link LinkType, frame []byte, wireLen int, s *Segment) (Joined, Verdict) {
	in.frame++
	in.time += 1000
	v := in.d.Decode(link, frame, uint32(wireLen), s)
	p := in.d.Piece()
	if p == nil {
		return 255, v
	}
	j := in.r.Add(p, v, in.frame, in.time, uint32(wireLen))
	if j == JoinWhole {
		v = in.r.Decode(&in.d, s)
	}
	return j, v
}

func wantWhole(t *testing.T, what string, in *intake, s *Segment, bits Bits) {
	t.Helper()
	if s.Len != streamLen || s.PayloadCap != streamLen || s.Bits&^(HasTimestamps|FewOptions) != Reassembled|bits || s.Seq != 0x01020304 || s.TTL != 63 {
		t.Fatalf("%s: %+v", what, s)
	}
	if got := in.r.Whole()[s.PayloadOff:][:s.PayloadCap]; !bytes.Equal(got, stream[32:]) {
		t.Fatalf("%s: payload %q", what, got)
	}
	if n := uint32(len(stream)); s.IPLen != n+20 && s.IPLen != n+56 {
		t.Fatalf("%s: IP length %d", what, s.IPLen)
	}
}

// TestFragmentsInAnyOrder, of either IP version, in tunnels and as tunnels.
func TestFragmentsInAnyOrder(t *testing.T) {
	cuts := [][2]int{{0, 200}, {200, 400}, {400, len(stream)}}
	vxlan := func(b []byte) []byte {
		return eth(etherIPv4, ip4(protoUDP, udp(portVXLAN, cat([]byte{8, 0, 0, 0}, u32(0x100), eth(etherIPv4, b)))))
	}
	outer := udp(portVXLAN, cat([]byte{8, 0, 0, 0}, u32(0x100), eth(etherIPv4, ip4(protoTCP, stream))))
	wlan := cat(wlan80211(1, 8)[:32], ip4(protoTCP, stream))
	for name, c := range map[string]struct {
		link LinkType
		make func(lo, hi int) []byte
		n    int
		bits Bits
	}{
		"v4": {LinkRaw, func(lo, hi int) []byte { return frag4(7, lo, hi, protoTCP, stream) }, len(stream), 0},
		"v6": {LinkRaw, func(lo, hi int) []byte { return frag6(7, lo, hi, protoTCP, stream) }, len(stream), 0},
		"vlan": {LinkEthernet, func(lo, hi int) []byte {
			return eth(etherVLAN, cat(u16(5), u16(etherIPv4), frag4(7, lo, hi, protoTCP, stream)))
		}, len(stream), 0},
		"v4 in gre": {LinkRaw, func(lo, hi int) []byte {
			return ip4(protoGRE, cat(u16(0), u16(etherIPv4), frag4(7, lo, hi, protoTCP, stream)))
		}, len(stream), Tunneled},
		"in vxlan":    {LinkEthernet, func(lo, hi int) []byte { return vxlan(frag4(7, lo, hi, protoTCP, stream)) }, len(stream), Tunneled},
		"of vxlan":    {LinkRaw, func(lo, hi int) []byte { return frag4(7, lo, hi, protoUDP, outer) }, len(outer), Tunneled},
		"of vxlan v6": {LinkRaw, func(lo, hi int) []byte { return frag6(7, lo, hi, protoUDP, outer) }, len(outer), Tunneled},
		"capwap": {LinkRaw, func(lo, hi int) []byte {
			flags := 1<<8 | 1<<7
			if hi == len(wlan) {
				flags |= 1 << 6
			}
			return ip4(protoUDP, udp(portCAPWAP, cat(capwapHeader(8, flags, 9, lo), wlan[lo:hi])))
		}, len(wlan), Tunneled},
	} {
		for _, order := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
			var in intake
			var s Segment
			for i, k := range order {
				hi := cuts[k][1]
				if k == 2 {
					hi = c.n
				}
				b := c.make(cuts[k][0], hi)
				j, v := in.add(c.link, b, len(b), &s)
				switch {
				case i < 2 && j != JoinWaits:
					t.Fatalf("%s %v: %d", name, order, j)
				case i == 2 && (j != JoinWhole || v != TCP):
					t.Fatalf("%s %v: %d %v", name, order, j, v)
				}
			}
			wantWhole(t, name, &in, &s, c.bits)
			if !slices.Equal(in.r.Frames(), []uint64{1, 2, 3}) || in.r.bytes != 0 {
				t.Fatalf("frames %v, %d bytes kept", in.r.Frames(), in.r.bytes)
			}
			if c.bits == 0 && c.link == LinkRaw && s.WireLen != uint32(3*len(c.make(0, 0))+len(stream)) {
				t.Fatalf("%s: %d bytes on the wire", name, s.WireLen)
			}
		}
	}
}

// TestFragmentNetwork: the same addresses and ID on two VLANs are two packets, and the whole has the VLAN of its fragments.
func TestFragmentNetwork(t *testing.T) {
	var in intake
	var s, plain Segment
	vlan := func(id, lo, hi int) []byte {
		return eth(etherVLAN, cat(u16(id), u16(etherIPv4), frag4(7, lo, hi, protoTCP, stream)))
	}
	for _, c := range []struct {
		vlan, lo, hi int
		want         Joined
	}{{5, 0, 200, JoinWaits}, {6, 0, 200, JoinWaits}, {6, 200, len(stream), JoinWhole}, {5, 200, len(stream), JoinWhole}} {
		b := vlan(c.vlan, c.lo, c.hi)
		if j, _ := in.add(LinkEthernet, b, len(b), &s); j != c.want {
			t.Fatalf("%+v: %d", c, j)
		}
	}
	in.add(LinkEthernet, eth(etherVLAN, cat(u16(5), u16(etherIPv4), v4tcp)), 200, &plain)
	if s.Net != plain.Net || s.Net == 0 || s.VLAN != plain.VLAN || s.VLAN[0] == 0 {
		t.Errorf("network %d and VLANs %v, not %d and %v", s.Net, s.VLAN, plain.Net, plain.VLAN)
	}
}

// TestFragmentsCut: what the snap length cut of a fragment is missing in the whole, and all behind it.
func TestFragmentsCut(t *testing.T) {
	var in intake
	var s Segment
	b := frag4(7, 0, 200, protoTCP, stream)
	in.add(LinkRaw, b, len(b), &s)
	b = frag4(7, 200, 400, protoTCP, stream)
	in.add(LinkRaw, b[:120], len(b), &s)
	b = frag4(7, 400, len(stream), protoTCP, stream)
	if j, v := in.add(LinkRaw, b, len(b), &s); j != JoinWhole || v != TCP || s.Len != streamLen || s.PayloadCap != 200-32+100 {
		t.Fatalf("%d %v %+v", j, v, s)
	}
}

// TestOverlaps: fragments that overlap are refused with all others of the packet, copies are not.
func TestOverlaps(t *testing.T) {
	end := len(stream)
	other := bytes.Clone(stream)
	other[100]++
	type step struct {
		lo, hi int
		data   []byte
		want   Joined
	}
	for name, steps := range map[string][]step{
		"copy":           {{0, 200, stream, JoinWaits}, {0, 200, stream, JoinWaits}, {200, end, stream, JoinWhole}, {200, end, stream, JoinCopy}, {0, 200, stream, JoinCopy}},
		"changed":        {{0, 200, stream, JoinWaits}, {0, 200, other, JoinOverlaps}, {200, end, stream, JoinRefused}},
		"longer":         {{0, 200, stream, JoinWaits}, {0, 208, stream, JoinOverlaps}},
		"shorter":        {{0, 200, stream, JoinWaits}, {0, 192, stream, JoinOverlaps}},
		"into the next":  {{200, 400, stream, JoinWaits}, {0, 208, stream, JoinOverlaps}},
		"into the last":  {{0, 200, stream, JoinWaits}, {192, 400, stream, JoinOverlaps}},
		"beside":         {{0, 200, stream, JoinWaits}, {400, end, stream, JoinWaits}, {200, 400, stream, JoinWhole}},
		"behind the end": {{400, end, stream[:end], JoinWaits}, {end/8*8 + 8, end + 100, append(bytes.Clone(stream), make([]byte, 200)...), JoinOverlaps}},
		"two ends":       {{400, 480, stream[:480], JoinWaits}, {480, end, stream, JoinOverlaps}},
		"end before":     {{400, 480, stream, JoinWaits}, {200, 400, stream[:400], JoinOverlaps}},
		"odd length":     {{0, 203, stream, JoinOverlaps}},
	} {
		for _, v6 := range []bool{false, true} {
			var in intake
			for i, st := range steps {
				b := frag4(7, st.lo, st.hi, protoTCP, st.data)
				if v6 {
					b = frag6(7, st.lo, st.hi, protoTCP, st.data)
				}
				var s Segment
				if j, _ := in.add(LinkRaw, b, len(b), &s); j != st.want {
					t.Errorf("%s, IPv6 %v, step %d: %d, want %d", name, v6, i, j, st.want)
				}
			}
		}
	}
}

// TestFragmentTimes: just inside and just outside of each bound.
func TestFragmentTimes(t *testing.T) {
	first4, rest4 := frag4(7, 0, 200, protoTCP, stream), frag4(7, 200, len(stream), protoTCP, stream)
	first6, rest6 := frag6(7, 0, 200, protoTCP, stream), frag6(7, 200, len(stream), protoTCP, stream)
	changed := frag4(7, 0, 200, protoTCP, append([]byte{9}, stream[1:]...))
	for _, c := range []struct {
		name          string
		frames        [][]byte
		wait          int64 // before the last
		inside, after Joined
	}{
		{"IPv4 timeout", [][]byte{first4, rest4}, pieceTimeout4, JoinWhole, JoinWaits},
		{"IPv6 timeout", [][]byte{first6, rest6}, pieceTimeout6, JoinWhole, JoinWaits},
		{"ID used again", [][]byte{first4, changed}, reuseAfter, JoinOverlaps, JoinWaits},
		{"ID used again, refused", [][]byte{first4, changed, first4}, reuseAfter, JoinRefused, JoinWaits},
		{"copy", [][]byte{first4, rest4, first4}, copyAfter, JoinCopy, JoinWaits},
	} {
		for over, want := range []Joined{c.inside, c.after} {
			var in intake
			var s Segment
			for i, b := range c.frames {
				if i == len(c.frames)-1 {
					in.time += c.wait + int64(over) - 1000
				}
				j, _ := in.add(LinkRaw, b, len(b), &s)
				if i == len(c.frames)-1 && j != want {
					t.Errorf("%s, %d ns over: %d, want %d", c.name, over, j, want)
				}
			}
		}
	}
}

// TestFirstFragmentsOnly: a capture that was filtered by port has nothing else. The first waits, others do not.
func TestFirstFragmentsOnly(t *testing.T) {
	var in intake
	var s Segment
	for id, want := range []Joined{JoinWaits, JoinAlone, JoinAlone} {
		b := frag4(id, 0, 200, protoTCP, stream)
		if j, v := in.add(LinkRaw, b, len(b), &s); j != want || v != TCP || s.Bits&FirstFragment == 0 {
			t.Errorf("%d: %d %v", id, j, v)
		}
	}
	rest := frag4(2, 200, len(stream), protoTCP, stream)
	in.add(LinkRaw, rest, len(rest), &s)
	b := frag4(3, 0, 200, protoTCP, stream)
	if j, _ := in.add(LinkRaw, b, len(b), &s); j != JoinWaits {
		t.Errorf("there are others: %d", j)
	}
}

// TestOtherFragments: of what cannot be TCP nothing is kept.
func TestOtherFragments(t *testing.T) {
	var in intake
	var s Segment
	dns := udp(53, make([]byte, 800))
	for _, c := range []struct {
		lo, hi int
		want   Joined
	}{{400, 600, JoinWaits}, {0, 400, JoinOther}, {600, 808, JoinOther}} {
		b := frag4(7, c.lo, c.hi, protoUDP, dns)
		if j, _ := in.add(LinkRaw, b, len(b), &s); j != c.want {
			t.Errorf("%+v: %d", c, j)
		}
	}
	if in.r.bytes != 0 {
		t.Errorf("%d bytes kept", in.r.bytes)
	}
}

// TestReassemblerBound: whatever comes, memory is bounded.
func TestReassemblerBound(t *testing.T) {
	var in intake
	var s Segment
	big := tcpSeg(ACK, timestamps, make([]byte, 60000))
	for i := range 3 * maxInPieces {
		in.time -= int64(i%3) * copyAfter
		var b []byte
		if i%2 == 0 {
			b = frag6(i, 0, 50000, protoTCP, big)
		} else {
			b = frag6(i, 8, 16, protoTCP, big)
		}
		in.add(LinkRaw, b, len(b), &s)
		if in.r.bytes > maxPieceBytes+maxPacket+partSize || len(in.r.open) > maxInPieces || len(in.r.queue) > 2*maxInPieces+1 {
			t.Fatalf("%d bytes, %d packets, %d in the queue", in.r.bytes, len(in.r.open), len(in.r.queue))
		}
	}
}

// FuzzReassemble: whatever fragments come in whatever order, what is put together is what was sent, or was refused.
func FuzzReassemble(f *testing.F) {
	f.Add(uint64(1), uint8(4), false)
	f.Add(uint64(2), uint8(12), true)
	f.Fuzz(func(t *testing.T, seed uint64, n uint8, v6 bool) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		var in intake
		data := [2][]byte{stream, tcpSeg(ACK, timestamps, bytes.Repeat([]byte("other "), 70))}
		for range n {
			in.time += rnd.Int64N(2*reuseAfter) >> rnd.IntN(30)
			k := rnd.IntN(2)
			d := data[k]
			lo := rnd.IntN(len(d)/64) * 64
			hi := min(len(d), lo+64*(1+rnd.IntN(4)))
			var b []byte
			if v6 {
				b = frag6(k, lo, hi, protoTCP, d)
			} else {
				b = frag4(k, lo, hi, protoTCP, d)
			}
			have := len(b) - rnd.IntN(2)*rnd.IntN(60)
			if rnd.IntN(10) == 0 {
				b[have-1]++
			}
			var s Segment
			j, v := in.add(LinkRaw, b[:have], len(b), &s)
			if j == JoinWhole && v == TCP && (int(s.Len) != len(d)-32 || s.PayloadCap > s.Len ||
				int(s.PayloadOff+s.PayloadCap) > len(in.r.Whole())) {
				t.Fatalf("%+v of %d bytes", s, len(d))
			}
		}
	})
}

// FuzzPieces: no frame that decodes to a fragment breaks the reassembler.
func FuzzPieces(f *testing.F) {
	f.Add(frag4(7, 0, 200, protoTCP, stream), frag4(7, 200, len(stream), protoTCP, stream))
	f.Add(frag6(7, 0, 200, protoTCP, stream), frag6(7, 200, len(stream), protoTCP, stream))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		var in intake
		for _, frame := range [][]byte{a, b, a, b} {
			var s Segment
			j, v := in.add(LinkRaw, frame, len(frame), &s)
			if j == JoinWhole && v == TCP && (uint64(s.PayloadOff)+uint64(s.PayloadCap) > uint64(len(in.r.Whole())) || s.PayloadCap > s.Len) {
				t.Fatalf("%+v", s)
			}
		}
	})
}

// TestOnlyFirstPieces: captures with a filter by port, of two servers whose packets alternate. One that is not a first one
// shows that there is no such filter.
func TestOnlyFirstPieces(t *testing.T) {
	for _, c := range []struct {
		name string
		ids  []int // odd ones are of another server; 0: a later fragment
		want []Joined
	}{
		{"two servers", []int{2, 3, 4, 5}, []Joined{JoinWaits, JoinWaits, JoinAlone, JoinAlone}},
		{"captured twice", []int{2, 2, 4}, []Joined{JoinWaits, JoinWaits, JoinAlone}},
		{"a later one", []int{2, 0, 4, 6}, []Joined{JoinWaits, JoinWaits, JoinWaits, JoinWaits}},
		{"a later one too late", []int{2, 4, 0, 6}, []Joined{JoinWaits, JoinAlone, JoinWaits, JoinWaits}},
	} {
		var in intake
		for i, id := range c.ids {
			lo := 0
			if id == 0 {
				id, lo = 100, 8
			}
			f := frag4(id, lo, 400, protoTCP, stream)
			f[15] += byte(id & 1)
			var s Segment
			if got, _ := in.add(LinkIPv4, f, len(f), &s); got != c.want[i] {
				t.Errorf("%s: the outcome of fragment %d is %d, want %d", c.name, i+1, got, c.want[i])
			}
		}
	}
}
