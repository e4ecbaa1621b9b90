package report

import "io"

// spillAt is where a buffer is written. 128 KiB makes system calls too rare to
// matter and stays in the second-level cache.
const spillAt = 128 << 10

// buffer collects output: encoders append to b and call spill. The first error
// of the writer sticks, so that a report cut short never looks complete.
type buffer struct {
	w   io.Writer
	b   []byte
	err error
}

func newBuffer(w io.Writer) buffer {
	return buffer{w: w, b: make([]byte, 0, spillAt+8<<10)}
}

// spill writes the buffer when it is full enough.
func (o *buffer) spill() error {
	if len(o.b) < spillAt {
		return o.err
	}
	return o.flush()
}

// flush writes the buffer.
func (o *buffer) flush() error {
	if o.err == nil && len(o.b) > 0 {
		n, err := o.w.Write(o.b)
		if err == nil && n < len(o.b) {
			err = io.ErrShortWrite
		}
		o.err = err
	}
	o.b = o.b[:0]
	return o.err
}

// Write appends p, for renderers that want an io.Writer.
func (o *buffer) Write(p []byte) (int, error) {
	if o.err != nil {
		return 0, o.err
	}
	o.b = append(o.b, p...)
	return len(p), o.spill()
}
