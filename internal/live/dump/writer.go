package dump

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/input"
)

// Options say where packets go. Without any of the Rotate limits all go to the file Path.
type Options struct {
	Path   string
	Stdout io.Writer  // what the path "-" writes to; it is not closed
	File   OutputFile // the file Path, unless files rotate; nil: it is created, over an older one

	// A file ends before it would exceed one of these; zero means no limit. Time is that of the capture.
	RotateSize  int64 // bytes, uncompressed
	RotateEvery time.Duration
	RotateCount uint64 // packets

	MaxFiles int    // when a file is begun, the oldest are deleted until these many are left; 0: all are kept
	Compress string // "", or one of Compressions: a file is replaced by NAME.gz or NAME.zst once it is closed

	// Patient waits for the disk rather than leave packets out, for input that can wait (a replay).
	Patient bool
}

// Counts is what became of the packets.
type Counts struct {
	Files, Deleted uint64 // begun, and deleted again for MaxFiles
	Packets, Bytes uint64 // written, before compression
	DeletedPackets uint64 // of Packets, those in files that were deleted
	LeftOut        uint64 // packets that are in no file
	Unpacked       uint64 // files that were to be compressed and are not
}

// OutputFile is a file that is written.
type OutputFile interface {
	io.WriteCloser
	Truncate(size int64) error
}

// Directories are where files are written while the capture goes on; none if it goes to standard output, or nowhere.
func (o *Options) Directories() []string {
	if o.Path == "" || o.Path == "-" {
		return nil
	}
	return []string{filepath.Dir(o.Path)}
}

// Rotates reports whether there is a series of files.
func (o *Options) Rotates() bool { return o.RotateSize > 0 || o.RotateEvery > 0 || o.RotateCount > 0 }

func (o *Options) check() error {
	switch {
	case o.Path == "":
		return errors.New("the capture file has no name")
	case o.RotateSize < 0, o.RotateEvery < 0, o.MaxFiles < 0:
		return errors.New("a limit of the capture files is negative")
	case o.Compress != "" && !slices.Contains(Compressions, o.Compress):
		return fmt.Errorf("capture files can be compressed with %s and %s, not %q", Compressions[0], Compressions[1], o.Compress)
	case o.Path == stdoutPath && (o.Rotates() || o.Compress != ""):
		return errors.New("standard output can be neither rotated nor compressed")
	case o.MaxFiles > 0 && !o.Rotates():
		return errors.New("a number of capture files needs a limit that ends each of them: a size, a time or a count of packets")
	case NamedPacked(o.Path):
		return fmt.Errorf("%s: a capture file is compressed when it is closed: name it .pcap or .pcapng", o.Path)
	}
	return nil
}

const (
	stdoutPath = "-"
	chunkSize  = 1 << 18 // bytes
	maxChunks  = 64      // 16 MiB wait for the disk at most
	headroom   = 1 << 10 // for what comes with the bytes of a packet
)

// Writer writes the packets of a capture beside it. It never waits for the disk: what does not fit
// into its buffers is left out of the file, and counted. It is for one goroutine, but for Counts.
//
// A name that leaves the format open means pcapng, as the interfaces may become known while the capture goes on.
type Writer struct {
	opts  Options
	known []input.Interface
	disk  *disk
	made  int    // chunks
	chunk *chunk // being filled, if any
	dead  bool   // nothing can be written any more

	refused bool // a packet that the format cannot hold was reported

	// The file that is being filled.
	encoder *encoder // nil: the next packet begins one
	begun   int64    // time of its first packet
	size    int64
	packets uint64
	lost    []uint64 // by Packet.Iface: left out since the last packet, in whatever file
}

// chunk is whole packets on their way to the disk.
type chunk struct {
	buf     []byte
	packets uint64
	begin   bool  // a new file
	time    int64 // of its first packet
	end     bool  // the file ends here
}

// Open begins to write. A file that is not rotated is created at once.
func Open(o Options) (*Writer, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	d, err := newDisk(o)
	if err != nil {
		return nil, err
	}
	return &Writer{opts: o, disk: d}, nil
}

// Know tells of the interfaces of packets to come. The list only ever grows.
func (w *Writer) Know(interfaces []input.Interface) {
	w.known = interfaces
	if w.encoder != nil {
		w.encoder.known = interfaces
	}
}

// Packet takes a packet, which is then copied. An error tells of any earlier one, and is not told
// again: packets that cannot be written are left out and counted.
func (w *Writer) Packet(p *packet.Packet, data []byte, frame uint64) error {
	if w.dead {
		w.disk.leftOut.Add(1)
		return nil
	}
	if w.full(p.Time) {
		w.endFile()
	}
	if !w.room(len(data) + headroom) {
		w.leaveOut(p.Iface)
		return w.report()
	}
	e, c := w.encoder, w.chunk
	if e == nil {
		e = w.opts.encoder(w.known)
	}
	buf, err := e.append(c.buf, p, data, frame, w.lostOf(p.Iface))
	grown := int64(len(buf) - len(c.buf))
	switch {
	case err != nil:
		return w.refuse(p, err)
	case w.opts.RotateSize > 0 && w.packets > 0 && w.size+grown > w.opts.RotateSize:
		w.endFile()
		return w.Packet(p, data, frame)
	case w.encoder == nil:
		w.encoder, w.begun = e, p.Time
		c.begin, c.time = true, p.Time
	}
	c.buf = buf
	c.packets++
	w.packets++
	w.size += grown
	if int(p.Iface) < len(w.lost) {
		w.lost[p.Iface] = 0
	}
	return nil
}

