package interrupt

import (
	"context"
	"io"
	"os"
)

// Open is open(name), but it does not wait any more for the writer of a FIFO when ctx is done. It returns the cause then.
func Open(ctx context.Context, name string, open func(string) (*os.File, error)) (*os.File, error) {
	if info, err := os.Stat(name); ctx.Done() == nil || err != nil || info.Mode().IsRegular() {
		return open(name)
	}
	var f *os.File
	opened := make(chan error, 1)
	go func() {
		file, err := open(name)
		f = file
		opened <- err
	}()
	select {
	case err := <-opened:
		return f, err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// readSize is how much is read at once.
const readSize = 256 << 10

// Reader reads from what may keep silent. It is for one goroutine.
type Reader struct {
	ctx    context.Context
	src    io.Reader
	buffer []byte
	left   []byte // of buffer: read, and not taken yet
	err    error
	ask    chan []byte // nil: nothing was read yet
	got    chan result
}

// result is that of a call to Read or Write.
type result struct {
	n   int
	err error
}

// NewReader returns a Reader of src, whose Read returns the cause of ctx once that is done.
func NewReader(ctx context.Context, src io.Reader) *Reader { return &Reader{ctx: ctx, src: src} }

// Read implements io.Reader.
func (r *Reader) Read(p []byte) (int, error) {
	if len(r.left) == 0 && r.err == nil {
		r.wait()
	}
	if n := copy(p, r.left); n > 0 || len(p) == 0 {
		r.left = r.left[n:]
		return n, nil
	}
	return 0, r.err
}

// wait waits for what comes next.
func (r *Reader) wait() {
	if r.ask == nil {
		r.buffer, r.ask, r.got = make([]byte, readSize), make(chan []byte, 1), make(chan result, 1)
		go readFor(r.src, r.ask, r.got)
	}
	if r.err = context.Cause(r.ctx); r.err != nil {
		return
	}
	r.ask <- r.buffer
	select {
	case now := <-r.got:
		r.left, r.err = r.buffer[:now.n], now.err
	case <-r.ctx.Done():
		r.err = context.Cause(r.ctx)
	}
}

// Close lets the goroutine end. It does not close what is read from.
func (r *Reader) Close() {
	if r.ask != nil {
		close(r.ask)
		r.ask = nil
	}
	if r.err == nil {
		r.err = os.ErrClosed
	}
}

// Interrupted reports whether reading ended because the context did.
func (r *Reader) Interrupted() bool { return r.err != nil && r.err == context.Cause(r.ctx) }

func readFor(src io.Reader, ask <-chan []byte, got chan<- result) {
	for b := range ask {
		n, err := src.Read(b)
		got <- result{n, err}
	}
}
