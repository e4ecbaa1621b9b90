// Package packet defines captured packets and sources of them: the input of an analysis.
//
// A [Source] fills one [Batch] after another, which keeps the cost per packet low. [From] makes a source of anything that
// gopacket reads packets from; package capturefile opens files of several formats.
//
// Not its job: reading files or interfaces, or decoding packets.
package packet

import (
	"math"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"tcptrace/internal/wire"
)

// LinkType is a link-layer header type as numbered in capture files (https://www.tcpdump.org/linktypes.html): 1 is Ethernet,
// 101 is an IP packet without a link-layer header. layers.LinkType of gopacket has the same numbers.
type LinkType = wire.LinkType

// MaxTime is the latest packet time that is accepted: 2116-02-20. No sum or difference of times up to it overflows.
const MaxTime = wire.MaxTime

// Time converts t to the time of a Packet, or the nearest possible one.
func Time(t time.Time) int64 {
	switch {
	case t.Unix() < 0:
		return 0
	case t.Unix() > MaxTime/1_000_000_000:
		return MaxTime
	}
	return min(t.UnixNano(), MaxTime)
}

// Packet locates one captured packet in its Batch.
type Packet struct {
	Time    int64 // ns since the Unix epoch, from 0 to MaxTime; an analysis replaces any other value by the nearest of these
	Off     uint32
	CapLen  uint32 // bytes captured, at Batch.Buf[Off:]
	WireLen uint32 // bytes on the wire, at least CapLen
	Link    LinkType
	Iface   uint16 // the number of the interface, if the source has several
	Behind  uint32 // number of records right before it in the capture that hold no packet but have frame numbers
}

// Batch is a run of consecutive packets. It belongs to the caller of Source.Next; its contents are valid until the same
// Batch is passed to Next again.
type Batch struct {
	Buf     []byte
	Packets []Packet
}

// Data returns the captured bytes of packet i, from the link-layer header on.
func (b *Batch) Data(i int) []byte {
	p := &b.Packets[i]
	return b.Buf[p.Off : p.Off+p.CapLen : p.Off+p.CapLen]
}

// Reset empties b and keeps its memory.
func (b *Batch) Reset() { b.Buf, b.Packets = b.Buf[:0], b.Packets[:0] }

// Add copies a packet, described by p, into b. If b would become larger than 4 GiB, it adds nothing and returns false.
func (b *Batch) Add(p Packet, data []byte) bool {
	if uint64(len(b.Buf))+uint64(len(data)) > math.MaxUint32 {
		return false
	}
	p.Off, p.CapLen = uint32(len(b.Buf)), uint32(len(data))
	p.WireLen = max(p.WireLen, p.CapLen)
	b.Buf, b.Packets = append(b.Buf, data...), append(b.Packets, p)
	return true
}

// Source delivers the packets of a capture in order.
type Source interface {
	// Next replaces the contents of b with the next packets, a thousand or so, and returns io.EOF after the last. b is empty if
	// there are none now but may be later. Any other error ends the analysis.
	Next(b *Batch) error
}

// Reporter is a Source that knows more about the capture than its packets. Stats is complete once Next has returned io.EOF.
type Reporter interface {
	Source
	Stats() Stats
}

// Namer is a Source that knows the names of interfaces. It may be called by several goroutines, even while another is in Next.
type Namer interface {
	Source
	// Interface returns the name of the interface with that number (Packet.Iface), or "".
	Interface(number uint16) string
}

// Snapper is a Source that knows how many bytes of each packet of an interface are captured, 0 if all are or it is not known. It may be called like a Namer.
type Snapper interface {
	SnapLen(number uint16) uint32
}

// From returns the packets of src, which may be a reader of package pcapgo, a pcap.Handle or an afpacket.TPacket. All have
// the link type link.
func From(src gopacket.PacketDataSource, link layers.LinkType) Source {
	return &dataSource{src: src, link: LinkType(link)}
}

// dataSource is a Source that reads from a source of gopacket.
type dataSource struct {
	src  gopacket.PacketDataSource
	link LinkType
	err  error // of src, to be returned once what came before it was
}

// sourceBatch is the largest number of packets in a batch of a dataSource.
const sourceBatch = 1024

func (s *dataSource) Next(b *Batch) error {
	b.Reset()
	for s.err == nil && len(b.Packets) < sourceBatch {
		data, ci, err := s.src.ReadPacketData()
		if err != nil {
			s.err = err
			break
		}
		b.Add(Packet{Time: Time(ci.Timestamp), WireLen: uint32(max(0, ci.Length)), Link: s.link, Iface: uint16(ci.InterfaceIndex)}, data)
	}
	if len(b.Packets) > 0 {
		return nil
	}
	return s.err
}
