package output

import "io"

// SpillAt is where a buffer is written. 128 KiB makes system calls too rare to
// matter and stays in the second-level cache.
const SpillAt = 128 << 10

// Buffer collects output: encoders append to B and call Spill. The first error
// of the writer sticks, so that a report cut short never looks complete.
type Buffer struct {
	w   io.Writer
	B   []byte
	Err error
}

// NewBuffer returns an empty buffer in front of w.
func NewBuffer(w io.Writer) Buffer {
	return Buffer{w: w, B: make([]byte, 0, SpillAt+8<<10)}
}

// Spill writes the buffer when it is full enough.
func (o *Buffer) Spill() error {
	if len(o.B) < SpillAt {
		return o.Err
	}
	return o.Flush()
}

// Flush writes the buffer.
func (o *Buffer) Flush() error {
	if o.Err == nil && len(o.B) > 0 {
		n, err := o.w.Write(o.B)
		if err == nil && n < len(o.B) {
			err = io.ErrShortWrite
		}
		o.Err = err
	}
	o.B = o.B[:0]
	return o.Err
}

// Write appends p, for renderers that want an io.Writer.
func (o *Buffer) Write(p []byte) (int, error) {
	if o.Err != nil {
		return 0, o.Err
	}
	o.B = append(o.B, p...)
	return len(p), o.Spill()
}
