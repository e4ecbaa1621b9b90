package wire

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

func addSeeds(f *testing.F) {
	for _, sm := range samples(f) {
		f.Add(uint16(sm.link), sm.frame, uint32(len(sm.frame)))
		f.Add(uint16(sm.link), sm.frame[:len(sm.frame)*3/4], uint32(len(sm.frame)))
	}
	syn := []byte{2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 7, 0, 0, 0, 0, 1, 3, 3, 7}
	f.Add(uint16(LinkEthernet), eth(etherIPv4, ip4(protoTCP, tcpSeg(SYN, syn, nil))), uint32(74))
	sack := cat([]byte{1, 1, 5, 18}, make([]byte, 16))
	f.Add(uint16(LinkEthernet), eth(etherIPv6, ip6(protoTCP, tcpSeg(ACK, sack, nil))), uint32(94))
	f.Add(uint16(LinkEthernet), eth(etherIPv4, ip4(protoTCP, tcpSeg(RST, nil, nil))), uint32(54))
	badOuter := eth(etherIPv6, ip6(protoIPv4, v4tcp))
	badOuter[14] = 0x30
	f.Add(uint16(LinkEthernet), badOuter, uint32(len(badOuter)))
	f.Add(uint16(linkRadiotap), bytes.Repeat([]byte{0, 0, 0, 0x80}, 20000), uint32(80000))
}

// FuzzLinks: whatever the link type and the bytes, Decode returns, and what it
// returns keeps within the frame.
func FuzzLinks(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, link uint16, frame []byte, wire uint32) {
		var d Decoder
		s := Segment{PayloadOff: 1 << 31, PayloadCap: 1 << 31}
		before := bytes.Clone(frame)
		v := d.Decode(LinkType(link), frame, wire, &s)
		if v >= NumVerdicts {
			t.Fatalf("verdict %d", v)
		}
		if !bytes.Equal(before, frame) {
			t.Fatal("the frame was written to")
		}
		if v != TCP {
			return
		}
		if uint64(s.PayloadOff)+uint64(s.PayloadCap) > uint64(len(frame)) || s.PayloadCap > s.Len ||
			s.Len+20 > s.IPLen || s.Bits&PastFrame == 0 && uint64(s.IPLen) > uint64(max(wireEnd(wire), len(frame))) ||
			int(s.NSack) > len(s.Sack) || s.Dir > 1 || s.Flags >= 1<<9 || s.WireLen != wire {
			t.Fatalf("%+v of a frame of %d bytes, %d captured", s, wire, len(frame))
		}
		if k := s.Key; k.B.Less(k.A) || k.A == k.B && k.PortB < k.PortA || k.V6 == 0 && (k.A.Hi|k.B.Hi|k.B.Lo>>32) != 0 {
			t.Fatalf("%+v", k)
		}
		// A decoder keeps nothing: a second look sees the same.
		again := Segment{}
		for i := s.NSack; int(i) < len(s.Sack); i++ {
			s.Sack[i] = [2]uint32{}
		}
		if v := d.Decode(LinkType(link), frame, wire, &again); v != TCP || again != s {
			t.Fatalf("first %+v\nthen %v %+v", s, v, again)
		}
	})
}

// FuzzCommon: the fast path and the general one agree on what the fast one takes.
func FuzzCommon(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, _ uint16, frame []byte, wire uint32) {
		var d Decoder
		var fast, general Segment
		end := max(wireEnd(wire), len(frame))
		if !common(frame, end, &fast) {
			return
		}
		if v := d.decode(LinkEthernet, frame, end, 0, &general); v != TCP || fast != general {
			t.Fatalf("fast %+v\ngeneral %v %+v", fast, v, general)
		}
	})
}

// theirs is what gopacket makes of an uncut Ethernet frame; nil if it finds no
// TCP or has any complaint.
func theirs(frame []byte) (*layers.TCP, []gopacket.LayerType, *layers.IPv4, *layers.IPv6) {
	var (
		e  layers.Ethernet
		q  layers.Dot1Q
		v4 layers.IPv4
		v6 layers.IPv6
		t  layers.TCP
		at []gopacket.LayerType
	)
	p := gopacket.NewDecodingLayerParser(layers.LayerTypeEthernet, &e, &q, &v4, &v6, &t)
	p.IgnoreUnsupported = true
	if err := p.DecodeLayers(frame, &at); err != nil || len(at) == 0 || at[len(at)-1] != layers.LayerTypeTCP {
		return nil, at, nil, nil
	}
	if inner := at[len(at)-3]; inner == layers.LayerTypeIPv4 || inner == layers.LayerTypeIPv6 {
		return nil, at, nil, nil // IP in IP: a tunnel
	}
	if at[len(at)-2] == layers.LayerTypeIPv4 {
		return &t, at, &v4, nil
	}
	return &t, at, nil, &v6
}

