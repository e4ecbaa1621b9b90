package main

import (
	"slices"
	"testing"

	"tcptrace/analyzer/apart"
)

// TestPackIDs: IDs come out as they went in, and the bits that are zero in all of them are not handed on.
func TestPackIDs(t *testing.T) {
	const least, most = apart.ID(1 << apart.IDShift), ^apart.ID(0) >> apart.IDShift << apart.IDShift
	for _, c := range []struct {
		ids  []apart.ID
		size int
	}{
		{nil, 0},
		{[]apart.ID{0}, 1},
		{[]apart.ID{least, 2 * least, 129 * least}, 3}, // 127 more are one octet,
		{[]apart.ID{least, 2 * least, 130 * least}, 4}, // 128 are two
		{[]apart.ID{0, most}, 7},                       // 40 bits
	} {
		b := packIDs(c.ids)
		if got := unpackIDs(b); !slices.Equal(got, c.ids) || len(b) != c.size {
			t.Errorf("%x are %x, in %d octets, not %d", c.ids, got, len(b), c.size)
		}
	}
}
