package wire

// HeaderKind says what a Header is.
type HeaderKind uint8

// The kinds.
const (
	HeaderEthernet HeaderKind = iota // destination, source, ethertype
	HeaderCooked                     // LINUX_SLL
	HeaderCooked2                    // LINUX_SLL2
	HeaderWLAN                       // 802.11, without what follows its addresses
	HeaderLink                       // of another link layer: nothing in it is of use to IP
	HeaderARP                        // to the end of the frame
	HeaderIPv4                       // to the end of the packet
	HeaderIPv6                       // likewise
)

// Header is a header found in a frame, at frame[Off:]. End is where it ends on the wire; for IP, where its packet ends.
type Header struct {
	Kind     HeaderKind
	Off, End int
}

// Headers appends to list the headers of a frame down to the innermost IP packet that can be reached, outermost first, as Decode
// decodes them.
func (d *Decoder) Headers(link LinkType, frame []byte, wireLen uint32, list []Header) []Header {
	d.net, d.vlan, d.piece.found, d.other.Proto = 0, [2]uint16{}, false, 0
	d.tracing, d.headers = true, list
	var s Segment
	d.decode(link, frame, max(wireEnd(wireLen), len(frame)), 0, &s)
	list = d.headers
	d.tracing, d.headers = false, nil
	return list
}

// found notes a header, if headers are asked for.
func (d *Decoder) found(kind HeaderKind, off, end int) {
	if d.tracing {
		d.headers = append(d.headers, Header{kind, off, end})
	}
}
