package output

import (
	"bytes"
	"io"
)

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
	o.write(o.B)
	o.B = o.B[:0]
	return o.Err
}

// FlushLines writes a buffer of lines, in pieces of whole lines that are no larger than what is written of others.
func (o *Buffer) FlushLines() error {
	rest := o.B
	for len(rest) > SpillAt {
		last := bytes.LastIndexByte(rest[:SpillAt], '\n')
		if last < 0 { // a line that is longer
			if last = bytes.IndexByte(rest, '\n'); last < 0 {
				break
			}
		}
		o.write(rest[:last+1])
		rest = rest[last+1:]
	}
	o.write(rest)
	o.B = o.B[:0]
	return o.Err
}

func (o *Buffer) write(b []byte) {
	if o.Err != nil || len(b) == 0 {
		return
	}
	n, err := o.w.Write(b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	o.Err = err
}

// Write appends p, for renderers that want an io.Writer.
func (o *Buffer) Write(p []byte) (int, error) {
	if o.Err != nil {
		return 0, o.Err
	}
	o.B = append(o.B, p...)
	return len(p), o.Spill()
}
