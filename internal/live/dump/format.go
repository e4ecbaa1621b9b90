package dump

import (
	"encoding/binary"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/blocks"
	"tcptrace/internal/input"
	"tcptrace/internal/wire"
)

// The ends of names that ask for a format, or promise what is not written. Other names leave the choice open.
var (
	pcapEnds   = []string{".pcap", ".cap"}
	pcapngEnds = []string{".pcapng", ".ntar"}
	packedEnds = []string{".gz", ".zst", ".lz4"}
)

func endsIn(name string, ends []string) bool {
	return slices.Contains(ends, strings.ToLower(filepath.Ext(name)))
}

// NamedPacked reports whether a file's name says that it is compressed.
func NamedPacked(name string) bool { return endsIn(name, packedEnds) }

// NamedPcapng reports whether a file's name asks for pcapng.
func NamedPcapng(name string) bool { return endsIn(name, pcapngEnds) }

// FormatError says that a file of this name cannot hold a packet which one of another name could.
type FormatError struct{ reason string }

func (e *FormatError) Error() string { return e.reason }

// Numbers of the formats, both written in little-endian order.
const (
	pcapNanoseconds = 0xa1b23c4d
	pcapHeaderLen   = 24
	pcapRecordLen   = 16     // before the bytes of a packet
	noSnapLen       = 262144 // what capturing programs write for no limit

	optionApplication = 4
	optionName        = 2
	optionDescription = 3
	optionTimeRes     = 9
	optionDrops       = 4 // epb_dropcount
)

var order = binary.LittleEndian

// encoder turns packets into the bytes of one capture file. pcapng describes every interface of which
// there is a packet; pcap has room for one link type.
type encoder struct {
	name  string
	known []input.Interface // by Packet.Iface
	ng    bool
	grows bool // more interfaces may become known
	begun bool
	link  wire.LinkType // of a pcap file
	ids   []uint32      // by Packet.Iface: 1 + the number in a pcapng file; 0: not described yet
	count uint32        // of the interfaces described
}

// newEncoder encodes for a file of this name. known are the interfaces that are known by now: if the name
// leaves the format open, it is pcapng where they differ in link type.
func newEncoder(name string, known []input.Interface) *encoder {
	e := &encoder{name: name, known: known, ng: endsIn(name, pcapngEnds)}
	if !endsIn(name, pcapEnds) {
		for _, i := range known {
			e.ng = e.ng || i.Link != known[0].Link
		}
	}
	return e
}

// append appends a packet, after the headers that it needs. lost is how many packets of its interface
// the file lacks since the last, which pcapng can say; frame is the packet's number, for errors.
func (e *encoder) append(b []byte, p *packet.Packet, data []byte, frame, lost uint64) ([]byte, error) {
	if p.Time < 0 {
		return b, fmt.Errorf("frame %d was captured before 1970, which a capture file cannot say", frame)
	}
	if e.ng {
		b = e.describe(b, p)
		return appendEnhanced(b, e.ids[p.Iface]-1, p, data, lost), nil
	}
	switch {
	case e.begun && p.Link != e.link:
		return b, &FormatError{fmt.Sprintf("%s can hold one link type, but the packets have %d and %d: name it .pcapng", e.name, e.link, p.Link)}
	case p.Time/1e9 > math.MaxUint32:
		return b, &FormatError{fmt.Sprintf("frame %d was captured after 2106, which a pcap file cannot say: name %s .pcapng", frame, e.name)}
	case !e.begun:
		e.begun, e.link = true, p.Link
		b = e.appendHeader(b)
	}
	b = order.AppendUint32(b, uint32(p.Time/1e9))
	b = order.AppendUint32(b, uint32(p.Time%1e9))
	b = order.AppendUint32(b, uint32(len(data)))
	b = order.AppendUint32(b, p.WireLen)
	return append(b, data...), nil
}

