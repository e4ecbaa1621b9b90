package dump

import (
	"bytes"
	"io"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/input"
)

// converted is the packets of src as a capture in pcapng.
func converted(src input.Source) io.Reader {
	c := &converter{src: src}
	c.file = NewFile(&c.ready, "converted.pcapng", nil)
	return c
}

// converter makes a batch of packets at a time.
type converter struct {
	src     input.Source
	file    *File
	packets packet.Batch
	ready   bytes.Buffer
	number  uint64
	err     error
}

// Read implements io.Reader.
func (c *converter) Read(p []byte) (int, error) {
	for c.ready.Len() == 0 && c.err == nil {
		c.err = c.more()
	}
	if c.ready.Len() == 0 {
		return 0, c.err
	}
	return c.ready.Read(p)
}

// more makes the next batch. A capture without packets has at least a header.
func (c *converter) more() error {
	err := c.src.Next(&c.packets)
	c.file.encoder.known = c.src.Interfaces()
	switch {
	case err == io.EOF && c.number == 0:
		c.file.buf = c.file.encoder.appendEmpty(c.file.buf)
		_ = c.file.Flush() // to a buffer
		return io.EOF
	case err != nil:
		return err
	}
	for i := range c.packets.Packets {
		c.number++
		if err := c.file.Packet(&c.packets.Packets[i], c.packets.Data(i), c.number); err != nil {
			return err
		}
	}
	return c.file.Flush()
}

// OpenBlocks opens an input as the blocks of a capture in pcapng: its own (ng), or those that hold its packets.
func OpenBlocks(path string, opts input.Options) (in io.ReadCloser, ng bool, err error) {
	in, ng, err = input.OpenBytes(path, opts)
	if err != nil || ng {
		return in, ng, err
	}
	in.Close()
	if s, ok := opts.Stdin.(io.Seeker); ok && path == "-" {
		if _, err := s.Seek(0, io.SeekStart); err != nil {
			return nil, false, err
		}
	}
	src := input.Open([]string{path}, opts)
	return struct {
		io.Reader
		io.Closer
	}{converted(src), src}, false, nil
}
