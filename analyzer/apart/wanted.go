package apart

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"slices"

	"tcptrace/internal/octets"
	"tcptrace/internal/wire"
)

// part is what is packed of two sockets in a file.
type part struct {
	state
	number whose
	key    wire.Key
	to     int64 // where it goes
	c      Columns
	ifaces []uint16 // that its segments come from
	iface  uint16   // that of the latest
}

// columnRoom is how many bytes each column has room for to begin with: many parts have no more than some segments.
const columnRoom = 16

// partsAtOnce is how many parts memory is taken for at once.
const partsAtOnce = 64

// wanted is the sockets that are, and what is packed of them. Most segments are of others, which a few bits tell.
type wanted struct {
	bits  []uint64 // by the first bits of IDs
	shift uint
	table []slot // by a hash of IDs that nobody knows, or one of the next if others are there
	mix   uint64 // of that
	more  map[wire.Key]*part
	list  []*part // by number, but for firstPart
	span  Span    // of the file

	free []part
	room []byte
}

// slot is an ID that is wanted, and what is packed of the first sockets with it. That of others is in more.
type slot struct {
	Wanted
	used bool
	part *part // nil: there are none so far
}

func newWanted(list []Wanted, span Span) wanted {
	n := bits.Len(uint(len(list)))
	log := min(max(6, n+4), 32)
	w := wanted{
		bits: make([]uint64, 1<<log/64), shift: uint(32 - log), table: make([]slot, 2<<n), mix: rand.Uint64() | 1, more: map[wire.Key]*part{}, span: span,
	}
	for _, x := range list {
		w.bits[x.ID>>w.shift/64] |= 1 << (x.ID >> w.shift % 64)
		*w.slot(x.ID) = slot{Wanted: x, used: true}
	}
	return w
}

// slot is where an ID is, or where it would be. Half of the table is free at least.
func (w *wanted) slot(id ID) *slot {
	last := uint64(len(w.table) - 1)
	for i := uint64(id) * w.mix >> 32; ; i++ {
		if s := &w.table[i&last]; !s.used || s.ID == id {
			return s
		}
	}
}

// part is where what there is of sockets is packed, nil if they are not wanted.
func (w *wanted) part(key *wire.Key) *part {
	id := idOf(key)
	if w.bits[id>>w.shift/64]>>(id>>w.shift%64)&1 == 0 {
		return nil
	}
	s := w.slot(id)
	switch {
	case !s.used:
		return nil
	case s.part == nil:
		s.part = w.newPart(key, s.To)
		return s.part
	case s.part.key == *key:
		return s.part
	}
	x := w.more[*key]
	if x == nil {
		x = w.newPart(key, s.To)
		w.more[*key] = x
	}
	return x
}

func (w *wanted) newPart(key *wire.Key, to int64) *part {
	if len(w.free) == 0 {
		w.free, w.room = make([]part, partsAtOnce), make([]byte, partsAtOnce*int(numColumns)*columnRoom)
	}
	x := &w.free[0]
	w.free = w.free[1:]
	x.state, x.key, x.to, x.number = newState(w.span), *key, to, firstPart+whose(len(w.list))
	for i := range x.c {
		x.c[i], w.room = w.room[:0:columnRoom], w.room[columnRoom:]
	}
	w.list = append(w.list, x)
	return x
}

// all is the parts in the order of the texts of their keys: a file is packed the same each time, and what is in bundles is in that order.
func (w *wanted) all() []sorted {
	all := make([]sorted, len(w.list))
	for i, x := range w.list {
		all[i] = sorted{x.key.V6 & 1, prefixOf(&x.key), x}
	}
	slices.SortFunc(all, func(a, b sorted) int {
		if c := cmp.Or(cmp.Compare(a.v6, b.v6), cmp.Compare(a.prefix, b.prefix)); c != 0 {
			return c
		}
		return compareKeys(&a.key, &b.key)
	})
	return all
}

// sorted is a part with what its key begins with, which tells most from one another.
type sorted struct {
	v6     uint32
	prefix uint64
	*part
}

// prefixOf is 8 bytes of the text of a key, from its first address on.
func prefixOf(key *wire.Key) uint64 {
	if key.V6&1 != 0 {
		return key.A.Hi
	}
	return key.A.Lo<<32 | key.B.Lo&(1<<32-1)
}

// compareKeys compares texts of keys.
func compareKeys(a, b *wire.Key) int {
	return cmp.Or(cmp.Compare(a.V6&1, b.V6&1),
		cmp.Compare(a.A.Hi, b.A.Hi), cmp.Compare(a.A.Lo, b.A.Lo), cmp.Compare(a.B.Hi, b.B.Hi), cmp.Compare(a.B.Lo, b.B.Lo),
		cmp.Compare(a.PortA, b.PortA), cmp.Compare(a.PortB, b.PortB))
}

// from notes the interface of a segment.
func (x *part) from(iface uint16) {
	if len(x.ifaces) > 0 && x.iface == iface {
		return
	}
	if x.iface = iface; !slices.Contains(x.ifaces, iface) {
		x.ifaces = append(x.ifaces, iface)
	}
}

// interfaces appends what is said of the interfaces of a part.
func (x *part) interfaces(b []byte, name func(uint16) string) []byte {
	b = binary.AppendUvarint(b, uint64(len(x.ifaces)))
	for _, number := range x.ifaces {
		b = octets.AppendText(binary.AppendUvarint(b, uint64(number)), name(number))
	}
	return b
}
