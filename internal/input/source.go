package input

import (
	"fmt"

	"tcptrace/internal/wire"
)

// Packet locates one captured frame in its Batch.
type Packet struct {
	Time    int64 // ns since the Unix epoch
	Off     uint32
	CapLen  uint32 // bytes captured, at Batch.Buf[Off:]
	WireLen uint32 // bytes on the wire, at least CapLen
	Link    wire.LinkType
	Iface   uint16 // of Source.Interfaces
}

// Batch is a run of consecutive frames. Whoever calls Next owns it; its
// content is valid until the same Batch is passed to Next again.
type Batch struct {
	Buf     []byte
	Packets []Packet
}

// Data is the captured bytes of packet i.
func (b *Batch) Data(i int) []byte {
	p := &b.Packets[i]
	return b.Buf[p.Off : p.Off+p.CapLen : p.Off+p.CapLen]
}

// Source yields the frames of one trace in order.
type Source interface {
	// Next fills b with at least one packet, or returns io.EOF at the end of the
	// trace. Damaged input does not make it fail: what could be read is
	// delivered, and Stats then lists what was wrong. Only a source that goes by
	// the clock (live, Paced) may fill b with no packet, to say that time passes.
	Next(b *Batch) error
	// Stats is complete once Next has returned io.EOF.
	Stats() Stats
	// Interfaces lists those of the packets so far. The same input gives them in the same order.
	// It may be called while another goroutine is in Next.
	Interfaces() []Interface
	// Progress reports bytes read from disk so far and in all (0 if unknown). It
	// may be called while another goroutine is in Next.
	Progress() (done, total int64)
	Close() error
}

// Stats is what a source knows about a trace beside its packets.
type Stats struct {
	Errors []*Error // one for each input that could not be read to its end
	Drops  uint64   // packets that the capturing side says it lost (interface statistics)
	Drop   bool     // whether any input said how many were lost
}

// Error says where and why an input could not be read any further.
type Error struct {
	File   string // "-" for standard input
	Offset int64  // of the record, in the file or in the uncompressed stream if Packed; -1 if it could not be opened
	Packed bool   // the input is compressed
	Reason string // in plain words
	Err    error  // the cause, or nil
}

func (e *Error) Error() string {
	switch {
	case e.Offset < 0:
		return fmt.Sprintf("%s: %s", e.File, e.Reason)
	case e.Packed:
		return fmt.Sprintf("%s: at offset %d of the uncompressed data: %s", e.File, e.Offset, e.Reason)
	}
	return fmt.Sprintf("%s: at offset %d: %s", e.File, e.Offset, e.Reason)
}

func (e *Error) Unwrap() error { return e.Err }
