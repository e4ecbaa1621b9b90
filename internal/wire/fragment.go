package wire

import (
	"encoding/binary"
	"math"
)

// Piece is a fragment of a packet, as Decode found it in a frame.
type Piece struct {
	Key    PieceKey
	Offset uint32 // of its bytes in the packet's payload
	Len    uint32 // how many there are
	Last   bool
	Data   []byte // those that were captured; valid as long as the frame is

	found  bool
	head   []byte // the header to go before the payload, if this is the first piece
	link   LinkType
	tunnel Bits // Tunneled, if it is in one
	depth  int
}

// PieceKey is what the fragments of a packet have in common.
type PieceKey struct {
	Src, Dst Addr
	ID       uint32
	Net      uint32 // of what is around the packet
	Kind     PieceKind
	Proto    uint8 // of IPv4, where the ID is for one protocol
}

// PieceKind says which protocol fragmented the packet.
type PieceKind uint8

// The kinds.
const (
	PieceIPv4 PieceKind = iota
	PieceIPv6
	PieceCAPWAP
)

// Piece returns the fragment in the latest frame, or nil. It is the outermost one, since whatever is inside is incomplete.
func (d *Decoder) Piece() *Piece {
	if d.piece.found {
		return &d.piece
	}
	return nil
}

// fragment notes a fragment whose payload is frame[off:end].
func (d *Decoder) fragment(key PieceKey, frame []byte, off, end int, offset uint32, more bool, bits Bits) *Piece {
	key.Net = d.net
	depth := 0
	if bits&Tunneled != 0 {
		depth = d.depth
	}
	d.piece = Piece{
		Key: key, Offset: offset, Len: uint32(end - off), Last: !more, Data: frame[min(off, len(frame)):],
		found: true, tunnel: bits & Tunneled, depth: depth,
	}
	return &d.piece
}

// fragment4 notes the IPv4 fragment whose payload begins at frame[off].
func (d *Decoder) fragment4(frame []byte, off, end, ihl int, bits Bits) {
	if bits&(FirstFragment|NoLength) != 0 {
		return
	}
	h := frame[off-ihl : off]
	frag := be16(h[6:])
	key := PieceKey{
		Src: Addr{Lo: uint64(be32(h[12:]))}, Dst: Addr{Lo: uint64(be32(h[16:]))},
		ID: uint32(be16(h[4:])), Kind: PieceIPv4, Proto: h[9],
	}
	p := d.fragment(key, frame, off, end, uint32(frag&ipv4Offset)*8, frag&ipv4MF != 0, bits)
	p.link, p.head = LinkIPv4, h
}

// fragment6 notes the fragment of the IPv6 packet at frame[start] whose fragment header is at frame[at].
func (d *Decoder) fragment6(frame []byte, start, at, end int, bits Bits) {
	if bits&(FirstFragment|NoLength) != 0 {
		return
	}
	h, f := frame[start:at], frame[at:at+8]
	key := PieceKey{
		Src: Addr{be64(h[8:]), be64(h[16:])}, Dst: Addr{be64(h[24:]), be64(h[32:])},
		ID: be32(f[4:]), Kind: PieceIPv6,
	}
	frag := be16(f[2:])
	p := d.fragment(key, frame, at+8, end, uint32(frag&^7), frag&1 != 0, bits)
	p.link, p.head = LinkIPv6, frame[start:at+8]
}

// fragmentCAPWAP notes a fragment of a frame in CAPWAP. Its endpoints are in Decoder.net.
func (d *Decoder) fragmentCAPWAP(frame []byte, off, end int, link LinkType, id, offset uint32, more bool, bits Bits) {
	if bits&FirstFragment != 0 {
		return
	}
	p := d.fragment(PieceKey{ID: id, Kind: PieceCAPWAP}, frame, off, end, offset, more, bits)
	p.link = link
}

// whole turns the header of a fragmented packet, whose payload has n bytes in all, into that of an unfragmented one.
func whole(link LinkType, head []byte, n int) {
	total := uint16(min(len(head)+n, math.MaxUint16))
	switch link {
	case LinkIPv4:
		binary.BigEndian.PutUint16(head[2:], total)
		binary.BigEndian.PutUint16(head[6:], be16(head[6:])&ipv4DF)
	case LinkIPv6:
		binary.BigEndian.PutUint16(head[4:], uint16(min(len(head)+n-40, math.MaxUint16)))
		binary.BigEndian.PutUint16(head[len(head)-6:], 0) // an atomic fragment (RFC 6946)
	}
}

// resume decodes a reassembled packet, given its first captured bytes. It continues where the
// first piece was found; its VLANs are those of the last piece, which was decoded just before.
func (d *Decoder) resume(link LinkType, packet []byte, end int, tunnel Bits, depth int, net uint32, s *Segment) Verdict {
	d.net, d.depth, d.piece.found, d.other.Proto = net, depth, false, 0
	return d.decode(link, packet, end, tunnel|Reassembled, s)
}
