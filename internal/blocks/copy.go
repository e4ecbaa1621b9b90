package blocks

import (
	"errors"
	"io"
	"math"
	"net/netip"

	"tcptrace/internal/wire"
)

// Host is a name of an address.
type Host struct {
	Addr netip.Addr
	Name string // without a zero byte
}

// Changes say what becomes of a capture on its way. The zero value copies all as it is.
type Changes struct {
	Comments []string // of the header of the first section
	Hosts    []Host   // for a block of names in the first section
	Only     bool     // packets for which To is not called are left out
	Alone    bool     // packets are numbered as if there were no other frames
	// Frame changes the bytes of a packet in place and returns how many of them remain; nil: they stay as they are. What may name
	// somebody beside packets is then left out: comments, names, secrets, descriptions of interfaces, and blocks that are not known.
	Frame func(link wire.LinkType, data []byte, wireLen uint32) int
}

// Copy is a capture on its way to another file. It is for one goroutine.
type Copy struct {
	in  *Reader
	out io.Writer
	Changes

	Packets uint64 // that were read
	Frames  uint64 // likewise, with the blocks that are frames without a packet
	Mute    uint64 // packets with comments, in blocks that can hold none
	Dropped uint64 // blocks that were left out for Frame

	links   []wire.LinkType // of the section's interfaces
	begun   bool            // the header of the first section was written
	named   bool            // and Hosts
	pending bool            // the block that was read last is a packet that is not written yet
	err     error           // once the input is over, why
	buf     []byte
	changed []byte
}

// NewCopy copies a capture in pcapng from r to w.
func NewCopy(r io.Reader, w io.Writer, changes Changes) *Copy {
	return &Copy{in: NewReader(r), out: w, Changes: changes}
}

// ErrShort is that a capture has fewer packets than it had.
var ErrShort = errors.New("the input changed while it was read: it has fewer packets than before")

// To copies all before the packet with that frame number, from 1, and that packet, with these comments beside its own. Numbers must
// grow from call to call.
func (c *Copy) To(number uint64, comments []string) error {
	for c.Frames < number {
		if err := c.next(c.Only); err != nil {
			return err
		}
		if c.err != nil {
			return ErrShort
		}
	}
	if !c.pending || c.Frames > number {
		return nil // it was written
	}
	c.pending = false
	b := &c.in.block
	if len(comments) > 0 && b.Type == Simple {
		c.Mute++
		comments = nil
	}
	return c.writePacket(b, comments)
}

// Finish copies what follows, up to a packet beyond the first total ones.
func (c *Copy) Finish(total uint64) error {
	for c.err == nil && c.Packets <= total {
		if err := c.next(c.Only); err != nil {
			return err
		}
	}
	if c.err != nil || c.Packets > total {
		return c.writeHosts()
	}
	return nil
}

// next writes the packet that is pending, unless it is left out, and copies what follows up to the next.
func (c *Copy) next(without bool) error {
	if c.pending && !without {
		if err := c.writePacket(&c.in.block, nil); err != nil {
			return err
		}
	}
	c.pending = false
	for {
		b, err := c.in.Next()
		if err != nil {
			c.err = err
			return nil
		}
		if b.IsPacket() || IsFrame(b.Type) && !c.Alone {
			c.Frames++
		}
		if b.IsPacket() {
			c.Packets++
			c.pending = true
			return c.writeHosts()
		}
		if err := c.writeOther(b); err != nil {
			return err
		}
	}
}

// writeOther writes a block without a packet.
func (c *Copy) writeOther(b *Block) error {
	switch b.Type {
	case Section:
		if err := c.writeHosts(); err != nil { // the first section has no packets
			return err
		}
		c.links = c.links[:0]
		var comments []string
		if !c.begun {
			comments = c.Comments
		}
		c.begun = true
		return c.write(c.withOptions(b, comments))
	case Interface:
		c.links = append(c.links, wire.LinkType(b.Order.Uint16(b.Bytes[8:])))
		return c.write(c.withOptions(b, nil))
	case Statistics:
		return c.write(c.withOptions(b, nil))
	}
	if err := c.writeHosts(); err != nil {
		return err
	}
	if c.Frame != nil {
		c.Dropped++
		return nil
	}
	_, err := c.in.WriteTo(c.out)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		c.err, err = err, nil // the input ends within a long block
	}
	return err
}

func (c *Copy) write(b []byte) error {
	_, err := c.out.Write(b)
	return err
}

// optionComment is the same for all blocks.
const optionComment = 1

// withOptions is a block with comments before its options, and without those that Frame leaves out.
func (c *Copy) withOptions(b *Block, comments []string) []byte {
	if len(comments) == 0 && c.Frame == nil && b.Type != Section {
		return b.Bytes
	}
	at, end := b.options(), len(b.Bytes)-4
	out := append(c.buf[:0], b.Bytes[:at]...)
	for _, text := range comments {
		out = AppendOption(out, b.Order, optionComment, text)
	}
	if c.Frame != nil {
		out = appendNeutral(out, b)
	} else {
		out = append(out, b.Bytes[at:end]...)
	}
	if at == end && len(out) > at {
		out = b.Order.AppendUint32(out, 0)
	}
	if b.Type == Section {
		b.Order.PutUint64(out[16:], math.MaxUint64) // its length is not known until it ends
	}
	c.buf = End(out, b.Order, 0)
	return c.buf
}

// writePacket writes a packet, changed if need be.
func (c *Copy) writePacket(b *Block, comments []string) error {
	if c.Frame != nil {
		return c.writeChanged(b, comments)
	}
	return c.write(c.withOptions(b, comments))
}
