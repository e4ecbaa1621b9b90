package main

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// saying is a part that says it is so long, and is empty.
func saying(size uint64) []byte {
	const magic, eightOctets, window = "\x28\xb5\x2f\xfd", 3 << 6, 0 // RFC 8878 3.1.1
	b := binary.LittleEndian.AppendUint64(append([]byte(magic), eightOctets, window), size)
	return append(b, 1, 0, 0) // the last block, which is raw
}

// TestLargePart: no room is made for a part that says it is larger than any can be, be it what was found or the sums.
func TestLargePart(t *testing.T) {
	j := job{By: by}
	total, err := newTotals(&j)
	if err != nil {
		t.Fatal(err)
	}
	good := total.part()
	for _, c := range []struct {
		part
		fits, good bool
	}{
		{good, true, true},
		{part{saying(1 << 20), good.Sums}, true, false}, // and it is not so long
		{part{good.Found, saying(1 << 20)}, true, false},
		{part{saying(maxPart + 1), good.Sums}, false, false},
		{part{good.Found, saying(maxPart + 1)}, false, false},
	} {
		_, err := j.merged(each([]part{c.part}))
		if (err == nil) != c.good || errors.Is(err, zstd.ErrDecoderSizeExceeded) == c.fits {
			t.Errorf("%x, %x: %v", c.Found, c.Sums, err)
		}
	}
}