// appendEmpty appends what makes a file without packets one that can be read.
func (e *encoder) appendEmpty(b []byte) []byte {
	if e.ng {
		return appendSection(b)
	}
	e.link = wire.LinkEthernet
	if len(e.known) > 0 {
		e.link = e.known[0].Link
	}
	return e.appendHeader(b)
}

// appendHeader appends the header of a pcap file.
func (e *encoder) appendHeader(b []byte) []byte {
	snap := uint32(0)
	for _, i := range e.known {
		snap = max(snap, i.SnapLen-1) // no limit is 0
	}
	if e.grows {
		snap = noSnapLen
	}
	b = order.AppendUint32(b, pcapNanoseconds)
	b = append(b, 2, 0, 4, 0) // the format's version is 2.4
	b = append(b, make([]byte, 8)...)
	b = order.AppendUint32(b, min(snap, noSnapLen-1)+1)
	return order.AppendUint32(b, uint32(e.link))
}

// describe appends what must come before the first packet of an interface in a pcapng file.
func (e *encoder) describe(b []byte, p *packet.Packet) []byte {
	if !e.begun {
		e.begun = true
		b = appendSection(b)
	}
	if int(p.Iface) >= len(e.ids) {
		e.ids = append(e.ids, make([]uint32, int(p.Iface)+1-len(e.ids))...)
	}
	if e.ids[p.Iface] == 0 {
		e.count++
		e.ids[p.Iface] = e.count
		var is input.Interface
		if int(p.Iface) < len(e.known) {
			is = e.known[p.Iface]
		}
		b = appendInterface(b, is, p.Link)
	}
	return b
}

func appendSection(b []byte) []byte {
	b, at := blocks.Begin(b, order, blocks.Section)
	b = order.AppendUint32(b, blocks.OrderMagic)
	b = append(b, 1, 0, 0, 0)                 // the format's version is 1.0
	b = order.AppendUint64(b, math.MaxUint64) // the section's length is not known
	b = blocks.AppendOption(b, order, optionApplication, "tcptrace")
	return blocks.End(order.AppendUint32(b, 0), order, at)
}

func appendInterface(b []byte, is input.Interface, link wire.LinkType) []byte {
	b, at := blocks.Begin(b, order, blocks.Interface)
	b = order.AppendUint32(b, uint32(uint16(link)))
	b = order.AppendUint32(b, is.SnapLen)
	b = blocks.AppendOption(b, order, optionName, is.Name)
	b = blocks.AppendOption(b, order, optionDescription, is.Description)
	b = blocks.AppendOption(b, order, optionTimeRes, "\x09") // nanoseconds
	return blocks.End(order.AppendUint32(b, 0), order, at)
}

func appendEnhanced(b []byte, id uint32, p *packet.Packet, data []byte, lost uint64) []byte {
	b, at := blocks.Begin(b, order, blocks.Enhanced)
	b = order.AppendUint32(b, id)
	b = order.AppendUint32(b, uint32(p.Time>>32))
	b = order.AppendUint32(b, uint32(p.Time))
	b = order.AppendUint32(b, uint32(len(data)))
	b = order.AppendUint32(b, p.WireLen)
	b = blocks.Pad(append(b, data...), len(data))
	if lost > 0 {
		b = append(b, optionDrops, 0, 8, 0)
		b = order.AppendUint64(b, lost)
		b = order.AppendUint32(b, 0)
	}
	return blocks.End(b, order, at)
}

// whole finds the end of the last record in b that is within its first n bytes, and how many packets are
// before it. b holds whole records, after the file's header if first.
func whole(b []byte, n int, ng, first bool) (end int, packets uint64) {
	if first && !ng {
		if n < pcapHeaderLen {
			return 0, 0
		}
		end = pcapHeaderLen
	}
	for end < n {
		packet, size := true, 0
		if ng {
			packet, size = order.Uint32(b[end:]) == blocks.Enhanced, int(order.Uint32(b[end+4:]))
		} else {
			size = pcapRecordLen + int(order.Uint32(b[end+8:]))
		}
		if end+size > n {
			break
		}
		end += size
		if packet {
			packets++
		}
	}
	return end, packets
}