// Flush ends a batch, at a moment of the capture: a file whose time is over is closed even when no packet comes,
// and if the disk is idle it gets what there is. It returns an error as Packet does.
func (w *Writer) Flush(now int64) error {
	if w.opts.RotateEvery > 0 && w.packets > 0 && w.over(now) {
		w.endFile()
	}
	if w.chunk != nil && len(w.chunk.buf) > 0 && len(w.disk.full) == 0 {
		w.send()
	}
	return w.report()
}

// Counts is what became of the packets so far; of those that wait for the disk nothing is known yet.
func (w *Writer) Counts() Counts { return w.disk.counts() }

// Close waits until all is written, and compressed unless ctx ends before: those files stay as they are.
func (w *Writer) Close(ctx context.Context) (Counts, error) {
	if w.chunk != nil && len(w.chunk.buf) > 0 {
		w.send()
	}
	close(w.disk.full)
	<-w.disk.done
	w.disk.finish(ctx, w.known)
	return w.disk.counts(), errors.Join(w.report(), w.report())
}

// ng reports whether the files are pcapng.
func (o *Options) ng() bool { return !endsIn(o.Path, pcapEnds) }

func (o *Options) encoder(known []input.Interface) *encoder {
	return &encoder{name: o.Path, known: known, ng: o.ng(), grows: true}
}

// full reports whether a packet of this time belongs to the next file.
func (w *Writer) full(t int64) bool {
	return w.packets > 0 && (w.opts.RotateCount > 0 && w.packets >= w.opts.RotateCount || w.opts.RotateEvery > 0 && w.over(t))
}

// over reports whether the file's time is over. A clock that was set back does not end it.
func (w *Writer) over(t int64) bool { return t > w.begun && t-w.begun >= int64(w.opts.RotateEvery) }

// endFile makes the next packet begin a file. Where there is no chunk to tell the disk, that packet's does.
func (w *Writer) endFile() {
	if w.room(0) {
		w.chunk.end = true
		w.send()
	}
	w.encoder, w.size, w.packets = nil, 0, 0
}

// send hands the chunk to the disk. The channel has room for all chunks.
func (w *Writer) send() {
	w.disk.full <- w.chunk
	w.chunk = nil
}

// room sees to a chunk that takes n more bytes, or is empty, and reports whether there is one.
func (w *Writer) room(n int) bool {
	if w.chunk != nil && len(w.chunk.buf) > 0 && len(w.chunk.buf)+n > chunkSize {
		w.send()
	}
	if w.chunk == nil {
		select {
		case w.chunk = <-w.disk.free:
		default:
			w.chunk = w.another()
		}
	}
	return w.chunk != nil
}

// another is a chunk where none is free, or nil.
func (w *Writer) another() *chunk {
	switch {
	case w.made < maxChunks:
		w.made++
		return &chunk{buf: make([]byte, 0, chunkSize)}
	case w.opts.Patient:
		return <-w.disk.free
	}
	return nil
}

// leaveOut counts a packet for which there is no room.
func (w *Writer) leaveOut(iface uint16) {
	w.disk.leftOut.Add(1)
	if int(iface) >= len(w.lost) {
		w.lost = append(w.lost, make([]uint64, int(iface)+1-len(w.lost))...)
	}
	w.lost[iface]++
}

func (w *Writer) lostOf(iface uint16) uint64 {
	if int(iface) < len(w.lost) {
		return w.lost[iface]
	}
	return 0
}

// refuse leaves out a packet that the format cannot hold. The first such error is told.
func (w *Writer) refuse(p *packet.Packet, err error) error {
	w.leaveOut(p.Iface)
	if w.refused {
		return nil
	}
	w.refused = true
	return fmt.Errorf("%w; such packets are left out of the capture file", err)
}

// report is an error of the disk that was not told yet.
func (w *Writer) report() error {
	select {
	case r := <-w.disk.reports:
		w.dead = w.dead || r.fatal
		return r.err
	default:
		return nil
	}
}

// tally is Counts while they are counted.
type tally struct {
	files, deleted, packets, deletedPackets, bytes, leftOut, unpacked atomic.Uint64
}

func (t *tally) counts() Counts {
	return Counts{
		Files: t.files.Load(), Deleted: t.deleted.Load(), Packets: t.packets.Load(), DeletedPackets: t.deletedPackets.Load(),
		Bytes: t.bytes.Load(), LeftOut: t.leftOut.Load(), Unpacked: t.unpacked.Load(),
	}
}
