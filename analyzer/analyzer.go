package analyzer

import (
	"context"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"tcptrace/analyzer/internal/pipeline"
	"tcptrace/analyzer/packet"
)

// Analyzer takes packets one by one, in batches, or from a source, and hands conversations to a Sink. It does everything in the
// goroutine of its caller, and must be used by one goroutine only.
type Analyzer struct {
	inline pipeline.Inline
	one    one
}

// one is the batch of a single packet.
type one struct {
	packets [1]packet.Packet
	batch   packet.Batch
}

// of is the batch of a packet as gopacket has it.
func (o *one) of(link layers.LinkType, ci gopacket.CaptureInfo, data []byte) *packet.Batch {
	o.packets[0] = packet.Packet{
		Time: packet.Time(ci.Timestamp), CapLen: uint32(len(data)), WireLen: uint32(max(ci.Length, len(data))), Link: packet.LinkType(link),
	}
	o.batch = packet.Batch{Buf: data, Packets: o.packets[:]}
	return &o.batch
}

// New returns an Analyzer that hands every conversation to sink once it is over.
func New(opts Options, sink Sink) *Analyzer {
	a := &Analyzer{}
	a.Reset(opts, sink)
	return a
}

// Reset makes a ready for another capture, as New does, with the memory of the one before.
func (a *Analyzer) Reset(opts Options, sink Sink) { a.inline.Reset(opts, sink) }

// Watch calls f with every segment, in the order of frames, except that segments may be delayed by a SYN of which it is not yet clear
// whether it opens a connection. The Reading is valid only during the call.
func (a *Analyzer) Watch(f func(r *Reading)) { a.inline.Watch(f) }

// Frame analyzes one captured frame. ci gives its time and its length on the wire;
// data is what was captured of it, from the link-layer header that link names. Frames come
// in the order of the capture. data may be reused afterwards. An error is a *SinkError.
func (a *Analyzer) Frame(link layers.LinkType, ci gopacket.CaptureInfo, data []byte) error {
	return a.inline.Batch(a.one.of(link, ci, data))
}

// Batch analyzes the packets of b, which follow the previous ones. b may be reused afterwards. An error is a *SinkError.
func (a *Analyzer) Batch(b *packet.Batch) error { return a.inline.Batch(b) }

// Close hands out the conversations that are still open and returns the summary.
// The Analyzer cannot be used afterwards, unless it is Reset.
func (a *Analyzer) Close() (Summary, error) { return a.inline.Finish() }

// Run analyzes all packets of src and closes the Analyzer. For many small captures, a few goroutines with an Analyzer each
// are faster than calling the function Run for one capture after another.
func (a *Analyzer) Run(ctx context.Context, src packet.Source) (Summary, error) {
	return a.inline.Run(ctx, src)
}
