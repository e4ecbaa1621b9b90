package apart

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"tcptrace/internal/octets"
	"tcptrace/internal/wire"
)

// ascending are keys in order: in each some field is larger than in the one before, while all that count less are smaller.
var ascending = []wire.Key{
	{A: wire.Addr{Lo: 1}, B: wire.Addr{Lo: 9}, PortA: 9, PortB: 9},
	{A: wire.Addr{Lo: 2}, B: wire.Addr{Lo: 1}, PortA: 9, PortB: 9},
	{A: wire.Addr{Lo: 2}, B: wire.Addr{Lo: 2}, PortA: 1, PortB: 9},
	{A: wire.Addr{Lo: 2}, B: wire.Addr{Lo: 2}, PortA: 2, PortB: 1},
	{A: wire.Addr{Lo: 2}, B: wire.Addr{Lo: 2}, PortA: 2, PortB: 2},
	{A: wire.Addr{Lo: 1 << 31}, B: wire.Addr{Lo: 1}, PortA: 1, PortB: 1},
	{V6: 1, A: wire.Addr{Lo: 1}, B: wire.Addr{Lo: 1}, PortA: 1, PortB: 1},
	{V6: 1, A: wire.Addr{Hi: 1, Lo: 9}, B: wire.Addr{Hi: 9, Lo: 9}, PortA: 9, PortB: 9},
	{V6: 1, A: wire.Addr{Hi: 2, Lo: 1}, B: wire.Addr{Hi: 9, Lo: 9}, PortA: 9, PortB: 9},
	{V6: 1, A: wire.Addr{Hi: 2, Lo: 2}, B: wire.Addr{Hi: 1, Lo: 9}, PortA: 9, PortB: 9},
	{V6: 1, A: wire.Addr{Hi: 2, Lo: 2}, B: wire.Addr{Hi: 2, Lo: 1}, PortA: 9, PortB: 9},
	{V6: 1, A: wire.Addr{Hi: 2, Lo: 2}, B: wire.Addr{Hi: 2, Lo: 2}, PortA: 1, PortB: 9},
	{V6: 1, A: wire.Addr{Hi: 2, Lo: 2}, B: wire.Addr{Hi: 2, Lo: 2}, PortA: 2, PortB: 1},
	{V6: 1, A: wire.Addr{Hi: 2, Lo: 2}, B: wire.Addr{Hi: 2, Lo: 2}, PortA: 2, PortB: 2},
	{V6: 1, A: wire.Addr{Hi: 1 << 63, Lo: 1}, B: wire.Addr{Hi: 1, Lo: 1}, PortA: 1, PortB: 1},
}

func text(key *wire.Key) string { return string(appendKey(nil, key)) }

// Keys are in the order of their texts, whichever of two comes first, and so is what is packed.
func TestKeysInOrder(t *testing.T) {
	for i := range ascending {
		for k := range ascending {
			a, b := &ascending[i], &ascending[k]
			if got, want := compareKeys(a, b), cmp.Compare(i, k); got != want || cmp.Compare(text(a), text(b)) != want {
				t.Errorf("%+v and %+v: %d, not %d", a, b, got, want)
			}
		}
	}
	network := ascending[6]
	network.V6 |= 6
	if compareKeys(&network, &ascending[6]) != 0 || compareKeys(&network, &ascending[0]) <= 0 {
		t.Error("the network makes a difference: it is not in the text")
	}
	var list []Wanted
	for i := range ascending {
		list = append(list, Wanted{ID: idOf(&ascending[i])})
	}
	w := newWanted(list, Span{})
	for _, i := range rand.Perm(len(ascending)) {
		w.part(&ascending[i])
	}
	if !slices.EqualFunc(w.all(), ascending, func(x sorted, key wire.Key) bool { return x.key == key }) {
		t.Error("what is packed is in another order")
	}
}

// A bundle whose sockets are not in order, or there twice, is damaged: those of several could not be merged.
func TestBundleInOrder(t *testing.T) {
	for _, c := range []struct {
		what string
		keys []int
		ok   bool
	}{{"in order", []int{0, 1, 7}, true}, {"one", []int{3}, true}, {"none", nil, false}, {"not in order", []int{1, 0}, false}, {"twice", []int{7, 7}, false}} {
		var b bundle
		for _, i := range c.keys {
			b.add(&ascending[i], []byte{0}, &Columns{})
		}
		if sums, ok := sumsOf(octets.Reader{Left: b.head}); ok != c.ok || ok && sums[columnRest] != uint64(len(c.keys)) {
			t.Errorf("%s: %v, %d bytes", c.what, ok, sums[columnRest])
		}
	}
}

// All that is wanted is found again, however many there are, and nothing else is.
func TestManyWanted(t *testing.T) {
	var keys []wire.Key
	var list []Wanted
	for i := range uint64(3000) {
		key := wire.Key{A: wire.Addr{Lo: 1}, B: wire.Addr{Lo: 1 + i}, PortA: 1, PortB: 2}
		if keys = append(keys, key); i%2 == 0 {
			list = append(list, Wanted{ID: idOf(&key), To: int64(i)})
		}
	}
	w := newWanted(list, Span{})
	for range 2 {
		for i := range keys {
			x := w.part(&keys[i])
			if i%2 == 0 && (x == nil || x.key != keys[i] || x.to != int64(i)) || i%2 != 0 && x != nil {
				t.Fatalf("%d: %+v", i, x)
			}
		}
	}
	if len(w.list) != len(list) {
		t.Errorf("%d parts", len(w.list))
	}
}
