package dump

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Compressions are the ways to compress a file.
var Compressions = []string{"gzip", "zstd"}

var packedEnd = map[string]string{"gzip": ".gz", "zstd": ".zst"}

// compressor is what gzip and zstd have in common.
type compressor interface {
	io.WriteCloser
	Reset(io.Writer)
}

// newCompressor prefers little work to small files: it runs beside a capture. zstd's starts no goroutines.
func newCompressor(kind string) (compressor, error) {
	if kind == "gzip" {
		return gzip.NewWriterLevel(nil, gzip.BestSpeed)
	}
	return zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
}

const (
	packWaiting = 64      // files that may wait; more stay as they are
	packStep    = 1 << 18 // bytes between rests
)

// packer compresses files one after the other. It rests as long as it works, so that it takes half a processor
// at most. (A low priority would do harm: collecting garbage may have to wait for a thread that has one.)
type packer struct {
	tally   *tally
	reports chan<- report
	end     string
	jobs    chan string
	hurry   chan struct{} // closed: no rests any more
	stop    chan struct{} // closed: no file any more
	done    chan struct{}
	told    bool // an error was reported

	mu     sync.Mutex
	busy   string // the file that is being compressed
	doomed bool   // it is to be removed
}

func newPacker(kind string, t *tally, reports chan<- report) *packer {
	k := &packer{
		tally: t, reports: reports, end: packedEnd[kind],
		jobs:  make(chan string, packWaiting),
		hurry: make(chan struct{}), stop: make(chan struct{}), done: make(chan struct{}),
	}
	go func() {
		defer close(k.done)
		to, err := newCompressor(kind)
		buf := make([]byte, packStep)
		for path := range k.jobs {
			if err == nil {
				k.pack(path, to, buf)
			} else {
				k.failed(path, err)
			}
		}
	}()
	return k
}

// add has a file compressed, unless too many wait.
func (k *packer) add(path string) {
	select {
	case k.jobs <- path:
	default:
		k.tally.unpacked.Add(1)
	}
}

// remove deletes a file, whether it is compressed or not, or just being so.
func (k *packer) remove(path string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.busy == path {
		k.doomed = true
	}
	err := os.Remove(path)
	if packed := os.Remove(path + k.end); packed == nil {
		return nil
	}
	return err
}

// finish waits until all are compressed, or ctx ends.
func (k *packer) finish(ctx context.Context) {
	close(k.jobs)
	close(k.hurry)
	select {
	case <-k.done:
	case <-ctx.Done():
		close(k.stop)
		<-k.done
	}
}

var (
	errStopped = errors.New("interrupted")
	errDoomed  = errors.New("the file is to be removed")
)

// pack compresses a file. The plain one goes only when the disk has the other.
func (k *packer) pack(path string, to compressor, buf []byte) {
	k.mu.Lock()
	k.busy, k.doomed = path, false
	k.mu.Unlock()
	part := path + k.end + ".part"
	err := k.copy(path, part, to, buf)

	k.mu.Lock()
	defer k.mu.Unlock()
	k.busy = ""
	if err == nil && !k.doomed {
		err = os.Rename(part, path+k.end)
	}
	switch {
	case k.doomed, errors.Is(err, fs.ErrNotExist): // it was removed, perhaps while it waited
		os.Remove(part)
	case err != nil:
		os.Remove(part)
		k.failed(path, err)
	default:
		os.Remove(path)
	}
}

// failed counts a file that stays as it is, and tells the first reason.
func (k *packer) failed(path string, err error) {
	k.tally.unpacked.Add(1)
	if k.told || err == errStopped {
		return
	}
	k.told = true
	k.reports <- report{fmt.Errorf("compressing %s: %w; it stays as it is", path, err), false}
}

// copy compresses one file into another.
func (k *packer) copy(path, part string, to compressor, buf []byte) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	os.Remove(part) // of a run that was killed
	out, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, info.Mode().Perm())
	if err != nil {
		return err
	}
	defer out.Close()
	to.Reset(out)
	for worked := time.Duration(0); ; {
		if err := k.rest(worked); err != nil {
			return err
		}
		start := time.Now()
		n, err := in.Read(buf)
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return err
		}
		worked = time.Since(start)
	}
	return errors.Join(to.Close(), out.Sync(), out.Close())
}

// rest waits, and says why not to go on.
func (k *packer) rest(d time.Duration) error {
	select {
	case <-k.stop:
	case <-k.hurry:
	case <-time.After(d):
	}
	select {
	case <-k.stop:
		return errStopped
	default:
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.doomed {
		return errDoomed
	}
	return nil
}
