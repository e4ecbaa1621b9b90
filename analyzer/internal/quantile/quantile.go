// Package quantile keeps how spans of time are distributed, each to a sixteenth of its size, without pointers: a few of them one by one,
// many as a histogram.
//
// Not its job: their mean and extremes, which their owners keep exactly.
package quantile

import (
	"math"
	"math/bits"
	"time"

	"tcptrace/analyzer/internal/pool"
)

// Codes are samples, each an octet that says its size to a sixteenth (CodeOf). They serve until there are too many;
// then a Histogram does.
type Codes [32]uint8

const (
	histBuckets = 256
	codeUnit    = 7 // codes count 2^7 ns
)

// CodeOf is about 8 times the logarithm of d, in nanoseconds. One below 0 counts as 0.
func CodeOf(d int64) uint8 {
	x := uint64(max(d, 0)) >> codeUnit
	if x < 8 {
		return uint8(x)
	}
	e := bits.Len64(x) - 4
	return uint8(min(8+e*8+int(x>>e)&7, histBuckets-1))
}

// durationOf is the middle of the durations that have the code.
func durationOf(code uint8) time.Duration {
	if code < 8 {
		return time.Duration(code)<<codeUnit + 1<<(codeUnit-1)
	}
	e := int(code-8) / 8
	lo := uint64(8+(code-8)%8) << e
	return time.Duration((lo<<1 + 1<<e) << codeUnit >> 1)
}

// Shares are those of the samples that are at most as long as each of three quantiles, the least first.
type Shares [3]float64

// At is the quantiles of the first n codes, of which there is one at least.
func (c *Codes) At(n int, of Shares) (q [3]time.Duration) {
	var sorted Codes
	n = copy(sorted[:], c[:n])
	sortCodes(sorted[:n])
	for i, share := range of {
		q[i] = durationOf(sorted[rank(share, n)-1])
	}
	return q
}

// Histogram counts samples by code. When a count is full all are halved.
type Histogram [histBuckets]uint16

// Pool holds the histograms of a tracker's connections.
type Pool = pool.Pool[Histogram]

// Begin makes h one of all these codes.
func (h *Histogram) Begin(c *Codes) {
	*h = Histogram{}
	for _, code := range c {
		h[code]++
	}
}

// Add counts a code.
func (h *Histogram) Add(code uint8) {
	h[code]++
	if h[code] == math.MaxUint16 {
		for i := range h {
			h[i] /= 2
		}
	}
}

// At is the quantiles of what was counted.
func (h *Histogram) At(of Shares) (q [3]time.Duration) {
	total := 0
	for _, n := range h {
		total += int(n)
	}
	below, code := 0, 0
	for i, share := range of {
		for want := rank(share, total); below+int(h[code]) < want; code++ {
			below += int(h[code])
		}
		q[i] = durationOf(uint8(code))
	}
	return q
}

// rank is the nearest rank of a quantile among n samples, from 1.
func rank(share float64, n int) int { return max(1, int(math.Ceil(share*float64(n)))) }

// sortCodes sorts a few octets, for which a general sort is too slow.
func sortCodes(c []uint8) {
	for i := range c {
		for j := i; j > 0 && c[j] < c[j-1]; j-- {
			c[j], c[j-1] = c[j-1], c[j]
		}
	}
}
