// Package blocks copies captures of the pcapng format (draft-ietf-opsawg-pcapng) block by block. What is not changed on purpose is
// copied byte for byte, known or not, whatever the byte order of its section.
//
// Not its job: what packets hold, and what is said of them.
package blocks

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"math/bits"
)

// Types of blocks.
const (
	Section    = 0x0A0D0D0A // the same in both byte orders
	Interface  = 1
	Obsolete   = 2 // the packet block before Enhanced
	Simple     = 3
	Names      = 4
	Statistics = 5
	Enhanced   = 6
	Journal    = 9 // an entry of systemd's
	Custom     = 0x00000BAD
	CustomKept = 0x40000BAD // not to be copied into a capture that was changed
)

// OrderMagic is in a section header, in the byte order of the section.
const OrderMagic = 0x1A2B3C4D

// Order is a byte order in which blocks are read and written.
type Order interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

const (
	least = 12 // type, length, length again
	// most bounds blocks that are held in memory; one that is not looked into may be longer.
	most = 16 << 20
	// step is how much memory there is before the bytes for more have come.
	step = 64 << 10
)

// fixed is how many bytes stand before the options, or the packet, of blocks that are looked into.
var fixed = map[uint32]int{Section: 24, Interface: 16, Obsolete: 28, Simple: 12, Statistics: 20, Enhanced: 28}

// IsFrame reports whether a block of a type has a frame number in Wireshark 4.0 and later: those that hold a packet, and others that it lists
// among packets, whatever they hold.
func IsFrame(kind uint32) bool {
	switch kind {
	case Enhanced, Simple, Obsolete, Journal, Custom, CustomKept:
		return true
	case 0x204, 0x216, 0x221: // events of sysdig
		return true
	}
	return false
}

// Block is a block as it stands in the capture, with both lengths. It is valid until the next is read.
type Block struct {
	Type  uint32
	Order Order
	Bytes []byte
	rest  int64 // bytes that were not read: it is too long to be held
}

// IsPacket reports whether the block is one of the three kinds that hold a packet.
func (b *Block) IsPacket() bool { return b.Type == Enhanced || b.Type == Simple || b.Type == Obsolete }

// options is where the options begin, and their end is before the last length.
func (b *Block) options() int {
	at := fixed[b.Type]
	if b.Type == Enhanced || b.Type == Obsolete {
		at += padded(int(min(b.Order.Uint32(b.Bytes[20:]), most)))
	}
	return min(at, len(b.Bytes)-4)
}

// Reader reads blocks. It is for one goroutine.
type Reader struct {
	in    *bufio.Reader
	order Order
	block Block
}

// NewReader reads what a capture of the format holds from its first byte on.
func NewReader(r io.Reader) *Reader {
	return &Reader{in: bufio.NewReaderSize(r, 1<<16), order: binary.LittleEndian}
}

// ErrDamaged is that there is no block where one should begin. What reads the packets says more.
var ErrDamaged = errors.New("the blocks of the capture are damaged")

// Next is the next block. The error is io.EOF behind the last, io.ErrUnexpectedEOF within one, ErrDamaged, or that of the input.
func (r *Reader) Next() (*Block, error) {
	if err := r.skip(); err != nil {
		return nil, err
	}
	head, err := r.in.Peek(least)
	if err != nil && len(head) == 0 {
		return nil, err
	} else if err == io.EOF {
		return nil, io.ErrUnexpectedEOF
	} else if err != nil {
		return nil, err
	}
	order := r.order
	if binary.LittleEndian.Uint32(head) == Section {
		switch binary.LittleEndian.Uint32(head[8:]) {
		case OrderMagic:
			order = binary.LittleEndian
		case bits.ReverseBytes32(OrderMagic):
			order = binary.BigEndian
		default:
			return nil, ErrDamaged
		}
	}
	kind, size := order.Uint32(head), order.Uint32(head[4:])
	start, inside := fixed[kind]
	if size&3 != 0 || size < least || inside && (int64(size) < int64(start)+4 || size > most) {
		return nil, ErrDamaged
	}
	r.order = order
	r.block = Block{Type: kind, Order: order, Bytes: r.block.Bytes}
	if !inside && size > most {
		r.block.Bytes, r.block.rest = r.block.Bytes[:0], int64(size)
		return &r.block, nil
	}
	if err := r.fill(int(size)); err != nil {
		return nil, err
	}
	if order.Uint32(r.block.Bytes[size-4:]) != size || kind == Section && order.Uint16(r.block.Bytes[12:]) != 1 {
		return nil, ErrDamaged
	}
	return &r.block, nil
}

// fill reads size bytes. Memory grows as they come, not as a length claims.
func (r *Reader) fill(size int) error {
	b := r.block.Bytes[:0]
	for len(b) < size {
		n := min(size-len(b), step)
		b = append(b, make([]byte, n)...)
		if _, err := io.ReadFull(r.in, b[len(b)-n:]); err == io.EOF {
			return io.ErrUnexpectedEOF
		} else if err != nil {
			return err
		}
	}
	r.block.Bytes = b
	return nil
}

// skip goes behind a block that was not held and not copied.
func (r *Reader) skip() error {
	rest := r.block.rest
	r.block.rest = 0
	if n, err := io.CopyN(io.Discard, r.in, rest); n < rest {
		return unexpected(err)
	}
	return nil
}

// WriteTo writes the block that was read last as it was.
func (r *Reader) WriteTo(w io.Writer) (int64, error) {
	if rest := r.block.rest; rest > 0 {
		r.block.rest = 0
		n, err := io.CopyN(w, r.in, rest)
		return n, unexpected(err)
	}
	n, err := w.Write(r.block.Bytes)
	return int64(n), err
}

func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Begin begins a block; End puts its length where it belongs.
func Begin(b []byte, order Order, kind uint32) (_ []byte, at int) {
	at = len(b)
	b = order.AppendUint32(b, kind)
	return order.AppendUint32(b, 0), at
}

// End ends the block that begins at b[at].
func End(b []byte, order Order, at int) []byte {
	size := uint32(len(b) - at + 4)
	order.PutUint32(b[at+4:], size)
	return order.AppendUint32(b, size)
}

// AppendOption appends an option, unless it is empty. What is longer than an option can be is cut.
func AppendOption(b []byte, order Order, code uint16, value string) []byte {
	if value == "" {
		return b
	}
	value = value[:min(len(value), math.MaxUint16)]
	b = order.AppendUint16(b, code)
	b = order.AppendUint16(b, uint16(len(value)))
	return Pad(append(b, value...), len(value))
}

// Pad appends what makes n bytes a multiple of four.
func Pad(b []byte, n int) []byte { return append(b, "\x00\x00\x00"[:-n&3]...) }

func padded(n int) int { return (n + 3) &^ 3 }
