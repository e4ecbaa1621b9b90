// Package histogram counts when things happened, in bounded memory, whatever span of time they are from.
//
// Histograms of parts may be added up; whatever the parts and their order, the sum is that of the whole.
//
// Not its job: what happened, or quantiles (analyzer/internal/quantile).
package histogram

import (
	"encoding/binary"

	"tcptrace/analyzer"
	"tcptrace/internal/octets"
)

// Times counts when something happened, in stretches of time that get longer as the span does. The zero value has counted nothing.
type Times struct {
	shift uint8 // a stretch is 1<<shift ns
	low   int64 // the number of the first stretch
	used  int   // stretches up to the last that has any
	n     [stretches]uint32
}

const (
	stretches = 64
	shortest  = 20 // about a millisecond
)

// Add counts one at t.
func (h *Times) Add(t analyzer.Time) {
	if h.used == 0 {
		h.shift, h.low, h.used = shortest, int64(t)>>shortest, 1
	}
	for {
		i := int64(t)>>h.shift - h.low
		switch {
		case i >= 0 && i < stretches:
			h.n[i]++
			h.used = max(h.used, int(i)+1)
			return
		case i < 0 && int64(h.used)-i <= stretches:
			copy(h.n[-i:], h.n[:h.used])
			clear(h.n[:-i])
			h.low, h.used = h.low+i, h.used-int(i)
		default:
			h.coarsen()
		}
	}
}

// coarsen makes the stretches twice as long.
func (h *Times) coarsen() {
	var n [stretches]uint32
	low := h.low >> 1
	for i, k := range h.n[:h.used] {
		n[(h.low+int64(i))>>1-low] += k
	}
	h.used = int((h.low+int64(h.used)-1)>>1-low) + 1
	h.shift, h.low, h.n = h.shift+1, low, n
}

// Outside is how many happened in stretches that end before first, and in stretches that begin after last.
func (h *Times) Outside(first, last analyzer.Time) (before, after uint64) {
	for i, k := range h.n[:h.used] {
		switch at := h.low + int64(i); {
		case at < int64(first)>>h.shift:
			before += uint64(k)
		case at > int64(last)>>h.shift:
			after += uint64(k)
		}
	}
	return before, after
}

// Between is how many happened in stretches that are neither before first nor after last.
func (h *Times) Between(first, last analyzer.Time) (n uint64) {
	for _, k := range h.n[:h.used] {
		n += uint64(k)
	}
	before, after := h.Outside(first, last)
	return n - before - after
}

// Merge adds o. The stretches are as long as if all had been added to one.
func (h *Times) Merge(o *Times) {
	if o.used == 0 {
		return
	}
	if h.used == 0 {
		*h = *o
		return
	}
	other := *o
	for h.shift < other.shift {
		h.coarsen()
	}
	for other.shift < h.shift {
		other.coarsen()
	}
	for max(h.low+int64(h.used), other.low+int64(other.used))-min(h.low, other.low) > stretches {
		h.coarsen()
		other.coarsen()
	}
	all := Times{shift: h.shift, low: min(h.low, other.low)}
	for _, x := range [...]*Times{h, &other} {
		at := int(x.low - all.low)
		for i, n := range x.n[:x.used] {
			all.n[at+i] += n
		}
		all.used = max(all.used, at+x.used)
	}
	*h = all
}

// Append appends h, for Read.
func (h *Times) Append(b []byte) []byte {
	b = append(b, uint8(h.used))
	if h.used == 0 {
		return b
	}
	b = binary.AppendVarint(append(b, h.shift), h.low)
	for _, n := range h.n[:h.used] {
		b = binary.AppendUvarint(b, uint64(n))
	}
	return b
}

// farthest is beyond the number of any stretch.
const farthest = 1 << 62

// Read reads what Append appended. What is damaged is told by r.
func Read(r *octets.Reader) (h Times) {
	h.used = int(r.Byte())
	if h.used == 0 {
		return h
	}
	if h.used > stretches {
		r.Bad, h.used = true, 0
		return h
	}
	h.shift, h.low = r.Byte(), r.Varint()
	if h.shift > 63 || h.low < -farthest || h.low > farthest {
		r.Bad = true
		return Times{}
	}
	for i := range h.n[:h.used] {
		h.n[i] = uint32(r.Uvarint())
	}
	return h
}