// FuzzDecode holds the hand-written decoder against gopacket's on uncut
// Ethernet frames without tunnels.
func FuzzDecode(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, _ uint16, frame []byte, _ uint32) {
		if len(frame) > 0xffff {
			return // gopacket counts lengths in 16 bits
		}
		var d Decoder
		var s Segment
		v := d.Decode(LinkEthernet, frame, uint32(len(frame)), &s)
		tcp, at, v4, v6 := theirs(frame)
		switch {
		case tcp == nil:
			if v == TCP && !onlyOurs(frame, &s, at) {
				t.Fatalf("gopacket finds %v, not TCP: %+v", at, s)
			}
			return
		case v != TCP:
			switch {
			case v == NotIP && len(at) > 3+maxTags: // gopacket's tags are unlimited
				return
			case v == BadIP && (v4 != nil && v4.Version != 4 || v6 != nil && v6.Version != 6): // gopacket does not look
				return
			}
			t.Fatalf("%v, but gopacket finds TCP", v)
		}
		if s.Bits&PastFrame != 0 {
			s.Len = uint32(len(tcp.Payload)) // gopacket cuts it
		}
		compareTCP(t, &s, tcp)
		if v4 != nil && (s.TTL != v4.TTL || s.TOS != v4.TOS || s.IPID != v4.Id ||
			s.V4DF != (v4.Flags&layers.IPv4DontFragment != 0)) {
			t.Fatalf("%+v\ngopacket: %+v", s, v4)
		}
		if v6 != nil && (s.TTL != v6.HopLimit || s.TOS != v6.TrafficClass || s.Key.V6 != 1) {
			t.Fatalf("%+v\ngopacket: %+v", s, v6)
		}
	})
}

// onlyOurs names the reasons for which gopacket does not reach a TCP segment.
func onlyOurs(frame []byte, s *Segment, at []gopacket.LayerType) bool {
	switch {
	case s.Bits&Tunneled != 0: // the parser was given no tunnels
	case s.Bits&FirstFragment != 0: // gopacket leaves all fragments to a reassembler
	case s.Bits&PastFrame != 0: // gopacket wants the whole header
	case s.Bits&BadOptions != 0: // gopacket gives up on the whole header
	case s.Bits&NoLength != 0 && s.Key.V6 == 1: // gopacket wants a jumbo option
	case len(at) > 0 && at[len(at)-1] == layers.LayerTypeEthernet: // 802.3 with SNAP, 0x9100, 0x9200
	case len(at) > 0 && at[len(at)-1] == layers.LayerTypeDot1Q: // the same behind a tag
	case len(at) > 0 && at[len(at)-1] == layers.LayerTypeIPv6: // extension headers
	case len(at) > 0 && at[len(at)-1] == layers.LayerTypeIPv4 && ipOptions(frame, s): // gopacket parses IP options, and may reject them
	default:
		return false
	}
	return true
}

func compareTCP(t *testing.T, s *Segment, tcp *layers.TCP) {
	t.Helper()
	sport, dport := s.Key.PortA, s.Key.PortB
	if s.Dir == 1 {
		sport, dport = dport, sport
	}
	flags := Flags(0)
	for i, set := range []bool{tcp.FIN, tcp.SYN, tcp.RST, tcp.PSH, tcp.ACK, tcp.URG, tcp.ECE, tcp.CWR, tcp.NS} {
		if set {
			flags |= 1 << i
		}
	}
	if sport != uint16(tcp.SrcPort) || dport != uint16(tcp.DstPort) || s.Seq != tcp.Seq || s.Ack != tcp.Ack ||
		s.Flags != flags || s.Window != tcp.Window || s.Urgent != tcp.Urgent || int(s.Len) != len(tcp.Payload) {
		t.Fatalf("%+v\ngopacket: %+v", s, tcp)
	}
	var want Segment
	for _, o := range tcp.Options {
		switch {
		case o.OptionType == layers.TCPOptionKindMSS && len(o.OptionData) == 2:
			want.MSS = binary.BigEndian.Uint16(o.OptionData)
			want.Bits |= HasMSS
		case o.OptionType == layers.TCPOptionKindWindowScale && len(o.OptionData) == 1:
			want.WScale = o.OptionData[0]
			want.Bits |= HasWScale
		case o.OptionType == layers.TCPOptionKindTimestamps && len(o.OptionData) == 8:
			want.TSval = binary.BigEndian.Uint32(o.OptionData)
			want.TSecr = binary.BigEndian.Uint32(o.OptionData[4:])
			want.Bits |= HasTimestamps
		case o.OptionType == layers.TCPOptionKindSACKPermitted && len(o.OptionData) == 0:
			want.Bits |= HasSACKPerm
		case o.OptionType == layers.TCPOptionKindSACK && len(o.OptionData)%8 == 0:
			for b := o.OptionData; len(b) > 0 && want.NSack < 4; b = b[8:] {
				want.Sack[want.NSack] = [2]uint32{binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])}
				want.NSack++
			}
		}
	}
	const compared = HasMSS | HasWScale | HasTimestamps | HasSACKPerm
	if s.Bits&compared != want.Bits || s.MSS != want.MSS || s.WScale != want.WScale ||
		s.TSval != want.TSval || s.TSecr != want.TSecr || s.NSack != want.NSack || s.Sack != want.Sack {
		t.Fatalf("%+v\ngopacket: %+v", s, tcp.Options)
	}
}

// ipOptions reports whether the segment's IPv4 header has options: the packet
// is longer than 20 bytes, the TCP header and the payload.
func ipOptions(frame []byte, s *Segment) bool {
	start := int(s.PayloadOff) + int(s.Len) - int(s.IPLen)
	return frame[start]&15 > 5
}
