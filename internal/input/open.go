package input

import (
	"context"
	"io"
	"os"
	"slices"
	"sync/atomic"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/remote"
)

// Options say where standard input is and how much is read at once. The zero
// value of a number means its default.
type Options struct {
	Stdin io.Reader                           // what the path "-" reads; it is not closed
	Open  func(path string) (*os.File, error) // how files are opened; nil: os.Open
	// Context ends reading from inputs that may block, such as a pipe: Next then returns its cause. nil: nothing does.
	Context context.Context

	ChunkSize  int // bytes, default 256 KiB; a record may be larger
	MaxPackets int // in a batch, default 1024
}

const (
	defaultChunk   = 1 << 18 // stays in the second-level cache
	defaultPackets = 1024

	// With many inputs the buffers of those that overlap in time add up; with
	// these limits 1,000 inputs at once need 150 MB.
	manyInputs      = 16
	manyChunk       = 128 << 10
	manyPackets     = 1024
	peekChunk       = 16 << 10
	stdinPath       = "-"
	stdinUsedReason = "standard input can be read only once"
)

// trace is the Source over capture files.
type trace struct {
	opts     Options
	inputs   []*input // in the order of the arguments
	heap     []*cursor
	prepared bool
	ifaces   interfaces
	total    atomic.Int64
	read     atomic.Int64
}

// defaults fills in default values.
func (o *Options) defaults() {
	if o.Context == nil {
		o.Context = context.Background()
	}
	if o.ChunkSize <= 0 {
		o.ChunkSize = defaultChunk
	}
	if o.MaxPackets <= 0 {
		o.MaxPackets = defaultPackets
	}
	if o.Open == nil {
		o.Open = os.Open
	}
}

// Open returns the packets of all paths as one trace in the order of time;
// "-" is Options.Stdin. It never fails: an input that cannot be opened or is not
// a capture is an Error in Stats, and the others are read. Files are opened when
// the trace reaches them. The Source is for one goroutine, but for Progress.
func Open(paths []string, opts Options) Source {
	opts.defaults()
	if len(paths) > manyInputs {
		opts.ChunkSize = min(opts.ChunkSize, manyChunk)
		opts.MaxPackets = min(opts.MaxPackets, manyPackets)
	}
	t := &trace{opts: opts}
	for i, path := range paths {
		if remote.Is(path) {
			t.addRemote(path)
			continue
		}
		in := newInput(path, opts, &t.read, &t.ifaces)
		if path == stdinPath && slices.Contains(paths[:i], stdinPath) {
			in.refuse(stdinUsedReason, nil)
		}
		t.total.Add(in.size)
		t.inputs = append(t.inputs, in)
	}
	return t
}

// addRemote adds the objects that a URL matches.
func (t *trace) addRemote(name string) {
	names, err := remote.Expand(t.opts.Context, name)
	if err != nil {
		names = []string{name}
	}
	for _, name := range names {
		in := newInput(name, t.opts, &t.read, &t.ifaces)
		in.total = &t.total
		if err != nil {
			in.refuse(err.Error(), err)
		}
		t.inputs = append(t.inputs, in)
	}
}

// Next implements Source.
func (t *trace) Next(b *packet.Batch) error {
	if len(t.inputs) == 1 {
		if t.inputs[0].next(b) {
			return nil
		}
		return t.ended()
	}
	if !t.prepared {
		t.prepared = true
		t.prepare()
	}
	return t.merge(b)
}

// ended says why there are no more packets: the inputs are at their ends, or reading was interrupted.
func (t *trace) ended() error {
	if err := context.Cause(t.opts.Context); err != nil {
		return err
	}
	return io.EOF
}

// Stats implements Source. Errors are in the order of the arguments.
func (t *trace) Stats() packet.Stats {
	var s packet.Stats
	for _, in := range t.inputs {
		if in.err != nil {
			s.Errors = append(s.Errors, in.err)
		}
		if in.format == nil {
			continue
		}
		if f, ok := in.format.(*pcapngFile); ok {
			s.Comments += f.comments
			s.OtherFrames += f.others
			if text := f.warning(); text != "" {
				s.Warnings = append(s.Warnings, &packet.Error{File: in.name, Offset: -1, Reason: text})
			}
		}
		if n, said := in.format.drops(); said {
			s.Drops = addSat(s.Drops, n)
			s.Drop = true
		}
	}
	return s
}

// Interfaces implements Source.
func (t *trace) Interfaces() []Interface { return t.ifaces.all() }

// Interface implements Source.
func (t *trace) Interface(number uint16) string { return t.ifaces.at(number).Name }

// SnapLen implements Source.
func (t *trace) SnapLen(number uint16) uint32 { return t.ifaces.at(number).SnapLen }

// Progress implements Source: bytes as they are on disk, compressed or not. The
// total counts regular files, and objects of URLs that were opened.
func (t *trace) Progress() (done, total int64) { return t.read.Load(), t.total.Load() }

// Close implements Source.
func (t *trace) Close() error {
	for _, in := range t.inputs {
		in.finish()
	}
	t.heap = nil
	return nil
}

// regularSize is the size of a regular file, or -1 for anything else.
func regularSize(fi os.FileInfo, err error) int64 {
	if err != nil || !fi.Mode().IsRegular() {
		return -1
	}
	return fi.Size()
}

// addSat adds without wrapping: counters come from the file.
func addSat(a, b uint64) uint64 {
	if a+b < a {
		return ^uint64(0)
	}
	return a + b
}
