package input

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync/atomic"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/interrupt"
	"tcptrace/internal/remote"
)

// A format finds the packets in the bytes of a capture. It keeps what the
// headers say, never bytes, so that it does not care how the input was read.
type format interface {
	// frame appends the packets that are whole in buf[pos:] to ps, up to its
	// capacity, and returns where it stopped and why.
	frame(buf []byte, pos int, ps []packet.Packet) (int, []packet.Packet, halt)
	// drops is the number of packets that the capturing side lost, and whether it said so.
	drops() (n uint64, said bool)
}

// halt says why a format stopped; all zero: no more room for packets.
type halt struct {
	need int    // bytes that the record takes, or its header where not even that is whole
	part string // what takes them
	skip int64  // this many bytes hold nothing of interest
	bad  string // nothing more can be read, and why
	back int64  // the record began this many bytes before the stop
}

// firstRead is how much is read before the size of packets is known: more than a
// batch of small ones would have to be carried over.
const firstRead = 256 << 10

// input is one capture: a file or standard input, opened at the first next.
type input struct {
	name       string
	ctx        context.Context
	openFile   func(string) (*os.File, error)
	stdin      io.Reader // nil for a file
	size       int64     // of a regular file, else 0
	regular    bool
	chunk      int
	maxPackets int
	progress   *atomic.Int64
	total      *atomic.Int64 // to which the size of an object is added; nil: it is not wanted
	ifaces     *interfaces

	started bool
	done    bool
	remote  bool              // it is an object of a URL
	file    io.Closer         // nil for stdin
	silent  *interrupt.Reader // of what may keep silent; else nil
	release func()            // frees the decompressor
	reader  io.Reader
	readErr error  // once set, reader is at its end
	packed  string // the compression, or ""
	format  format
	err     *packet.Error

	carry  []byte // read but not delivered
	base   int64  // offset of carry in the (uncompressed) stream
	skip   int64  // bytes yet to be skipped
	skipAt int64  // offset of the block they belong to
	target int    // bytes that are about maxPackets packets
}

func newInput(path string, opts Options, progress *atomic.Int64, ifaces *interfaces) *input {
	in := &input{
		ctx: opts.Context, name: path, openFile: opts.Open, chunk: opts.ChunkSize, maxPackets: opts.MaxPackets,
		target: min(opts.ChunkSize, firstRead), progress: progress, ifaces: ifaces,
	}
	size := int64(-1)
	if path == stdinPath {
		in.stdin = opts.Stdin
		if f, ok := opts.Stdin.(*os.File); ok {
			size = regularSize(f.Stat())
		}
	} else if in.remote = remote.Is(path); !in.remote {
		size = regularSize(os.Stat(path))
	}
	in.regular, in.size = size >= 0 || in.remote, max(size, 0)
	return in
}

// next fills b with at least one packet, or reports false at the end of the
// input; err then says whether it was a good end.
func (in *input) next(b *packet.Batch) bool {
	b.Buf, b.Packets = b.Buf[:0], b.Packets[:0]
	if !in.started {
		in.started = true
		in.start()
	}
	if in.done {
		return false
	}
	if cap(b.Packets) < in.maxPackets {
		b.Packets = make([]packet.Packet, 0, in.maxPackets)
	}
	buf := b.Buf[:cap(b.Buf)]
	if size := max(in.chunk, len(in.carry)); len(buf) < size {
		buf = make([]byte, size)
	}
	n := copy(buf, in.carry)
	if in.regular {
		n = in.fill(buf, n, in.target)
	}
	buf, n, pos := in.frame(b, buf, n)
	if in.done {
		in.finish()
	} else {
		in.carry = append(in.carry[:0], buf[pos:n]...)
	}
	in.base += int64(pos)
	b.Buf = buf[:pos]
	if len(b.Packets) == 0 {
		return false
	}
	in.target = min(in.chunk, max(1, int(int64(pos)*int64(in.maxPackets)/int64(len(b.Packets)))))
	return true
}

