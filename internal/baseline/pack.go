package baseline

import (
	"encoding/binary"
	"maps"
	"math"
	"slices"
	"time"

	"tcptrace/analyzer"
	"tcptrace/internal/octets"
)

// Append appends all that p took, for Merge.
func (p *Paths) Append(b []byte) []byte {
	b = append(b, 0)
	if p.lossy {
		b[len(b)-1] = 1
	}
	b = binary.AppendUvarint(b, uint64(len(p.of)))
	for _, w := range slices.SortedFunc(maps.Values(p.of), func(a, b *path) int { return comparePairs(&a.Pair, &b.Pair) }) {
		b = w.append(b)
	}
	b = binary.AppendUvarint(b, uint64(len(p.queues)))
	for _, at := range slices.SortedFunc(maps.Keys(p.queues), comparePlaces) {
		q := p.queues[at]
		b = appendAddress(append(b, uint8(at.side)), at.address)
		b = binary.AppendVarint(binary.AppendVarint(b, int64(q.from)), int64(q.to))
	}
	return b
}

func appendAddress(b []byte, a [2]uint64) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, a[0]), a[1])
}

func readAddress(r *octets.Reader) (a [2]uint64) {
	if b := r.Bytes(16); len(b) == 16 {
		a = [2]uint64{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}
	}
	return a
}

func (w *path) append(b []byte) []byte {
	b = appendAddress(appendAddress(b, w.Client), w.Server)
	b = binary.AppendUvarint(b, math.Float64bits(w.least))
	b = binary.AppendUvarint(append(b, w.shift), uint64(len(w.cells)))
	for i := range w.cells {
		c := &w.cells[i]
		x := &c.worst
		b = binary.AppendVarint(binary.AppendVarint(b, c.key), int64(c.first))
		for _, v := range [...]uint64{
			c.n, c.trips, c.waited[0], c.waited[1], c.clients, x.order, x.stream, uint64(x.ports[0]), uint64(x.ports[1]), uint64(x.turns), uint64(x.Halves[0]), uint64(x.Halves[1]),
		} {
			b = binary.AppendUvarint(b, v)
		}
		b = append(b, x.client[:]...)
	}
	return b
}

// leastCell is how many octets a cell has at least.
const leastCell = 30

// leastQueue is how many a queue has.
const leastQueue = 19

// Merge takes what others took, as it was appended. What is damaged is told by r.
func (p *Paths) Merge(r *octets.Reader) {
	p.lossy = r.Byte() != 0 || p.lossy
	for range r.Count(leastCell) {
		var w path
		if w.read(r); r.Bad {
			return
		}
		p.path(&w.Pair).merge(&w)
	}
	for range r.Count(leastQueue) {
		at := place{side: analyzer.Side(r.Byte() & 1)}
		at.address = readAddress(r)
		p.fill(at, queue{analyzer.Time(r.Varint()), analyzer.Time(r.Varint())})
	}
}

func (w *path) read(r *octets.Reader) {
	w.Client, w.Server = readAddress(r), readAddress(r)
	w.least, w.shift = math.Float64frombits(r.Uvarint()), r.Byte()
	n := r.Count(leastCell)
	for range n {
		c := cell{key: r.Varint(), first: analyzer.Time(r.Varint()), n: r.Uvarint(), trips: r.Uvarint(), waited: [2]uint64{r.Uvarint(), r.Uvarint()}, clients: r.Uvarint()}
		c.worst = shown{
			order: r.Uvarint(), stream: r.Uvarint(), ports: [2]uint16{uint16(r.Uvarint()), uint16(r.Uvarint())}, turns: uint32(r.Uvarint()),
			Halves: Halves{time.Duration(r.Uvarint()), time.Duration(r.Uvarint())},
		}
		copy(c.worst.client[:], r.Bytes(16))
		ordered := len(w.cells) == 0 || w.cells[len(w.cells)-1].key < c.key
		r.Bad = r.Bad || !ordered || c.n == 0 || c.trips == 0 || c.bin() > int64(len(edges))
		w.cells = append(w.cells, c)
		w.n += c.n
	}
	if r.Bad = r.Bad || n == 0 || w.shift < shortest || w.shift > 63; !r.Bad {
		low, high := w.span()
		r.Bad = uint64(high-low) >= stretches
	}
}

// merge adds o, which is not to be used any more.
func (w *path) merge(o *path) {
	if w.n == 0 || o.least < w.least {
		w.least = o.least
	}
	w.n += o.n
	for {
		low, high := o.span()
		if len(w.cells) > 0 {
			first, last := w.span()
			low, high = min(low, first), max(high, last)
		}
		switch {
		case w.shift < o.shift:
			w.coarsen()
		case o.shift < w.shift:
			o.coarsen()
		case high-low >= stretches:
			w.coarsen()
			o.coarsen()
		default:
			for i := range o.cells {
				w.at(o.cells[i].key).merge(&o.cells[i])
			}
			return
		}
	}
}
