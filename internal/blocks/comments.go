package blocks

import (
	"io"
	"strings"

	"tcptrace/internal/console"
)

// Bounds of what is shown of the comments of a packet.
const (
	mostComments = 16
	mostComment  = 4096 // bytes of one
)

// Comments has the comments beside the packets of a capture. It is for one goroutine.
type Comments struct {
	open   func() (io.ReadCloser, error)
	file   io.ReadCloser
	in     *Reader
	number uint64 // of the frame that was read last
	err    error
}

// NewComments reads what open opens, again wherever a packet is asked for that is before the last one.
func NewComments(open func() (io.ReadCloser, error)) *Comments { return &Comments{open: open} }

// Of is the comments of a packet with a frame number, from 1, as text that can be shown anywhere: what no terminal should obey is escaped, and what is
// too long ends with "...". Where the capture cannot be read there are none.
func (c *Comments) Of(number uint64) []string {
	if c.in == nil || number < c.number {
		c.Close()
		if c.file, c.err = c.open(); c.err != nil {
			return nil
		}
		c.in, c.number = NewReader(c.file), 0
	}
	for c.err == nil && c.number < number {
		var b *Block
		if b, c.err = c.in.Next(); c.err == nil && IsFrame(b.Type) {
			c.number++
		}
	}
	if c.err != nil || c.number != number {
		return nil
	}
	return c.in.block.texts()
}

// Close ends the reading.
func (c *Comments) Close() {
	if c.file != nil {
		c.file.Close()
	}
	c.file, c.in = nil, nil
}

// oneLine makes one line of several.
var oneLine = strings.NewReplacer("\r\n", " ", "\n", " ", "\t", " ")

// texts is the comments of a packet.
func (b *Block) texts() (list []string) {
	if b.Type != Enhanced && b.Type != Obsolete {
		return nil
	}
	for opts := b.Bytes[b.options() : len(b.Bytes)-4]; len(opts) >= 4 && len(list) < mostComments; {
		code, size := b.Order.Uint16(opts), int(b.Order.Uint16(opts[2:]))
		if code == 0 || padded(size) > len(opts)-4 {
			break
		}
		if code == optionComment {
			list = append(list, console.Cut(oneLine.Replace(string(opts[4:4+size])), mostComment))
		}
		opts = opts[4+padded(size):]
	}
	return list
}
