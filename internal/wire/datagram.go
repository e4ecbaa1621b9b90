package wire

// The IP protocols of a Datagram.
const (
	ProtoICMP   = 1
	ProtoUDP    = protoUDP
	ProtoICMPv6 = 58
)

// Datagram is an IP packet without TCP that may say something about a connection: UDP, such as DNS, or ICMP.
type Datagram struct {
	Src, Dst Addr
	Net      uint32 // of the VLANs, labels and tunnels that it came through, as Segment.Net
	V6       bool
	Proto    uint8  // ProtoUDP, ProtoICMP or ProtoICMPv6
	Data     []byte // from the header of that protocol on, as much of it as was captured; valid as long as the frame is
	Size     int    // how long Data was on the wire
}

// Datagram returns the innermost datagram in the latest frame, whose verdict is not TCP, or nil. If the datagram is fragmented, this is the
// first fragment, or the whole if the Reassembler has put it together.
func (d *Decoder) Datagram() *Datagram {
	if d.other.Proto == 0 {
		return nil
	}
	return &d.other
}

// datagram notes the contents of an IP packet: data was captured, and size bytes were on the wire.
func (d *Decoder) datagram(src, dst Addr, v6 bool, proto uint8, data []byte, size int) {
	switch {
	case proto == ProtoUDP, proto == ProtoICMP && !v6, proto == ProtoICMPv6 && v6:
		d.other = Datagram{Src: src, Dst: dst, Net: d.net, V6: v6, Proto: proto, Data: data, Size: size}
	}
}

// UDP returns the ports and the captured payload of a UDP datagram; ok is false if its header was not captured.
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
