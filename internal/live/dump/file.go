package dump

import (
	"io"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/input"
)

// fileBuffer is how many bytes are written at once.
const fileBuffer = 1 << 16

// File writes one capture file. It is for one goroutine.
type File struct {
	encoder *encoder
	out     io.Writer
	buf     []byte
}

// NewFile writes to out, which is called name. known are all interfaces of the input.
func NewFile(out io.Writer, name string, known []input.Interface) *File {
	return &File{encoder: newEncoder(name, known), out: out, buf: make([]byte, 0, fileBuffer)}
}

// WritesPcapng reports whether NewFile would write pcapng.
func WritesPcapng(name string, known []input.Interface) bool { return newEncoder(name, known).ng }

// Packet writes a packet. frame is its number, for errors.
func (f *File) Packet(p *packet.Packet, data []byte, frame uint64) (err error) {
	f.buf, err = f.encoder.append(f.buf, p, data, frame, 0)
	if err != nil || len(f.buf) < fileBuffer {
		return err
	}
	return f.Flush()
}

// Flush writes what is buffered.
func (f *File) Flush() error {
	_, err := f.out.Write(f.buf)
	f.buf = f.buf[:0]
	return err
}
