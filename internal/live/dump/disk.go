package dump

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tcptrace/internal/input"
)

// disk is the goroutine that writes, and the files it has.
type disk struct {
	tally
	opts       Options
	free, full chan *chunk // each has room for all
	done       chan struct{}
	reports    chan report // has room for all: one of each kind
	packer     *packer     // nil: nothing is compressed
	failed     bool

	out    io.Writer  // nil: no file is open
	file   OutputFile // what out is, unless it is standard output
	path   string
	size   int64      // of out
	number int        // of files that were begun
	newest int64      // time in the last name
	kept   []keptFile // those that are there, oldest first, if there may be so many only
}

// keptFile is a file of a series.
type keptFile struct {
	path    string
	packets uint64
}

// report is an error on its way to the caller.
type report struct {
	err   error
	fatal bool // nothing more is written
}

func newDisk(o Options) (*disk, error) {
	d := &disk{
		opts:    o,
		free:    make(chan *chunk, maxChunks),
		full:    make(chan *chunk, maxChunks),
		done:    make(chan struct{}),
		reports: make(chan report, 2),
		path:    o.Path,
	}
	switch {
	case o.Path == stdoutPath:
		d.out, d.path = o.Stdout, "standard output"
		d.files.Add(1)
	case !o.Rotates():
		file := o.File
		if file == nil {
			var err error
			if file, err = os.Create(o.Path); err != nil {
				return nil, err
			}
		}
		d.out, d.file = file, file
		d.files.Add(1)
	default:
		// The first file is named after its first packet. What can be known of it now is said now.
		if _, err := os.Stat(filepath.Dir(o.Path)); err != nil {
			return nil, err
		}
	}
	if o.Compress != "" {
		d.packer = newPacker(o.Compress, &d.tally, d.reports)
	}
	go func() {
		defer close(d.done)
		for c := range d.full {
			d.take(c)
			*c = chunk{buf: c.buf[:0]}
			d.free <- c
		}
	}()
	return d, nil
}

func (d *disk) take(c *chunk) {
	if c.begin && !d.failed {
		d.fail(d.begin(c.time))
	}
	if d.failed {
		d.leftOut.Add(c.packets)
		return
	}
	n, err := d.out.Write(c.buf)
	if err != nil {
		d.cut(c, n)
		d.fail(err)
		return
	}
	d.wrote(n, c.packets)
	if c.end {
		d.fail(d.end())
	}
}

func (d *disk) wrote(n int, packets uint64) {
	d.size += int64(n)
	d.bytes.Add(uint64(n))
	d.packets.Add(packets)
	if n := len(d.kept); n > 0 {
		d.kept[n-1].packets += packets
	}
}

// cut ends the file after the last packet that is whole. A pipe keeps the part that it has.
func (d *disk) cut(c *chunk, written int) {
	end, packets := whole(c.buf, written, d.opts.ng(), c.begin)
	d.wrote(end, packets)
	d.leftOut.Add(c.packets - packets)
	if d.file != nil {
		d.file.Truncate(d.size) // fails for a device, which keeps what it wants anyway
	}
}

// fail gives up writing, if there is an error.
func (d *disk) fail(err error) {
	if err == nil || d.failed {
		return
	}
	d.failed = true
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		err = path.Err
	}
	var unkept interface{ Unkept() }
	path, n := d.path, d.packets.Load()
	became := fmt.Sprintf("%d packets were written, later ones are left out", n)
	if errors.As(d.end(), &unkept) { // the only file, which would have taken the place of another one
		became = "what was written is not kept"
		d.packets.Store(0)
		d.bytes.Store(0)
		d.files.Store(0)
		d.leftOut.Add(n)
	}
	d.reports <- report{fmt.Errorf("writing %s: %w; %s", path, err, became), true}
}

// begin opens the file of a packet of this time.
func (d *disk) begin(t int64) error {
	if !d.opts.Rotates() {
		return nil
	}
	if err := d.end(); err != nil {
		return err
	}
	if d.opts.MaxFiles > 0 {
		for len(d.kept) >= d.opts.MaxFiles {
			d.remove(d.kept[0])
			d.kept = d.kept[1:]
		}
	}
	d.newest = max(d.newest, t)
	for {
		d.number++
		d.path = fileName(d.opts.Path, d.newest, d.number)
		if packedExists(d.path) {
			continue
		}
		file, err := os.OpenFile(d.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return err
		}
		d.out, d.file, d.size = file, file, 0
		break
	}
	d.files.Add(1)
	if d.opts.MaxFiles > 0 {
		d.kept = append(d.kept, keptFile{path: d.path})
	}
	return nil
}

// fileName names a file of a series, so that the order of names is the order of writing: t is the time of
// its first packet or, where the clock was set back, of an earlier file's.
func fileName(path string, t int64, number int) string {
	end := filepath.Ext(path)
	return fmt.Sprintf("%s_%s_%06d%s", strings.TrimSuffix(path, end), time.Unix(0, t).UTC().Format("20060102T150405Z"), number, end)
}

// packedExists reports whether a run before this one has left a file that this one's would be compressed to.
func packedExists(path string) bool {
	for _, end := range packedEnds {
		if _, err := os.Lstat(path + end); err == nil {
			return true
		}
	}
	return false
}

// end closes the file, if one is open.
func (d *disk) end() error {
	file := d.file
	d.out, d.file = nil, nil
	if file == nil {
		return nil
	}
	if err := file.Close(); err != nil {
		return err
	}
	if d.packer != nil {
		d.packer.add(d.path)
	}
	return nil
}

func (d *disk) remove(file keptFile) {
	var err error
	if d.packer != nil {
		err = d.packer.remove(file.path)
	} else {
		err = os.Remove(file.path)
	}
	if err == nil {
		d.deleted.Add(1)
		d.deletedPackets.Add(file.packets)
	}
}

// finish ends the last file when the goroutine has ended.
func (d *disk) finish(ctx context.Context, known []input.Interface) {
	if d.out != nil && d.size == 0 && !d.failed {
		n, err := d.out.Write(d.opts.encoder(known).appendEmpty(nil))
		d.bytes.Add(uint64(n))
		d.fail(err)
	}
	d.fail(d.end())
	if d.packer != nil {
		d.packer.finish(ctx)
	}
}
