// Package packet has captured packets, and sources of them: what an analysis reads.
//
// A [Source] fills one [Batch] after the other, which keeps the cost of a packet low. [From] makes a source of anything that
// gopacket reads packets from; package capturefile opens files of several formats.
//
// Not its job: to read files or interfaces, or to decode what it carries.
package packet

import (
	"math"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"tcptrace/internal/wire"
)

// LinkType is a link-layer header type as capture files number it (https://www.tcpdump.org/linktypes.html): 1 is Ethernet,
// 101 an IP packet without any. layers.LinkType of gopacket has the same numbers.
type LinkType = wire.LinkType

// MaxTime is the latest time of a packet that is believed: 2116-02-20. No sum or difference of times up to it overflows.
const MaxTime = wire.MaxTime

// Time is t as a Packet has it, or the nearest that there is.
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
	Time    int64 // ns since the Unix epoch, from 0 to MaxTime; an analysis takes any other for the nearest of these
	Off     uint32
	CapLen  uint32 // bytes captured, at Batch.Buf[Off:]
	WireLen uint32 // bytes on the wire, at least CapLen
	Link    LinkType
	Iface   uint16 // the number of the interface, where the source has several
	Behind  uint32 // records of the capture right before it that hold no packet, and have frame numbers all the same
}

// Batch is a run of consecutive packets. It belongs to the caller of Source.Next; its content is valid until the same
// Batch is passed to Next again.
type Batch struct {
	Buf     []byte
	Packets []Packet
}

// Data is the captured bytes of packet i, from its link-layer header on.
func (b *Batch) Data(i int) []byte {
	p := &b.Packets[i]
	return b.Buf[p.Off : p.Off+p.CapLen : p.Off+p.CapLen]
}

// Reset empties b and keeps its memory.
func (b *Batch) Reset() { b.Buf, b.Packets = b.Buf[:0], b.Packets[:0] }

// Add copies a packet, of which p has the rest, into b. It returns false, and adds nothing, where b would become larger than 4 GiB.
func (b *Batch) Add(p Packet, data []byte) bool {
	if uint64(len(b.Buf))+uint64(len(data)) > math.MaxUint32 {
		return false
	}
	p.Off, p.CapLen = uint32(len(b.Buf)), uint32(len(data))
	p.WireLen = max(p.WireLen, p.CapLen)
	b.Buf, b.Packets = append(b.Buf, data...), append(b.Packets, p)
	return true
}

// Source has the packets of a capture in order.
type Source interface {
	// Next replaces the content of b by the next packets, a thousand or so, and returns io.EOF after the last. b is empty where
	// there are none now and may be later. Any other error ends the analysis.
	Next(b *Batch) error
}

// Reporter is a Source that knows more than its packets. Stats is complete once Next has returned io.EOF.
type Reporter interface {
	Source
	Stats() Stats
}

// Namer is a Source that knows the names of interfaces. Several goroutines may ask it, also while another is in Next.
type Namer interface {
	Source
	// Interface is the name of the interface with that number (Packet.Iface); "" if it has none.
	Interface(number uint16) string
}

// From is the packets of src, which may be a reader of package pcapgo, a pcap.Handle or an afpacket.TPacket. link is
// the link type of all of them.
func From(src gopacket.PacketDataSource, link layers.LinkType) Source {
	return &dataSource{src: src, link: LinkType(link)}
}

// dataSource is a Source over one of gopacket.
type dataSource struct {
	src  gopacket.PacketDataSource
	link LinkType
	err  error // of src, to be returned once what came before it was
}

// sourceBatch is how many packets a batch of a dataSource has at most.
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
