package wire

import (
	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// Link types that gopacket's layers peel, down to the LLC header or to IP.
const (
	linkWLAN     LinkType = 105 // IEEE 802.11
	linkPFLog    LinkType = 117 // OpenBSD's packet filter log
	linkPrism    LinkType = 119 // Prism monitor header, then 802.11
	linkRadiotap LinkType = 127 // radiotap header, then 802.11
)

// scratch holds gopacket's layers, and a copy of a frame's start, between
// frames, so that rare encapsulations cost few allocations.
type scratch struct {
	gre    layers.GRE
	erspan layers.ERSPANII
	vxlan  layers.VXLAN
	buf    []byte
}

// header is what peel needs of a gopacket layer.
type header interface {
	DecodeFromBytes(data []byte, df gopacket.DecodeFeedback) error
	LayerContents() []byte
}

// peel lets gopacket decode one header at the start of data and returns its
// size. Several of gopacket's decoders slice by the lengths they read and
// panic on a short or hostile header; that counts as an error.
func peel(h header, data []byte) (size int, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	// Without spare capacity a length that lies cannot reach the next frame.
	if h.DecodeFromBytes(data[:len(data):len(data)], gopacket.NilDecodeFeedback) != nil {
		return 0, false
	}
	return len(h.LayerContents()), true
}

// unpeeled is the verdict on a header that peel could not read.
func unpeeled(frame []byte, end int, bad Verdict) Verdict {
	if len(frame) < end {
		return Truncated
	}
	return bad
}

// rareLink reads the link types that only gopacket knows.
func (d *Decoder) rareLink(link LinkType, frame []byte, end int, s *Segment) Verdict {
	switch link {
	case LinkFDDI:
		return d.fddi(frame, end, s)
	case linkWLAN:
		return d.wlan(frame, d.copyStart(frame), 0, 0, end, s)
	case linkRadiotap:
		return d.radiotap(frame, end, s)
	case linkPrism:
		var prism layers.PrismHeader
		data := d.copyStart(frame)
		n, ok := peel(&prism, data)
		if !ok {
			return unpeeled(frame, end, NotIP)
		}
		return d.wlan(frame, data[n:], n, 0, end, s)
	case linkPFLog:
		var log layers.PFLog
		n, ok := peel(&log, frame)
		if !ok {
			return unpeeled(frame, end, NotIP)
		}
		return d.rawIP(frame, n, end, 0, s)
	}
	return UnsupportedLink
}

// copyStart returns a copy of the frame's start, with all the headers that may
// precede LLC. Decoding of radiotap writes to its input, and loops for ever on a
// frame of 64 KiB in which every word announces another one.
func (d *Decoder) copyStart(frame []byte) []byte {
	d.rare.buf = append(d.rare.buf[:0], frame[:min(len(frame), 4096)]...)
	return d.rare.buf
}

// radiotap peels the radiotap header. gopacket hands the 802.11 frame on in a
// copy with a checksum at its end, and without the padding that some drivers
// put behind its header; the padding is what the copy lacks.
func (d *Decoder) radiotap(frame []byte, end int, s *Segment) Verdict {
	var tap layers.RadioTap
	data := d.copyStart(frame)
	n, ok := peel(&tap, data)
	if !ok {
		return unpeeled(frame, end, NotIP)
	}
	full := len(data) - n
	if !tap.Flags.FCS() {
		full += 4
	}
	return d.wlan(frame, tap.LayerPayload(), n, full-len(tap.LayerPayload()), end, s)
}

// wlan peels the 802.11 header that gopacket finds at the start of data, which
// stands at frame[off]; pad bytes of padding follow it in the frame.
func (d *Decoder) wlan(frame, data []byte, off, pad, end int, s *Segment) Verdict {
	var wlan layers.Dot11
	n, ok := peel(&wlan, data)
	if !ok {
		return unpeeled(frame, end, NotIP)
	}
	const noData = 1 << 2 // the subtype's bit for frames without a body (IEEE 802.11 9.2.4.1.3)
	subtype := wlan.Type >> 2
	if wlan.Type.MainType() != layers.Dot11TypeData || subtype&noData != 0 || wlan.Flags.WEP() {
		return NotIP // management, control, empty or encrypted
	}
	off += n + pad
	if off > len(frame) {
		return unpeeled(frame, end, NotIP)
	}
	return d.llc(frame, off, end, 0, s)
}

// fddi reads the 13-byte FDDI header; only frames of class LLC carry IP.
// gopacket's decoder for it is not exported, so its constant is all that serves.
func (d *Decoder) fddi(frame []byte, end int, s *Segment) Verdict {
	if len(frame) < 13 {
		return short(0, end, 13, NotIP)
	}
	if layers.FDDIFrameControl(frame[0]&0xf8) != layers.FDDIFrameControlLLC {
		return NotIP
	}
	return d.llc(frame, 13, end, 0, s)
}
