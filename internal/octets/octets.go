// Package octets reads numbers and texts that were put one behind the other, by functions of encoding/binary and AppendText, and may have been damaged since.
//
// Not its job: what they mean, and to find out whether what was read is what was written: that is for a checksum.
package octets

import "encoding/binary"

// AppendText appends s such that Reader.Text reads it.
func AppendText[T string | []byte](b []byte, s T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// Reader reads octets. Once there are none where there should be some it is bad, and reads zeros.
type Reader struct {
	Left []byte // that are not read yet
	Bad  bool
}

// fail makes r bad.
func (r *Reader) fail() { r.Left, r.Bad = nil, true }

// Uvarint reads what binary.AppendUvarint appended.
func (r *Reader) Uvarint() uint64 {
	v, n := binary.Uvarint(r.Left)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.Left = r.Left[n:]
	return v
}

// Varint reads what binary.AppendVarint appended.
func (r *Reader) Varint() int64 {
	v := r.Uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

// Bytes reads n octets, which belong to what is read; nil if there are not as many.
func (r *Reader) Bytes(n uint64) []byte {
	if n > uint64(len(r.Left)) {
		r.fail()
		return nil
	}
	b := r.Left[:n]
	r.Left = r.Left[n:]
	return b
}

// Byte reads an octet.
func (r *Reader) Byte() byte {
	if b := r.Bytes(1); len(b) == 1 {
		return b[0]
	}
	return 0
}

// Text reads what AppendText appended.
func (r *Reader) Text() string { return string(r.Bytes(r.Uvarint())) }

// Count reads how many things follow that have so many octets or more each; if there is no room for them it is bad. What is made for them is bounded by that.
func (r *Reader) Count(least uint64) int {
	n := r.Uvarint()
	if n > uint64(len(r.Left))/least {
		r.fail()
		return 0
	}
	return int(n)
}

// Done reports whether all was read, and was there.
func (r *Reader) Done() bool { return !r.Bad && len(r.Left) == 0 }
