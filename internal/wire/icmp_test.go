package wire

import (
	"encoding/binary"
	"testing"
)

// sumICMP puts the checksum of a datagram of ICMP where it belongs.
func sumICMP(g *Datagram) {
	g.Data[2], g.Data[3] = 0, 0
	var pseudo uint64
	if g.V6 {
		pseudo = add2(add2(uint64(g.Size)+ProtoICMPv6, g.Src.Hi, g.Src.Lo), g.Dst.Hi, g.Dst.Lo)
	}
	binary.BigEndian.PutUint16(g.Data[2:], ^fold(sumBytes(pseudo, g.Data)))
}

// quoting4 is an error to 10.0.0.1 that quotes n bytes of a TCP header behind an IPv4 header of hl bytes.
func quoting4(typ, code byte, rest uint32, hl, n int) *Datagram {
	data := binary.BigEndian.AppendUint32([]byte{typ, code, 0, 0}, rest)
	ip := make([]byte, hl+n)
	copy(ip, []byte{0x40 | byte(hl/4), 0, 1500 >> 8, 1500 & 0xff, 0, 0, 0x40, 0, 64, protoTCP, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2})
	copy(ip[hl:], []byte{0x9c, 0x40, 0, 80, 1, 2, 3, 4, 9, 9, 9, 9})
	g := &Datagram{Src: Addr{Lo: 0x0a0000fe}, Dst: Addr{Lo: 0x0a000001}, Proto: ProtoICMP, Data: append(data, ip...)}
	g.Size = len(g.Data)
	sumICMP(g)
	return g
}

// quoting6 is the same between 1::1 and 1::2; next are extension headers and what comes behind them.
func quoting6(typ, code byte, rest uint32, first byte, next []byte) *Datagram {
	data := binary.BigEndian.AppendUint32([]byte{typ, code, 0, 0}, rest)
	ip := make([]byte, 40)
	ip[0], ip[4], ip[5], ip[6] = 0x60, 1460>>8, 1460&0xff, first
	g := &Datagram{Src: Addr{Hi: 1, Lo: 9}, Dst: Addr{Hi: 1, Lo: 1}, V6: true, Proto: ProtoICMPv6}
	ip[15], ip[23], ip[31], ip[39] = 1, 1, 1, 2
	g.Data = append(append(data, ip...), next...)
	g.Size = len(g.Data)
	sumICMP(g)
	return g
}

var quotedPorts = []byte{0x9c, 0x40, 0, 80, 1, 2, 3, 4}