// frame finds packets in buf[:n], reading on until there is one. It returns the
// buffer, which may have grown, the bytes in it and the bytes done with.
func (in *input) frame(b *packet.Batch, buf []byte, n int) (_ []byte, _, pos int) {
	// Packets end at the batch's limit even where its slice has more capacity.
	ps := b.Packets[:0:in.maxPackets]
	for {
		skipped := int(min(in.skip, int64(n-pos)))
		pos += skipped
		in.skip -= int64(skipped)
		var h halt
		if in.skip == 0 {
			pos, ps, h = in.format.frame(buf[:n], pos, ps)
		}
		if h.skip > 0 {
			in.skip, in.skipAt = h.skip, in.base+int64(pos)
			continue
		}
		if h.bad != "" {
			in.fail(in.base+int64(pos)-h.back, h.bad, nil)
		} else if len(ps) == 0 && in.readErr != nil {
			in.end(in.base+int64(pos), n-pos, h)
		}
		if len(ps) > 0 || in.done {
			b.Packets = ps
			return buf, n, pos
		}
		in.base += int64(pos)
		n = copy(buf, buf[pos:n])
		pos = 0
		if n == len(buf) {
			// Doubling, so that a length field alone does not get memory: the bytes have to be there.
			buf = append(buf, make([]byte, min(h.need-n, max(n, 64)))...)
		}
		want := n + 1
		if in.regular {
			want = max(want, h.need, in.target)
		}
		n = in.fill(buf, n, want)
	}
}

// fill reads until buf holds want bytes or is full. A pipe is read as it comes
// (next asks for one byte more), so that packets are not held back.
func (in *input) fill(buf []byte, n, want int) int {
	limit := len(buf)
	if in.regular {
		limit = min(limit, want)
	}
	for idle := 0; n < min(want, limit) && in.readErr == nil; {
		m, err := in.reader.Read(buf[n:limit])
		n += m
		in.readErr = err
		if idle++; m > 0 {
			idle = 0
		} else if idle == 100 {
			in.readErr = io.ErrNoProgress
		}
	}
	return n
}

// end decides whether the input may end where it does: have bytes into what h asked for.
func (in *input) end(at int64, have int, h halt) {
	switch {
	case in.readErr != io.EOF:
		in.fail(at, in.readReason(), in.readErr)
	case in.skip > 0:
		in.fail(in.skipAt, fmt.Sprintf("the input ends within a block, %d bytes before its end", in.skip), io.ErrUnexpectedEOF)
	case have > 0 || h.back > 0:
		in.fail(at-h.back, fmt.Sprintf("the input ends %d bytes into a %s of %d bytes",
			int64(have)+h.back, h.part, int64(h.need)+h.back), io.ErrUnexpectedEOF)
	default:
		in.done = true
	}
}

func (in *input) readReason() string {
	switch {
	case in.packed != "" && errors.Is(in.readErr, io.ErrUnexpectedEOF):
		return "the " + in.packed + " data ends early"
	case in.packed != "":
		return "damaged " + in.packed + " data: " + in.readErr.Error()
	}
	return "cannot be read: " + plain(in.readErr)
}

// fail ends the input with an error, unless it was ended from outside.
func (in *input) fail(at int64, reason string, cause error) {
	if in.silent != nil && in.silent.Interrupted() || in.remote && in.ctx.Err() != nil {
		in.done = true
		return
	}
	name := in.name
	if in.remote {
		name = remote.Name(name)
	}
	in.err = &packet.Error{File: name, Offset: at, Packed: in.packed != "", Reason: reason, Err: cause}
	in.done = true
}

// refuse ends the input before it was opened.
func (in *input) refuse(reason string, cause error) {
	in.started = true
	in.fail(-1, reason, cause)
}

// finish gives back all that the input holds but its error and its format's counters.
func (in *input) finish() {
	in.started, in.done = true, true
	if in.release != nil {
		in.release()
	}
	if in.silent != nil {
		in.silent.Close()
	}
	if in.file != nil && (in.silent == nil || !in.silent.Interrupted()) { // closing would wait for the one who reads
		in.file.Close()
	}
	in.release, in.file, in.reader, in.carry = nil, nil, nil, nil
}

// plain is an error without the path that the report names anyway.
func plain(err error) string {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err.Error()
	}
	return err.Error()
}

// countedReader counts bytes as they come from disk.
type countedReader struct {
	r io.Reader
	n *atomic.Int64
}

func (c *countedReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}
