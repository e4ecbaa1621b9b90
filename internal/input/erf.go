package input

import (
	"encoding/binary"
	"fmt"
	"strconv"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/wire"
)

const (
	erfHeaderLen = 16
	erfExtended  = 0x80 // in a type: extension headers of 8 bytes follow, each says whether another does
	erfInterface = 3    // in the flags: the port that captured

	erfHDLC      = 1
	erfEthernet  = 2
	erfColorHDLC = 10
	erfColorEth  = 11
	erfDSMEth    = 16
	erfIPv4      = 22
	erfIPv6      = 23
	erfMeta      = 27
	erfPad       = 48
)

// erfFile reads Endace's Extensible Record Format: only records, big-endian except for the time.
type erfFile struct {
	known *interfaces
	ids   map[erfPort]uint16
	lost  uint64
	said  bool
}

// erfPort identifies an interface: a port, and the link type of its records.
type erfPort struct {
	port uint8
	link wire.LinkType
}

func newERF(ifaces *interfaces) format { return &erfFile{known: ifaces, ids: map[erfPort]uint16{}} }

func (f *erfFile) drops() (uint64, bool) { return f.lost, f.said }

// looksERF reports whether a file that begins with head (and goes on if more is set) may be ERF. There
// is no magic number: types, lengths and times have to make sense. If the file has two headers, both are checked.
func looksERF(head []byte) (plausible bool, need int) {
	if len(head) < erfHeaderLen || !erfRecord(head) {
		return false, 0
	}
	size := int(binary.BigEndian.Uint16(head[10:]))
	if len(head) < size+erfHeaderLen {
		return true, size + erfHeaderLen
	}
	const day = 24 * 3600
	next := head[size:]
	a, b := int64(binary.LittleEndian.Uint32(head[4:])), int64(binary.LittleEndian.Uint32(next[4:]))
	return erfRecord(next) && b-a < 30*day && a-b < 30*day, 0
}

// erfRecord reports whether h can be the header of a record.
func erfRecord(h []byte) bool {
	const years1995to2100 = 788918400
	kind, size, length := h[8]&^erfExtended, int(binary.BigEndian.Uint16(h[10:])), int(binary.BigEndian.Uint16(h[14:]))
	sec := binary.LittleEndian.Uint32(h[4:])
	switch {
	case kind == 0 || kind > erfMeta && kind != erfPad:
		return false
	case size < erfHeaderLen:
		return false
	case kind != erfPad && (sec < years1995to2100 || sec > 4102444800):
		return false
	}
	return kind == erfPad || kind == erfMeta || length > 0
}

func (f *erfFile) frame(buf []byte, pos int, ps []packet.Packet) (int, []packet.Packet, halt) {
	for len(ps) < cap(ps) {
		rest := buf[pos:]
		if len(rest) < erfHeaderLen {
			return pos, ps, halt{need: erfHeaderLen, part: "record header"}
		}
		size := int(binary.BigEndian.Uint16(rest[10:]))
		if size < erfHeaderLen {
			return pos, ps, halt{bad: fmt.Sprintf("a record claims %d bytes, fewer than its header has", size)}
		}
		if len(rest) < size {
			return pos, ps, halt{need: size, part: "record"}
		}
		if rest[8]&^erfExtended != erfPad {
			p, bad := f.record(rest[:size])
			if bad != "" {
				return pos, ps, halt{bad: bad}
			}
			p.Off += uint32(pos)
			ps = append(ps, p)
		}
		pos += size
	}
	return pos, ps, halt{}
}

// record reads a record; Off is relative to it. Records without a readable packet keep their header.
func (f *erfFile) record(b []byte) (p packet.Packet, bad string) {
	off := erfHeaderLen
	for more := b[8]; more&erfExtended != 0; off += 8 {
		if len(b)-off < 8 {
			return p, "a record's extension headers are longer than it"
		}
		more = b[off]
	}
	link := wire.LinkERF
	switch b[8] &^ erfExtended {
	case erfHDLC, erfColorHDLC:
		link = wire.LinkPPPHDLC
	case erfEthernet, erfColorEth, erfDSMEth:
		if link = wire.LinkEthernet; len(b)-off < 2 {
			return p, "an Ethernet record is shorter than its header"
		}
		off += 2 // an offset that is always 0
	case erfIPv4:
		link = wire.LinkIPv4
	case erfIPv6:
		link = wire.LinkIPv6
	default:
		off = 0
	}
	length := uint32(binary.BigEndian.Uint16(b[14:]))
	caplen := uint32(len(b) - off)
	if off == 0 {
		length = caplen
	}
	p.Time, p.Off = erfTime(b), uint32(off)
	p.CapLen, p.WireLen = min(caplen, length), length // records are padded
	p.Link = link
	if kind := b[8] &^ erfExtended; kind == erfHDLC || kind == erfEthernet { // in the others it is a colour
		f.lost, f.said = addSat(f.lost, uint64(binary.BigEndian.Uint16(b[12:]))), true
	}
	p.Iface, bad = f.port(erfPort{b[9] & erfInterface, link})
	return p, bad
}

// erfTime is fixed-point, with 32 bits behind the point.
func erfTime(b []byte) int64 {
	ts := binary.LittleEndian.Uint64(b)
	return int64(ts>>32)*1e9 + int64((ts&0xffffffff)*1e9>>32)
}

func (f *erfFile) port(p erfPort) (id uint16, bad string) {
	id, ok := f.ids[p]
	if !ok {
		is := Interface{Name: "port " + strconv.Itoa(int(p.port)), Link: p.link}
		if id, bad = f.known.id(described{is, 0}); bad == "" {
			f.ids[p] = id
		}
	}
	return id, bad
}
