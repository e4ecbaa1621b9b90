package plot

import (
	"math"
	"math/bits"
)

// histogram counts round trips by the sixteenth of an octave.
type histogram struct {
	n      [1 << 10]uint32
	total  uint64
	lo, hi int64
}

// code is about 16 times the logarithm of ns, to the base of two.
func code(ns int64) int {
	x := uint64(max(ns, 1))
	e := bits.Len64(x) - 1
	fraction := 0
	if e >= 4 {
		fraction = int(x>>(e-4)) & 15
	} else {
		fraction = int(x<<(4-e)) & 15
	}
	return e*16 + fraction
}

// decoded is the middle of what has a code, in seconds.
func decoded(code int) float64 {
	return math.Ldexp(1+(float64(code%16)+0.5)/16, code/16) / 1e9
}

func (h *histogram) sample(ns int64) {
	h.n[code(ns)]++
	if h.total == 0 {
		h.lo, h.hi = ns, ns
	}
	h.total++
	h.lo, h.hi = min(h.lo, ns), max(h.hi, ns)
}

func (h *histogram) merge(other *histogram) {
	for i, n := range other.n {
		h.n[i] += n
	}
	h.total += other.total
	h.lo, h.hi = min(h.lo, other.lo), max(h.hi, other.hi)
}

// quantile is in seconds.
func (h *histogram) quantile(share float64) float64 {
	want, below := uint64(math.Ceil(share*float64(h.total))), uint64(0)
	for i, n := range h.n {
		if below += uint64(n); below >= max(want, 1) {
			return min(max(decoded(i), float64(h.lo)/1e9), float64(h.hi)/1e9)
		}
	}
	return float64(h.hi) / 1e9
}
