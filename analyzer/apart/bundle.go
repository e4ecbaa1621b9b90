package apart

import (
	"slices"

	"github.com/klauspost/compress/zstd"

	"tcptrace/internal/octets"
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
	r := octets.Reader{Left: b}
	for len(r.Left) > 0 {
		key := r.Bytes(uint64(keySize(r.Left)))
		data := r.Bytes(r.Uvarint())
		if len(key) == 0 || r.Bad {
			return nil, errPart
		}
		all = append(all, Packed{string(key), slices.Clip(data)})
	}
	return all, nil
}
