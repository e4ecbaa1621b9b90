package input

import (
	"tcptrace/analyzer/packet"
)

// Source yields the frames of one trace in order.
type Source interface {
	// Next fills b with at least one packet, or returns io.EOF at the end of the
	// trace. Damaged input does not make it fail: what could be read is
	// delivered, and Stats then lists what was wrong. Only a source that goes by
	// the clock (live, Paced) may fill b with no packet, to say that time passes.
	Next(b *packet.Batch) error
	// Stats is complete once Next has returned io.EOF.
	Stats() packet.Stats
	// Interfaces lists the interfaces of the packets so far. The same input gives the same order.
	// It may be called while another goroutine is in Next.
	Interfaces() []Interface
	// Interface is the name of one of them, or "".
	Interface(number uint16) string
	// SnapLen is how many bytes of each of its packets are captured at most, or 0.
	SnapLen(number uint16) uint32
	// Progress reports bytes read from disk so far and in all (0 if unknown). It
	// may be called while another goroutine is in Next.
	Progress() (done, total int64)
	Close() error
}