func TestICMPError(t *testing.T) {
	hopByHop := append([]byte{protoTCP, 0, 1, 4, 0, 0, 0, 0}, quotedPorts...)
	later := append([]byte{protoTCP, 0, 0, 8, 0, 0, 0, 0}, quotedPorts...)
	first := append([]byte{protoTCP, 0, 0, 1, 0, 0, 0, 0}, quotedPorts...)
	changed := func(g *Datagram, f func(*Datagram)) *Datagram {
		f(g)
		sumICMP(g)
		return g
	}
	for name, test := range map[string]struct {
		g    *Datagram
		want bool
		kind ICMPKind
		code uint8
		mtu  uint32
	}{
		"network":               {g: quoting4(3, 0, 0, 20, 8), want: true},
		"prohibited":            {g: quoting4(3, 13, 0, 20, 8), want: true, code: 13},
		"too big":               {g: quoting4(3, 4, 1400, 20, 8), want: true, kind: ICMPTooBig, code: 4, mtu: 1400},
		"too big, RFC 792":      {g: quoting4(3, 4, 0, 20, 8), want: true, kind: ICMPTooBig, code: 4},
		"TTL":                   {g: quoting4(11, 0, 0, 20, 12), want: true, kind: ICMPTimeExceeded},
		"IP options":            {g: quoting4(3, 1, 0, 24, 8), want: true, code: 1},
		"echo reply":            {g: quoting4(0, 0, 0, 20, 8)},
		"source quench":         {g: quoting4(4, 0, 0, 20, 8)},
		"seven bytes":           {g: quoting4(3, 1, 0, 20, 7)},
		"bad checksum":          {g: func() *Datagram { g := quoting4(3, 1, 0, 20, 8); g.Data[2] ^= 1; return g }()},
		"cut, checksum unknown": {g: func() *Datagram { g := quoting4(3, 1, 0, 20, 8); g.Data[2] ^= 1; g.Size++; return g }(), want: true, code: 1},
		"later fragment":        {g: changed(quoting4(3, 1, 0, 20, 8), func(g *Datagram) { g.Data[15] = 1 })},
		"UDP":                   {g: changed(quoting4(3, 3, 0, 20, 8), func(g *Datagram) { g.Data[17] = protoUDP })},
		"to somebody else":      {g: changed(quoting4(3, 3, 0, 20, 8), func(g *Datagram) { g.Dst.Lo++ })},
		"IPv6 in ICMP":          {g: changed(quoting4(3, 3, 0, 20, 8), func(g *Datagram) { g.Data[8] = 0x65 })},
		"v6 port":               {g: quoting6(1, 4, 0, protoTCP, quotedPorts), want: true, code: 4},
		"v6 too big":            {g: quoting6(2, 0, 1280, protoTCP, quotedPorts), want: true, kind: ICMPTooBig, mtu: 1280},
		"v6 hop limit":          {g: quoting6(3, 0, 0, protoTCP, quotedPorts), want: true, kind: ICMPTimeExceeded},
		"v6 hop by hop":         {g: quoting6(1, 0, 0, protoHopByHop, hopByHop), want: true},
		"v6 first fragment":     {g: quoting6(1, 0, 0, protoFragment, first), want: true},
		"v6 later fragment":     {g: quoting6(1, 0, 0, protoFragment, later)},
		"v6 cut extension":      {g: quoting6(1, 0, 0, protoHopByHop, hopByHop[:15])},
		"v6 parameter problem":  {g: quoting6(4, 0, 0, protoTCP, quotedPorts)},
		"v6 bad checksum":       {g: func() *Datagram { g := quoting6(1, 0, 0, protoTCP, quotedPorts); g.Src.Lo++; return g }()},
		"no quote":              {g: &Datagram{Proto: ProtoICMP, Data: []byte{3, 1, 0xfc, 0xfe, 0, 0, 0}, Size: 7}},
	} {
		t.Run(name, func(t *testing.T) {
			e, ok := test.g.ICMPError()
			if ok != test.want {
				t.Fatalf("an error: %v, want %v", ok, test.want)
			}
			if !ok {
				return
			}
			key, dir := MakeKey(test.g.Dst, Addr{test.g.Dst.Hi, 2 | test.g.Dst.Lo&^3}, 40000, 80, test.g.V6)
			want := ICMPError{Key: key, Dir: dir, Seq: 0x01020304, Size: 1500, Kind: test.kind, Code: test.code, MTU: test.mtu, From: test.g.Src}
			if e != want {
				t.Errorf("got %+v\nwant %+v", e, want)
			}
		})
	}
}

// FuzzICMP: whatever a datagram holds, no byte beyond it is read, and what is not whole is no error.
func FuzzICMP(f *testing.F) {
	f.Add(quoting4(3, 1, 0, 20, 8).Data, false, 0)
	f.Add(quoting6(1, 4, 0, protoTCP, quotedPorts).Data, true, 0)
	f.Fuzz(func(t *testing.T, data []byte, v6 bool, missing int) {
		g := &Datagram{Proto: ProtoICMP, V6: v6, Data: data[:len(data):len(data)], Size: len(data) + 1 + missing&0xffff}
		if at := icmpHeader + 12; !v6 && len(data) >= at+4 {
			g.Dst.Lo = uint64(be32(data[at:]))
		} else if at := icmpHeader + 8; v6 && len(data) >= at+16 {
			g.Dst = Addr{be64(data[at:]), be64(data[at+8:])}
		}
		if v6 {
			g.Proto = ProtoICMPv6
		}
		e, ok := g.ICMPError()
		if ok && (e.Kind >= NumICMPKinds || len(data) < icmpHeader+20+quotedTCP) {
			t.Errorf("%+v of %d bytes", e, len(data))
		}
	})
}
