package wire

// The IP protocols that a Datagram is of.
const (
	ProtoICMP   = 1
	ProtoUDP    = protoUDP
	ProtoICMPv6 = 58
)

// Datagram is an IP packet that holds no TCP but may tell of a connection: UDP, as of the DNS, or ICMP.
type Datagram struct {
	Src, Dst Addr
	Net      uint32 // of the VLANs, labels and tunnels that it came through, as Segment.Net
	V6       bool
	Proto    uint8  // ProtoUDP, ProtoICMP or ProtoICMPv6
	Data     []byte // from the header of that protocol on, as much of it as was captured; valid as long as the frame is
	Size     int    // how long Data was on the wire
}

// Datagram is the innermost one in the latest frame, whose verdict is not TCP; nil if it has none. Of one in fragments it is the first, or
// the whole where the Reassembler made one.
func (d *Decoder) Datagram() *Datagram {
	if d.other.Proto == 0 {
		return nil
	}
	return &d.other
}

// datagram notes what an IP packet holds, of which data was captured and size bytes were on the wire.
func (d *Decoder) datagram(src, dst Addr, v6 bool, proto uint8, data []byte, size int) {
	switch {
	case proto == ProtoUDP, proto == ProtoICMP && !v6, proto == ProtoICMPv6 && v6:
		d.other = Datagram{Src: src, Dst: dst, Net: d.net, V6: v6, Proto: proto, Data: data, Size: size}
	}
}

// UDP is the ports and the payload of a datagram of UDP, as much of that as was captured; ok is false if the header was not.
func (g *Datagram) UDP() (from, to uint16, payload []byte, ok bool) {
	if g.Proto != ProtoUDP || len(g.Data) < 8 {
		return 0, 0, nil, false
	}
	payload = g.Data[8:]
	if n := int(be16(g.Data[4:])); n >= 8 { // 0 in a jumbogram (RFC 2675 4)
		payload = payload[:min(len(payload), n-8)]
	}
	return be16(g.Data), be16(g.Data[2:]), payload, true
}
