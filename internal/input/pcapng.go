package input

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/blocks"
)

// Block types (draft-ietf-opsawg-pcapng). All others are skipped by length.
const (
	blockSection    = 0x0A0D0D0A // the same in both byte orders
	blockInterface  = 1
	blockPacket     = 2 // obsolete
	blockSimple     = 3
	blockStatistics = 5
	blockEnhanced   = 6
)

const (
	blockMin = 12 // type, length, length again
	// maxBlock bounds blocks that are looked into; others may be of any length.
	maxBlock = 16 << 20
	// bufferedSkip is the length up to which a skipped block is waited for whole.
	bufferedSkip = 64 << 10

	orderMagic = 0x1A2B3C4D
)

// blockHeaders are the fixed parts of the blocks that are looked into, with both lengths.
var blockHeaders = map[uint32]uint32{
	blockSection: 28, blockInterface: 20, blockPacket: 32,
	blockSimple: 16, blockStatistics: 24, blockEnhanced: 32,
}

// pcapngFile reads the block format: sections, each in its own byte order and with its own interfaces.
type pcapngFile struct {
	swap       bool // the section is big-endian
	interfaces []iface
	known      *interfaces
	last       int64  // time of the packet before, for simple packet blocks
	trailer    uint32 // length that has to end the block that was skipped, or 0
	packets    uint64
	comments   uint64 // beside packets
	others     uint64 // records without a packet that are frames all the same
	behind     uint32 // those since the last packet
	strange    strangeTimes

	lost     uint64 // drops in sections that are over
	lostSaid bool
}

func (f *pcapngFile) u32(b []byte) uint32 { return order(binary.LittleEndian.Uint32(b), f.swap) }

func (f *pcapngFile) u16(b []byte) uint16 {
	v := binary.LittleEndian.Uint16(b)
	if f.swap {
		return bits.ReverseBytes16(v)
	}
	return v
}

func (f *pcapngFile) u64(b []byte) uint64 {
	v := binary.LittleEndian.Uint64(b)
	if f.swap {
		return bits.ReverseBytes64(v)
	}
	return v
}

func (f *pcapngFile) frame(buf []byte, pos int, ps []packet.Packet) (int, []packet.Packet, halt) {
	if f.trailer != 0 {
		if len(buf)-pos < 4 {
			return pos, ps, halt{need: 4, part: "block", back: int64(f.trailer) - 4}
		}
		if bad := f.checkTrailer(buf[pos:], f.trailer); bad != "" {
			return pos, ps, halt{bad: bad, back: int64(f.trailer) - 4}
		}
		f.trailer = 0
		pos += 4
	}
	for len(ps) < cap(ps) {
		rest := buf[pos:]
		if len(rest) < blockMin {
			return pos, ps, halt{need: blockMin, part: "block header"}
		}
		kind, total := f.u32(rest), f.u32(rest[4:])
		if kind == blockEnhanced && total >= 32 && total&3 == 0 && total <= uint32(min(len(rest), maxBlock)) && f.u32(rest[total-4:]) == total {
			ps = ps[:len(ps)+1]
			p := &ps[len(ps)-1]
			if bad := f.enhanced(rest[:total-4], p); bad != "" {
				return pos, ps[:len(ps)-1], halt{bad: bad}
			}
			p.Off += uint32(pos)
			f.last = p.Time
			pos += int(total)
			continue
		}
		var h halt
		if ps, h = f.block(rest, ps, pos); h != (halt{}) {
			return pos, ps, h
		}
		pos += int(f.u32(rest[4:])) // by the byte order that a section header may just have set
	}
	return pos, ps, halt{}
}

// block handles any block at the start of rest, with all checks.
func (f *pcapngFile) block(rest []byte, ps []packet.Packet, pos int) ([]packet.Packet, halt) {
	kind := f.u32(rest)
	swap := f.swap
	if kind == blockSection {
		switch m := binary.LittleEndian.Uint32(rest[8:]); m {
		case orderMagic:
			swap = false
		case bits.ReverseBytes32(orderMagic):
			swap = true
		default:
			return ps, halt{bad: fmt.Sprintf("a section header's byte-order magic is %08x", m)}
		}
	}
	total := order(binary.LittleEndian.Uint32(rest[4:]), swap)
	least, inside := blockHeaders[kind]
	switch {
	case total&3 != 0:
		return ps, halt{bad: fmt.Sprintf("a block claims %d bytes, not a multiple of 4", total)}
	case total < max(blockMin, least):
		return ps, halt{bad: fmt.Sprintf("a block of type %d claims %d bytes, too few for its type", kind, total)}
	case inside && total > maxBlock:
		return ps, halt{bad: fmt.Sprintf("a block of type %d claims %d bytes, over the limit of %d", kind, total, maxBlock)}
	case uint64(len(rest)) >= uint64(total):
		// whole
	case inside || total <= bufferedSkip:
		return ps, halt{need: int(total), part: "block"}
	default:
		f.trailer = total
		f.other(kind)
		return ps, halt{skip: int64(total) - 4}
	}
	f.swap = swap
	if bad := f.checkTrailer(rest[total-4:], total); bad != "" {
		return ps, halt{bad: bad}
	}
	body := rest[:total-4]
	var p packet.Packet
	var bad string
	switch kind {
	case blockEnhanced:
		bad = f.enhanced(body, &p)
	case blockPacket:
		bad = f.obsolete(body, &p)
	case blockSimple:
		bad = f.simple(body, &p)
	case blockSection:
		return ps, halt{bad: f.section(body)}
	case blockInterface:
		return ps, halt{bad: f.describe(body)}
	case blockStatistics:
		f.statistics(body)
		return ps, halt{}
	default:
		f.other(kind)
		return ps, halt{}
	}
	if bad != "" {
		return ps, halt{bad: bad}
	}
	p.Off += uint32(pos)
	f.last = p.Time
	return append(ps, p), halt{}
}

