package wire

import (
	"encoding/binary"
	"math"
)

// Decoder decodes frames, one at a time. The zero value is ready. It holds
// only scratch for the rare encapsulations and what it found in the latest
// frame, so no frame affects the next; use one per goroutine.
type Decoder struct {
	rare  scratch
	depth int       // encapsulations entered in this frame, counted from the first one
	net   uint32    // Segment.Net so far
	vlan  [2]uint16 // Segment.VLAN so far
	piece Piece     // of this frame, if it has a fragment
	other Datagram  // in this frame, if it has one

	tracing bool // the headers of this frame are asked for
	headers []Header
}

// How much a frame may nest before the decoder gives up on it. Real frames stay
// far below; the bounds keep the cost of a hostile one proportional to its size.
const (
	maxTags    = 8  // VLAN tags in a row
	maxLabels  = 16 // MPLS labels in a row
	maxHeaders = 16 // IPv6 extension headers in a row
	maxDepth   = 8  // encapsulations entered
)

// Decode reads the TCP segment in frame, the captured part of a frame that was
// wireLen bytes long, and says what it found. With the verdict TCP every field
// of s is set but Time, Clock, Frame and Iface, Sack up to NSack, VLAN if Net is not 0; with any other verdict s
// may be half-written. It never panics and keeps no reference to frame.
//
// The functions below it share three arguments: the packet of interest starts
// at frame[off], and the frame, or the packet that encloses it, ended at end on
// the wire. Always off <= len(frame) <= end: a function that finds a shorter end cuts frame
// to it, so that trailers are out of reach; len(frame) < end means that bytes were cut off, by the
// snap length or without a trace of it.
func (d *Decoder) Decode(link LinkType, frame []byte, wireLen uint32, s *Segment) Verdict {
	s.WireLen = wireLen
	end := max(wireEnd(wireLen), len(frame)) // a capture that claims less than it holds is wrong
	if link == LinkEthernet && common(frame, end, s) {
		return TCP
	}
	d.net, d.vlan, d.piece.found, d.other.Proto = 0, [2]uint16{}, false, 0
	return d.decode(link, frame, end, 0, s)
}

// decode is the general way.
func (d *Decoder) decode(link LinkType, frame []byte, end int, bits Bits, s *Segment) Verdict {
	s.Net = 0
	v := d.link(link, frame, 0, end, bits, s)
	if v == TCP && d.net != 0 {
		s.Net, s.VLAN = d.net, d.vlan
	}
	return v
}

// wireEnd converts n to an int, even where ints have 32 bits.
func wireEnd(n uint32) int { return int(min(n, math.MaxInt32)) }

// short is the verdict on a header of n bytes that frame does not hold: the
// snap length cut it, or it was never there.
func short(off, end, n int, missing Verdict) Verdict {
	if end-off >= n {
		return Truncated
	}
	return missing
}

func be16(b []byte) uint16 { return binary.BigEndian.Uint16(b) }
func be32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
func be64(b []byte) uint64 { return binary.BigEndian.Uint64(b) }
