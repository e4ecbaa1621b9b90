package apart

import (
	"encoding/binary"

	"github.com/klauspost/compress/zstd"
)

// A bundle is what was packed of several sockets in a file: the text of each key, how much there is of its sockets, and that; compressed together, since most of them
// are small and alike, with a checksum: nothing else than what Pack gave may reach a tracker.

// bundleSize is about how large a bundle is before it is compressed.
const bundleSize = 4 << 20

// maxBundle bounds what a bundle unpacks to: one pair of sockets may have more than bundleSize.
const maxBundle = 2 << 30

// Packed is what was packed of two sockets in a file.
type Packed struct {
	Key  string // to group by
	Data []byte
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
	if len(b) == 0 {
		return nil, errPart
	}
	for len(b) > 0 {
		n := keySize(b)
		size, m := binary.Uvarint(b[n:])
		if n == 0 || m <= 0 || size > uint64(len(b)-n-m) {
			return nil, errPart
		}
		end := n + m + int(size)
		all = append(all, Packed{string(b[:n]), b[n+m : end : end]})
		b = b[end:]
	}
	return all, nil
}
