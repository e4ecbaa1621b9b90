package input

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/wire"
)

const (
	pcapHeaderLen = 24
	// maxSnapLen is the largest captured length that is believed, as in libpcap, whatever the snap
	// length is. It stands for a snap length of 0 ("no limit") and for any larger one.
	maxSnapLen = 262144
)

// pcapMagics are the magic numbers as the writer's byte order has them.
var pcapMagics = map[uint32]struct {
	unit   int64 // ns in a unit of a record's second time field
	header int   // bytes of a record's header
}{
	0xa1b2c3d4: {unit: 1000, header: 16},
	0xa1b23c4d: {unit: 1, header: 16},
	0xa1b2cd34: {unit: 1000, header: 24}, // Kuznetzov's: also interface, protocol and packet type
}

// pcapFile reads the classic format (draft-ietf-opsawg-pcap).
type pcapFile struct {
	swap    bool // the writer was big-endian
	unit    int64
	header  int
	limit   uint32
	lengths lengthOrder
	long    int // size of the record before, if that is longer than the snap length allows
	link    wire.LinkType
	known   *interfaces
	id      uint16
	started bool
}

// lengthOrder is how a record has its two lengths. They changed places with version 2.3, and some
// wrote the old order with the new number (libpcap's sf-pcap.c).
type lengthOrder uint8

const (
	capturedFirst lengthOrder = iota
	wireFirst
	smallerFirst
)

// aixLinks are the numbers (RFC 1573's ifType) that AIX has in captures of version 2.2, in which
// times are in nanoseconds; no capture of others has them.
var aixLinks = map[uint32]wire.LinkType{6: wire.LinkEthernet, 9: wire.LinkTokenRing, 15: wire.LinkFDDI, 24: wire.LinkNull}

// newPcap takes the magic number as read in little-endian order; nil if it is not one.
func newPcap(magic uint32, ifaces *interfaces) format {
	for _, swap := range []bool{false, true} {
		if m, ok := pcapMagics[order(magic, swap)]; ok {
			return &pcapFile{swap: swap, unit: m.unit, header: m.header, known: ifaces}
		}
	}
	return nil
}

// order puts a number that was read as little-endian into the writer's order.
func order(v uint32, swap bool) uint32 {
	if swap {
		return bits.ReverseBytes32(v)
	}
	return v
}

// snapLimit is the largest captured length that a snap length allows.
func snapLimit(snap uint32) uint32 {
	if snap == 0 || snap > maxSnapLen {
		return maxSnapLen
	}
	return snap
}

func (p *pcapFile) drops() (uint64, bool) { return 0, false }

func (p *pcapFile) fileHeader(h []byte) (bad string) {
	snap := order(binary.LittleEndian.Uint32(h[16:]), p.swap)
	p.limit = snapLimit(snap)
	// The upper half tells the length of a frame check sequence.
	link := order(binary.LittleEndian.Uint32(h[20:]), p.swap)
	p.link = wire.LinkType(link)
	p.version(h, link)
	p.started = true
	p.id, bad = p.known.id(described{Interface{Link: p.link, SnapLen: snap}, 0})
	return bad
}

// version takes from the version what differs in old captures.
func (p *pcapFile) version(h []byte, link uint32) {
	major, minor := binary.LittleEndian.Uint16(h[4:]), binary.LittleEndian.Uint16(h[6:])
	if p.swap {
		major, minor = bits.ReverseBytes16(major), bits.ReverseBytes16(minor)
	}
	switch {
	case major == 543, major == 2 && minor < 3: // 543 is DG/UX's
		p.lengths = wireFirst
	case major == 2 && minor == 3:
		p.lengths = smallerFirst
	}
	if is, ok := aixLinks[link]; ok && major == 2 && minor == 2 {
		p.link, p.unit = is, 1
	}
}

func (p *pcapFile) frame(buf []byte, pos int, ps []packet.Packet) (int, []packet.Packet, halt) {
	if !p.started {
		if len(buf)-pos < pcapHeaderLen {
			return pos, ps, halt{need: pcapHeaderLen, part: "file header"}
		}
		if bad := p.fileHeader(buf[pos : pos+pcapHeaderLen]); bad != "" {
			return pos, ps, halt{bad: bad}
		}
		pos += pcapHeaderLen
	}
	n := len(ps)
	ps = ps[:cap(ps)]
	swap, unit, header, limit, lengths, link, id := p.swap, p.unit, p.header, p.limit, p.lengths, p.link, p.id
	for n < len(ps) {
		rest := buf[pos:]
		if len(rest) < 16 || len(rest) < header {
			return pos, ps[:n], halt{need: header, part: "record header"}
		}
		sec := binary.LittleEndian.Uint32(rest[0:4])
		frac := binary.LittleEndian.Uint32(rest[4:8])
		caplen := binary.LittleEndian.Uint32(rest[8:12])
		length := binary.LittleEndian.Uint32(rest[12:16])
		if swap {
			sec, frac = bits.ReverseBytes32(sec), bits.ReverseBytes32(frac)
			caplen, length = bits.ReverseBytes32(caplen), bits.ReverseBytes32(length)
		}
		if lengths != capturedFirst && (lengths == wireFirst || caplen > length) {
			caplen, length = length, caplen
		}
		if caplen > maxSnapLen {
			return pos, ps[:n], p.absurd(caplen)
		}
		size := header + int(caplen)
		if len(rest) < size {
			return pos, ps[:n], halt{need: size, part: "packet record"}
		}
		p.long = 0
		if caplen > limit {
			p.long = size
		}
		ps[n] = packet.Packet{
			Time:    int64(sec)*1e9 + int64(frac)*unit,
			Off:     uint32(pos + header),
			CapLen:  caplen,
			WireLen: max(length, caplen),
			Link:    link,
			Iface:   id,
		}
		n++
		pos += size
	}
	return pos, ps, halt{}
}

// absurd ends the reading at a record that cannot be one. If that before it was longer than the snap length, which
// is taken for a slip of the writer as long as other records follow, that one was wrong already.
func (p *pcapFile) absurd(caplen uint32) halt {
	if p.long == 0 {
		return halt{bad: beyondLimit(caplen)}
	}
	return halt{back: int64(p.long), bad: fmt.Sprintf("a packet claims %d captured bytes, beyond the snap length of %d, and no packet follows it",
		p.long-p.header, p.limit)}
}

func beyondLimit(caplen uint32) string {
	return fmt.Sprintf("a packet claims %d captured bytes, beyond any snap length (at most %d)", caplen, maxSnapLen)
}
