package blocks

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"tcptrace/internal/wire"
)

// TestNeutral: with Frame nothing is left that names somebody.
func TestNeutral(t *testing.T) {
	in := capture(binary.BigEndian, binary.LittleEndian)
	var out bytes.Buffer
	c := NewCopy(bytes.NewReader(in), &out, Changes{Frame: func(link wire.LinkType, data []byte, wireLen uint32) int {
		clear(data)
		if link == 113 && wireLen == 4 {
			data[0] = '!'
		}
		return min(len(data), 4)
	}})
	if err := errors.Join(c.To(1, []string{"ours"}), c.To(2, []string{"ours, too"}), c.Finish(8)); err != nil {
		t.Fatal(err)
	}
	got := parse(t, out.Bytes())
	var kinds []uint32
	for i := range got {
		kinds = append(kinds, got[i].Type)
	}
	one := []uint32{Section, Interface, Interface, Enhanced, Enhanced, Simple, Obsolete, Statistics}
	if want := slices.Concat(one, one); !slices.Equal(kinds, want) || c.Dropped != 10 {
		t.Fatalf("blocks of types %d, want %d; %d dropped", kinds, want, c.Dropped)
	}
	for _, word := range []string{"comment of", "eth0", "first", "secret", "packe", "theirs", "data", "simp", "obso", "custom"} {
		if bytes.Contains(out.Bytes(), []byte(word)) {
			t.Errorf("%q is still there", word)
		}
	}
	first, second := &got[3], &got[4]
	if texts := first.comments(t, 1); texts[0] != "ours" || first.Order.Uint32(first.Bytes[20:]) != 4 || len(first.Bytes) != 36 {
		t.Errorf("%q % x", texts, first.Bytes)
	}
	if texts := second.comments(t, 1); texts[0] != "ours, too" || !bytes.Contains(second.Bytes, []byte("!\x00\x00\x00\x00\x02\x00\x04\x01\x00\x00\x00\x00\x00\x00\x00")) {
		t.Errorf("%q % x", texts, second.Bytes)
	}
}

// TestNeutralOptions: an option that names nobody stays, if it is as long as it has to be.
func TestNeutralOptions(t *testing.T) {
	for kind, codes := range neutral {
		for code, length := range codes {
			for _, n := range []int{length, length - 1, length + 1, 0} {
				w := builder{order: binary.LittleEndian}
				body := w.option(make([]byte, fixed[kind]-8), code, strings.Repeat("x", n))
				w.block(kind, w.option(body, 999, "secret"))
				block, err := NewReader(bytes.NewReader(w.b)).Next()
				if err != nil {
					t.Fatal(err)
				}
				out := appendNeutral(nil, block)
				if stays := bytes.Contains(out, []byte("x")); stays != (n == length) || bytes.Contains(out, []byte("secret")) {
					t.Errorf("block %d, option %d of %d bytes: % x", kind, code, n, out)
				}
			}
		}
	}
}
