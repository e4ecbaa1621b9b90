package output

import "io"

// Writer writes behind the caller's back, so that rendering need not wait for the disk.
// It is for one goroutine.
type Writer struct {
	free, full chan []byte
	failed     chan error // holds the first error; closed when nothing is left to write
	err        error
}

const (
	writeBehind = 4       // buffers
	writeSize   = 1 << 18 // bytes in each
)

// NewWriter returns a Writer that writes to w. Close must be called.
func NewWriter(w io.Writer) *Writer {
	b := &Writer{
		free:   make(chan []byte, writeBehind),
		full:   make(chan []byte, writeBehind),
		failed: make(chan error, 1),
	}
	for range writeBehind {
		b.free <- make([]byte, 0, writeSize)
	}
	go func() {
		defer close(b.failed)
		ok := true
		for buf := range b.full {
			if ok {
				if _, err := w.Write(buf); err != nil {
					b.failed <- err
					ok = false
				}
			}
			b.free <- buf[:0]
		}
	}()
	return b
}

// Write takes p. An error may be of an earlier call.
func (b *Writer) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 && b.err == nil {
		select {
		case b.err = <-b.failed:
		case buf := <-b.free:
			k := min(len(p), writeSize)
			b.full <- append(buf, p[:k]...)
			p = p[k:]
		}
	}
	return n - len(p), b.err
}

// Close waits until all is written. It does not close what is written to.
func (b *Writer) Close() error {
	close(b.full)
	for err := range b.failed {
		b.err = err
	}
	return b.err
}
