package apart

import (
	"math/rand/v2"
	"testing"

	"tcptrace/internal/wire"
)

// twins are the keys of two pairs of sockets with the same ID, which anybody finds who looks for them.
func twins(t *testing.T) (a, b wire.Key) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 1))
	keys := map[ID]wire.Key{}
	for range 1 << 20 {
		key := wire.Key{A: wire.Addr{Lo: 1}, B: wire.Addr{Lo: r.Uint64() >> 32}, PortA: uint16(r.Uint32()), PortB: 80}
		id := idOf(&key)
		if other, ok := keys[id]; ok && other != key {
			return other, key
		}
		keys[id] = key
	}
	t.Fatal("no two pairs of sockets have the same ID")
	return a, b
}

// Sockets with the same ID are packed together with it, each by themselves, and cross together.
func TestSocketsWithTheSameID(t *testing.T) {
	a, b := twins(t)
	id := idOf(&a)
	other := a
	for other.PortA++; idOf(&other)>>16 == id>>16; other.PortA++ {
	}
	w := newWanted([]Wanted{{ID: id, To: 7}}, Span{})
	first, second := w.part(&a), w.part(&b)
	if first == nil || second == nil || first == second || first.key != a || second.key != b || first.to != 7 || second.to != 7 {
		t.Errorf("%v and %v are packed at %p and %p", a, b, first, second)
	}
	if w.part(&a) != first || w.part(&b) != second || len(w.all()) != 2 {
		t.Errorf("%d parts: they are not found again", len(w.all()))
	}
	if w.part(&other) != nil {
		t.Errorf("%v is packed, and is not wanted", other)
	}

	file := func(name string, at int64, ids ...ID) File {
		var s socketSet
		for _, id := range ids {
			s.add(id, 1)
		}
		return File{Name: name, Outline: Outline{Packets: 1, Frames: 1, Start: at, End: at, Expected: Never, Sockets: s.pack()}}
	}
	one, two := file("one", 1, idOf(&a), idOf(&other)), file("two", 2, idOf(&b))
	one.Open = oneForEach([]Open{{ID: idOf(&a), Over: 10, Told: true}, {ID: idOf(&b), Over: Never, Told: true}, {ID: idOf(&other), Over: 2, Told: true}})
	layout, err := NewLayout([]File{two, one})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		if got := layout.Crossing(i); len(got) != 1 || got[0] != (Crossing{ID: id}) {
			t.Errorf("in file %d %v crosses, not %x alone", i, got, id)
		}
	}
}
