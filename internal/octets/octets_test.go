package octets

import (
	"encoding/binary"
	"math"
	"testing"
)

func written() []byte {
	b := binary.AppendUvarint(nil, math.MaxUint64)
	b = append(b, 7)
	b = binary.AppendVarint(b, math.MinInt64)
	b = AppendText(b, "a text")
	b = append(b, 1, 2, 3)
	return binary.AppendUvarint(b, 0)
}

func read(r *Reader) bool {
	number, one, low, text, some, none := r.Uvarint(), r.Byte(), r.Varint(), r.Text(), r.Bytes(3), r.Count(1)
	return number == math.MaxUint64 && one == 7 && low == math.MinInt64 && text == "a text" && len(some) == 3 && some[2] == 3 && none == 0
}

// What was written is read; when the end of it is missing that is told, wherever that begins, and nothing is read.
func TestReader(t *testing.T) {
	whole := written()
	if r := (Reader{Left: whole}); !read(&r) || !r.Done() {
		t.Errorf("%+v", r)
	}
	if r := (Reader{Left: append(written(), 0)}); !read(&r) || r.Done() {
		t.Errorf("one more: %+v", r)
	}
	for n := range whole {
		r := Reader{Left: whole[:n]}
		if read(&r) && n < len(whole)-1 {
			t.Errorf("the first %d are read as all", n)
		}
		if !r.Bad || r.Done() || r.Uvarint() != 0 || r.Text() != "" || r.Byte() != 0 {
			t.Errorf("the first %d: %+v", n, r)
		}
	}
}

// A number that is too long is none, and there are not more things than there is room for.
func TestReaderBounds(t *testing.T) {
	long := Reader{Left: []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02}}
	if long.Uvarint(); !long.Bad {
		t.Error("65 bits are read as a number")
	}
	for _, x := range []struct {
		left []byte
		want int
	}{{[]byte{2, 0, 0, 0, 0, 0, 0}, 2}, {[]byte{2, 0, 0, 0, 0, 0}, 0}} {
		if r := (Reader{Left: x.left}); r.Count(3) != x.want || r.Bad != (x.want == 0) {
			t.Errorf("%v: %+v, not %d", x.left, r, x.want)
		}
	}
}
