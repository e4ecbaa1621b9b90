package apart

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"slices"

	"github.com/klauspost/compress/zstd"

	"tcptrace/internal/octets"
	"tcptrace/internal/wire"
)

// A bundle is what was packed of several sockets in a file: a head with the text of each key and how long its columns are, then the columns, those of one
// kind of all sockets together. It is compressed, since most of these are small and alike, with a checksum: nothing else than what Pack gave may reach a
// tracker. A large one is compressed by columns, as each has its own statistics. What stays on a disk at hand is not compressed, and has a checksum all the same.

const (
	bundleSize = 4 << 20 // about how large a bundle is before it is compressed
	largeSize  = 4 << 10 // what is this large is compressed by columns
	zipWindow  = 1 << 20 // each encoder has twice as much memory for as long as the process lasts
	maxBundle  = 2 << 30 // bounds what a bundle unpacks to: one pair of sockets may have more than bundleSize
	usualRatio = 4       // what a bundle unpacks to is about so many times as large
)

// bundle is one that is made. The zero value is empty.
type bundle struct {
	head    []byte
	columns Columns
	size    int
}

// bundlesFor is an empty bundle for each place where some of the parts go, with room for what the first one will have.
func bundlesFor(parts []sorted) map[int64]*bundle {
	bundles, sizes := map[int64]*bundle{}, map[int64]*[numColumns]int{}
	for _, x := range parts {
		n := sizes[x.to]
		if n == nil {
			n = &[numColumns]int{}
			sizes[x.to] = n
		}
		for i := range x.c {
			n[i] += len(x.c[i])
		}
	}
	for to, n := range sizes {
		b := &bundle{}
		for i := range b.columns {
			b.columns[i] = make([]byte, 0, min(n[i], bundleSize))
		}
		bundles[to] = b
	}
	return bundles
}

// add adds what is packed of some sockets: the interfaces first, then what is in columns.
func (b *bundle) add(key *wire.Key, interfaces []byte, c *Columns) {
	b.head = appendKey(b.head, key)
	b.columns[columnRest] = append(b.columns[columnRest], interfaces...)
	b.size += 1 + len(interfaces)
	for i := range c {
		n := len(c[i])
		if i == int(columnRest) {
			n += len(interfaces)
		}
		b.head = binary.AppendUvarint(b.head, uint64(n))
		b.columns[i] = append(b.columns[i], c[i]...)
		b.size += len(c[i])
	}
}

// Compress compresses what is handed on beside bundles as they are compressed, with a checksum. They share what does so: it keeps its memory for as
// long as the process lasts.
func Compress(b []byte) []byte { return zip.EncodeAll(b, nil) }

// zip is safe for concurrent use.
var zip = func() *zstd.Encoder {
	zip, err := zstd.NewWriter(nil, zstd.WithEncoderCRC(true), zstd.WithWindowSize(zipWindow))
	if err != nil {
		panic(err) // the options are constants
	}
	return zip
}()

// plain is what a bundle begins with that is not compressed: nothing that is does. A checksum follows.
const plain = 0

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// close is the bundle as it is handed on, and empties it. One that stays is not compressed.
func (b *bundle) close(stays bool) (closed []byte) {
	pieces := [][]byte{octets.AppendText(nil, b.head)}
	for i := range b.columns {
		pieces = append(pieces, b.columns[i])
	}
	switch {
	case stays:
		closed = slices.Concat(append([][]byte{make([]byte, plainHead)}, pieces...)...)
		binary.BigEndian.PutUint32(closed[1:], crc32.Checksum(closed[plainHead:], castagnoli))
		pieces = nil
	case b.size < largeSize:
		pieces = [][]byte{slices.Concat(pieces...)}
	}
	for _, piece := range pieces {
		if len(piece) > 0 {
			closed = zip.EncodeAll(piece, closed)
		}
	}
	*b = bundle{head: b.head[:0], columns: b.columns}
	for i := range b.columns {
		b.columns[i] = b.columns[i][:0]
	}
	return closed
}

// plainHead is how long what stands before such a bundle is.
const plainHead = 1 + crc32.Size

// open is what is in a closed bundle. It may belong to that.
func (u *Unbundler) open(bundle []byte) ([]byte, error) {
	if len(bundle) < plainHead || bundle[0] != plain {
		return u.unzip.DecodeAll(bundle, make([]byte, 0, usualRatio*len(bundle)))
	}
	if crc32.Checksum(bundle[plainHead:], castagnoli) != binary.BigEndian.Uint32(bundle[1:]) {
		return nil, errPart
	}
	return bundle[plainHead:], nil
}

// Packed is what was packed of two sockets in a file.
type Packed struct {
	Key  string // to group by
	Data Columns
}

// Unbundler opens bundles. It belongs to one goroutine.
type Unbundler struct{ unzip *zstd.Decoder }

// NewUnbundler returns an Unbundler.
func NewUnbundler() (*Unbundler, error) {
	unzip, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxBundle))
	return &Unbundler{unzip}, err
}

// Close frees what an Unbundler holds.
func (u *Unbundler) Close() { u.unzip.Close() }

// Opened is a bundle that is open: what was packed of two sockets after that of others, in the order of their keys.
type Opened struct {
	head    octets.Reader
	columns reader
}

// Open opens a bundle, which may be part of what is returned. What is in it is not looked at, but it is there.
func (u *Unbundler) Open(bundle []byte) (*Opened, error) {
	b, err := u.open(bundle)
	if err != nil {
		return nil, err
	}
	r := octets.Reader{Left: b}
	o := &Opened{head: octets.Reader{Left: r.Bytes(r.Uvarint())}}
	sums, ok := sumsOf(o.head)
	if !ok {
		return nil, errPart
	}
	for i, sum := range sums {
		o.columns[i].Left = r.Bytes(sum)
	}
	if !r.Done() {
		return nil, errPart
	}
	return o, nil
}

// sumsOf is how long the columns of all sockets together are, as a head says it. ok is false if that is damaged, says nothing, or has keys in another order.
func sumsOf(head octets.Reader) (sums [numColumns]uint64, ok bool) {
	for last := []byte(nil); len(head.Left) > 0; {
		key := head.Bytes(uint64(keySize(head.Left)))
		if bytes.Compare(key, last) <= 0 {
			return sums, false
		}
		last, ok = key, true
		for i := range sums {
			n := head.Uvarint()
			if sums[i] += n; n > maxBundle {
				return sums, false
			}
		}
	}
	return sums, ok && !head.Bad
}

// Next is what was packed of the next two sockets. ok is false if there are none.
func (o *Opened) Next() (p Packed, ok bool) {
	if len(o.head.Left) == 0 {
		return p, false
	}
	p.Key = string(o.head.Bytes(uint64(keySize(o.head.Left))))
	for i := range p.Data {
		p.Data[i] = slices.Clip(o.columns[i].Bytes(o.head.Uvarint()))
	}
	return p, true
}
