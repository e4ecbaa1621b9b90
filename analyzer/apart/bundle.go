package apart

import (
	"encoding/binary"
	"slices"

	"github.com/klauspost/compress/zstd"

	"tcptrace/internal/octets"
	"tcptrace/internal/wire"
)

// A bundle is what was packed of several sockets in a file: a head with the text of each key and how long its columns are, then the columns, those of one
// kind of all sockets together. It is compressed, since most of these are small and alike, with a checksum: nothing else than what Pack gave may reach a
// tracker. A large one is compressed by columns, as each has its own statistics.

const (
	bundleSize = 4 << 20 // about how large a bundle is before it is compressed
	largeSize  = 4 << 10 // what is this large is compressed by columns
	zipWindow  = 1 << 20 // each encoder has twice as much memory for as long as the process lasts
	maxBundle  = 2 << 30 // bounds what a bundle unpacks to: one pair of sockets may have more than bundleSize
)

// bundle is one that is made. The zero value is empty.
type bundle struct {
	head    []byte
	columns Columns
	size    int
}

// add adds what is packed of some sockets.
func (b *bundle) add(key *wire.Key, c *Columns) {
	b.head = appendKey(b.head, key)
	b.size++
	for i := range c {
		b.head = binary.AppendUvarint(b.head, uint64(len(c[i])))
		b.columns[i] = append(b.columns[i], c[i]...)
		b.size += len(c[i])
	}
}

// zip compresses. It is safe for concurrent use.
var zip = func() *zstd.Encoder {
	zip, err := zstd.NewWriter(nil, zstd.WithEncoderCRC(true), zstd.WithWindowSize(zipWindow))
	if err != nil {
		panic(err) // the options are constants
	}
	return zip
}()

// close is the bundle as it is handed on, and empties it.
func (b *bundle) close() (zipped []byte) {
	pieces := [][]byte{octets.AppendText(nil, b.head)}
	for i := range b.columns {
		pieces = append(pieces, b.columns[i])
	}
	if b.size < largeSize {
		pieces = [][]byte{slices.Concat(pieces...)}
	}
	for _, piece := range pieces {
		if len(piece) > 0 {
			zipped = zip.EncodeAll(piece, zipped)
		}
	}
	*b = bundle{head: b.head[:0], columns: b.columns}
	for i := range b.columns {
		b.columns[i] = b.columns[i][:0]
	}
	return zipped
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

// Open is what is in a bundle.
func (u *Unbundler) Open(bundle []byte) (all []Packed, err error) {
	b, err := u.unzip.DecodeAll(bundle, nil)
	if err != nil {
		return nil, err
	}
	r := octets.Reader{Left: b}
	head := octets.Reader{Left: r.Bytes(r.Uvarint())}
	var sizes [][numColumns]uint64
	var sums [numColumns]uint64
	for len(head.Left) > 0 {
		key := head.Bytes(uint64(keySize(head.Left)))
		if len(key) == 0 {
			return nil, errPart
		}
		all = append(all, Packed{Key: string(key)})
		var of [numColumns]uint64
		for i := range of {
			of[i] = head.Uvarint()
			sums[i] += of[i]
		}
		sizes = append(sizes, of)
	}
	if head.Bad || len(all) == 0 {
		return nil, errPart
	}
	for i := range numColumns {
		c := octets.Reader{Left: r.Bytes(sums[i])}
		for k := range all {
			all[k].Data[i] = slices.Clip(c.Bytes(sizes[k][i]))
		}
		if !c.Done() {
			return nil, errPart
		}
	}
	if !r.Done() {
		return nil, errPart
	}
	return all, nil
}
