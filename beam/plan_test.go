package main

import (
	"errors"
	"slices"
	"testing"

	"tcptrace/analyzer/apart"
)

// TestPackCrossing: what crosses comes out as it went in; if some of it is missing that is an error.
func TestPackCrossing(t *testing.T) {
	const least, most = apart.ID(1), ^apart.ID(0)
	for _, c := range []struct {
		list []apart.Wanted
		size int
	}{
		{nil, 0},
		{[]apart.Wanted{{ID: 0, To: 63}}, 2},
		{[]apart.Wanted{{ID: 0, To: 64}}, 3},
		{[]apart.Wanted{{ID: least, To: 1e5}, {ID: 2 * least, To: 1e5}, {ID: 129 * least, To: 1e5 - 1}}, 8}, // 127 more are one octet,
		{[]apart.Wanted{{ID: least, To: 1e5}, {ID: 2 * least, To: 1e5}, {ID: 130 * least, To: 1e5 - 1}}, 9}, // 128 are two
		{[]apart.Wanted{{ID: 0, To: 0}, {ID: most, To: 0}}, 8},                                              // 32 bits
	} {
		b := packCrossing(c.list)
		if got, err := unpackCrossing(b); err != nil || !slices.Equal(got, c.list) || len(b) != c.size {
			t.Errorf("%x are %x, in %d octets, not %d: %v", c.list, got, len(b), c.size, err)
		}
		if len(b) == 0 {
			continue
		}
		if _, err := unpackCrossing(b[:len(b)-1]); !errors.Is(err, errCrossing) {
			t.Errorf("%x without the last octet: %v", b, err)
		}
	}
}