// other counts a block without a packet, if it is a frame.
func (f *pcapngFile) other(kind uint32) {
	if blocks.IsFrame(kind) {
		f.others++
		f.behind++
	}
}

func (f *pcapngFile) checkTrailer(b []byte, total uint32) string {
	if again := f.u32(b); again != total {
		return fmt.Sprintf("a block claims %d bytes where it begins and %d where it ends", total, again)
	}
	return ""
}

// section starts a section: the numbers of interfaces start at 0 again.
func (f *pcapngFile) section(b []byte) string {
	if major := f.u16(b[12:]); major != 1 {
		return fmt.Sprintf("pcapng version %d.%d is not known", major, f.u16(b[14:]))
	}
	f.lost, f.lostSaid = f.drops()
	f.interfaces = f.interfaces[:0]
	return ""
}

// enhanced reads an enhanced packet block without its last length; p.Off is within it.
func (f *pcapngFile) enhanced(b []byte, p *packet.Packet) string {
	if len(b) < 28 {
		return "an enhanced packet block is too short"
	}
	id := f.u32(b[8:])
	ts := uint64(f.u32(b[12:]))<<32 | uint64(f.u32(b[16:]))
	return f.timed(b, p, id, ts, f.u32(b[20:]), f.u32(b[24:]))
}

// obsolete reads a packet block; its count of drops is "since the packet before", 0xFFFF if not known.
func (f *pcapngFile) obsolete(b []byte, p *packet.Packet) string {
	id := uint32(f.u16(b[8:]))
	ts := uint64(f.u32(b[12:]))<<32 | uint64(f.u32(b[16:]))
	bad := f.timed(b, p, id, ts, f.u32(b[20:]), f.u32(b[24:]))
	if d := f.u16(b[10:]); bad == "" && d != 0xFFFF {
		f.interfaces[id].dropped(uint64(d))
	}
	return bad
}

// timed is what enhanced and obsolete packet blocks share: data at 28, options behind it.
func (f *pcapngFile) timed(b []byte, p *packet.Packet, id uint32, ts uint64, caplen, length uint32) string {
	if uint64(id) >= uint64(len(f.interfaces)) {
		return noInterface(id, len(f.interfaces))
	}
	in := &f.interfaces[id]
	if caplen > maxSnapLen {
		return beyondLimit(caplen)
	}
	if uint64(caplen) > uint64(len(b)-28) {
		return beyondBlock(caplen)
	}
	f.packets++
	*p = packet.Packet{Time: f.time(in, ts), Off: 28, CapLen: caplen, WireLen: max(length, caplen), Link: in.link, Iface: in.id, Behind: f.behind}
	f.behind = 0
	if opts := 28 + (int(caplen)+3)&^3; opts < len(b) && f.u32(b) == blockEnhanced {
		f.packetOptions(b[opts:], in)
	}
	return ""
}

// simple reads a simple packet block: no time of its own, and how much was
// captured follows from the first interface's snap length.
func (f *pcapngFile) simple(b []byte, p *packet.Packet) string {
	if len(f.interfaces) == 0 {
		return noInterface(0, 0)
	}
	in := &f.interfaces[0]
	length := f.u32(b[8:])
	caplen := length
	// A block with more than that, and its padding, shows that the snap length is not kept.
	if padded := uint64(in.snap) + 3; in.snap != 0 && uint64(len(b)-12) <= padded&^3 {
		caplen = min(caplen, in.snap)
	}
	if caplen > maxSnapLen {
		return beyondLimit(caplen)
	}
	if uint64(caplen) > uint64(len(b)-12) {
		return beyondBlock(caplen)
	}
	f.packets++
	*p = packet.Packet{Time: f.last, Off: 12, CapLen: caplen, WireLen: length, Link: in.link, Iface: in.id, Behind: f.behind}
	f.behind = 0
	return ""
}

func noInterface(id uint32, n int) string {
	return fmt.Sprintf("a packet names interface %d, but the section describes %d", id, n)
}

func beyondBlock(caplen uint32) string {
	return fmt.Sprintf("a packet claims %d captured bytes, beyond its block", caplen)
}
