package input

import (
	"encoding/binary"
	"fmt"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/wire"
)

const (
	snoopMagic     = "snoop\x00\x00\x00"
	snoopHeaderLen = 16 // magic, version, datalink type
	snoopRecordLen = 24 // before a packet
	snoopTrailer   = 16 // padding from this length on is a record of Shomiti's hardware
)

// snoopLinks are the datalink types (RFC 1761, IANA's snoop-datalink-types, <sys/dlpi.h>) that lead to IP.
var snoopLinks = map[uint32]wire.LinkType{
	0: wire.LinkEthernet, 4: wire.LinkEthernet, 24: wire.LinkEthernet, 25: wire.LinkEthernet,
	8:          wire.LinkFDDI,
	26:         wire.LinkIPoIB,
	0x80000005: wire.LinkIPNET,
}

// shomitiLinks are those that Surveyor gives another meaning.
var shomitiLinks = map[uint32]wire.LinkType{
	0: wire.LinkEthernet, 4: wire.LinkEthernet, 10: wire.LinkEthernet, 12: wire.LinkEthernet, 19: wire.LinkEthernet,
	8: wire.LinkFDDI,
}

// snoopFile reads what Solaris's snoop writes (RFC 1761), and Shomiti's Surveyor. All is big-endian.
type snoopFile struct {
	datalink uint32
	link     wire.LinkType
	known    *interfaces
	id       uint16
	header   bool // was read
	started  bool // link is known
	lost     uint64
}

func newSnoop(ifaces *interfaces) format { return &snoopFile{known: ifaces} }

// drops are by the last record: 0 there means that nothing is known.
func (f *snoopFile) drops() (uint64, bool) { return f.lost, f.lost > 0 }

func (f *snoopFile) fileHeader(h []byte) (bad string) {
	if v := binary.BigEndian.Uint32(h[8:]); v < 2 || v > 5 {
		return fmt.Sprintf("snoop version %d is not known", v)
	}
	f.datalink = binary.BigEndian.Uint32(h[12:])
	f.header = true
	return ""
}

// start finds the link type, for which the first record's padding is needed.
func (f *snoopFile) start(padding uint32) (bad string) {
	links := snoopLinks
	if padding >= snoopTrailer {
		links = shomitiLinks
	}
	var ok bool
	if f.link, ok = links[f.datalink]; !ok {
		return fmt.Sprintf("a snoop capture of datalink type %d, which cannot be read", f.datalink)
	}
	f.started = true
	f.id, bad = f.known.id(described{Interface{Link: f.link}, 0})
	return bad
}

func (f *snoopFile) frame(buf []byte, pos int, ps []packet.Packet) (int, []packet.Packet, halt) {
	if !f.header {
		if len(buf)-pos < snoopHeaderLen {
			return pos, ps, halt{need: snoopHeaderLen, part: "file header"}
		}
		if bad := f.fileHeader(buf[pos:]); bad != "" {
			return pos, ps, halt{bad: bad}
		}
		pos += snoopHeaderLen
	}
	for len(ps) < cap(ps) {
		rest := buf[pos:]
		if len(rest) < snoopRecordLen {
			return pos, ps, halt{need: snoopRecordLen, part: "record header"}
		}
		length, caplen, size := binary.BigEndian.Uint32(rest), binary.BigEndian.Uint32(rest[4:]), binary.BigEndian.Uint32(rest[8:])
		switch {
		case caplen > maxSnapLen:
			return pos, ps, halt{bad: beyondLimit(caplen)}
		case size < snoopRecordLen+caplen || size > maxBlock:
			return pos, ps, halt{bad: fmt.Sprintf("a record claims %d bytes, and %d captured bytes in it", size, caplen)}
		}
		if !f.started {
			if bad := f.start(size - snoopRecordLen - caplen); bad != "" {
				return pos, ps, halt{bad: bad}
			}
		}
		if uint64(len(rest)) < uint64(size) {
			return pos, ps, halt{need: int(size), part: "packet record"}
		}
		f.lost = uint64(binary.BigEndian.Uint32(rest[12:]))
		ps = append(ps, packet.Packet{
			Time:    int64(binary.BigEndian.Uint32(rest[16:]))*1e9 + int64(binary.BigEndian.Uint32(rest[20:]))*1e3,
			Off:     uint32(pos + snoopRecordLen),
			CapLen:  caplen,
			WireLen: max(length, caplen),
			Link:    f.link,
			Iface:   f.id,
		})
		pos += int(size)
	}
	return pos, ps, halt{}
}
