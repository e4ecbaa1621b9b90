// Package extract writes the packets of some conversations of a capture: packet by packet to a new one, or with all that the capture has beside
// packets.
//
// Not its job: which conversations these are (package twopass), and formats (packages dump and blocks).
package extract

import (
	"bufio"
	"errors"
	"io"
	"iter"

	"tcptrace/analyzer"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/anonymize"
	"tcptrace/internal/blocks"
	"tcptrace/internal/live/dump"
)

// Extraction is the packets of the chosen conversations on their way to a file, as the viewer of two passes.
type Extraction struct {
	out    *dump.File
	frames blocks.Frames         // in place of out
	anon   *anonymize.Anonymizer // nil: packets stay as they are
	data   []byte
}

// New is an extraction that anonymizes what it writes; nil: packets stay as they are.
func New(anon *anonymize.Anonymizer) *Extraction { return &Extraction{anon: anon} }

// To has the second pass write the packets to a file. Without, it only finds them, for Copy.
func (x *Extraction) To(out *dump.File) { x.out = out }

// packet writes a packet.
func (x *Extraction) packet(p *packet.Packet, data []byte, frame uint64) error {
	if x.anon != nil { // the analysis goes on with what was captured
		x.data = append(x.data[:0], data...)
		data = x.data[:x.anon.Frame(p.Link, x.data, p.WireLen)]
	}
	return x.out.Packet(p, data, frame)
}

// Take is for twopass.Viewer.
func (x *Extraction) Take(*analyzer.Conversation) {}

// See writes a frame with its fragments, or remembers which they are.
func (x *Extraction) See(f *analyzer.Frame) error {
	if x.out == nil {
		for i := range f.Fragments {
			x.frames.Add(f.Fragments[i].Frame)
		}
		x.frames.Add(f.Number)
		return nil
	}
	var err error
	for i := range f.Fragments {
		part := &f.Fragments[i]
		err = errors.Join(err, x.packet(&part.Packet, part.Data, part.Frame))
	}
	return errors.Join(err, x.packet(f.Packet, f.Data, f.Number))
}

// Part is an input of which all but packets is kept.
type Part struct {
	In      io.Reader
	Packets uint64 // that it has
	Frames  uint64 // up to its last packet
}

// Copy copies the packets that the second pass found, and all that is no packet of parts that follow one another. A pass that was not whole has found
// those up to where it ended, and the copy ends there.
func (x *Extraction) Copy(parts []Part, out io.Writer, whole bool) error {
	buffered := bufio.NewWriterSize(out, 1<<16)
	next, stop := iter.Pull(x.frames.All())
	defer stop()
	before := uint64(0) // frames of the parts that are done
	frame, more := next()
	for i := range parts {
		part := &parts[i]
		if !more && !whole {
			break
		}
		changes := blocks.Changes{Only: true}
		if x.anon != nil {
			changes.Frame = x.anon.Frame
		}
		to := blocks.NewCopy(part.In, buffered, changes)
		last := i == len(parts)-1
		for ; more && (last || frame <= before+part.Frames); frame, more = next() {
			if err := to.To(frame-before, nil); err != nil {
				return err
			}
		}
		if whole || more {
			if err := to.Finish(part.Packets); err != nil {
				return err
			}
		}
		before += part.Frames
	}
	return buffered.Flush()
}
