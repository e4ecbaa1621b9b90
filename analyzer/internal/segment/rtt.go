package segment

import (
	"math"
	"math/bits"
	"time"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/pool"
)

// firstRTO is the timeout before any round trip was measured (RFC 6298 2.1).
const firstRTO conn.Time = 1e9

// roundTrips is the time from a segment to its acknowledgment, both as they pass the tap: of segments that
// were sent once (Karn), one for each ACK.
type roundTrips struct {
	SRTT, rttvar conn.Time // RFC 6298
	sum          conn.Time
	squares      float64
	min, max     conn.Time
	n            uint32
	hist         uint32 // 0: the samples are in codes
}

// codes are samples, each an octet that says its size to a sixteenth. They serve until there are too many;
// then a histogram does.
type codes [32]uint8

const (
	histBuckets = 256
	codeUnit    = 7 // codes count 2^7 ns
)

// codeOf is about 8 times the logarithm of d.
func codeOf(d conn.Time) uint8 {
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

// histogram counts samples by code. When a count is full all are halved.
type histogram [histBuckets]uint16

// histPool holds the histograms of a tracker's connections.
type histPool = pool.Pool[histogram]

func (h *histogram) add(code uint8) {
	h[code]++
	if h[code] == math.MaxUint16 {
		for i := range h {
			h[i] /= 2
		}
	}
}

// sample adds a round trip.
func (r *roundTrips) sample(p *histPool, c *codes, d conn.Time) {
	d = min(max(d, 0), conn.MaxSpan)
	switch {
	case r.n == 0:
		r.SRTT, r.rttvar = d, d/2
		r.min, r.max = d, d
	default:
		r.rttvar += (max(r.SRTT-d, d-r.SRTT) - r.rttvar) / 4
		r.SRTT += (d - r.SRTT) / 8
		r.min, r.max = min(r.min, d), max(r.max, d)
	}
	r.sum = r.sum.Add(time.Duration(d))
	r.squares += float64(d) * float64(d)
	code := codeOf(d)
	switch {
	case r.hist != 0:
		p.At(r.hist).add(code)
	case int(r.n) < len(c):
		c[r.n] = code
	default:
		r.hist = p.Get()
		*p.At(r.hist) = histogram{}
		h := p.At(r.hist)
		for _, one := range c {
			h[one]++
		}
		h.add(code)
	}
	if r.n < math.MaxUint32 {
		r.n++
	}
}

// rto is the timeout that RFC 6298 gives a sender who is away further than the tap by distance.
func (r *roundTrips) rto(distance conn.Time) conn.Time {
	if r.n == 0 {
		return firstRTO
	}
	return r.SRTT + distance + max(4*r.rttvar, conn.MinRTO)
}

func (r *roundTrips) report(p *histPool, c *codes) conn.RTT {
	if r.n == 0 {
		return conn.RTT{}
	}
	mean := float64(r.sum) / float64(r.n)
	out := conn.RTT{
		Samples: uint64(r.n), Min: time.Duration(r.min), Avg: time.Duration(mean), Max: time.Duration(r.max),
		Stdev:    conn.Deviation(uint64(r.n), float64(r.sum), r.squares),
		Smoothed: time.Duration(r.SRTT), RTTVar: time.Duration(r.rttvar),
	}
	quantiles := [...]struct {
		share float64
		to    *time.Duration
	}{{0.50, &out.P50}, {0.95, &out.P95}, {0.99, &out.P99}}
	if r.hist == 0 {
		var sorted codes
		n := copy(sorted[:], c[:r.n])
		sortCodes(sorted[:n])
		for _, q := range quantiles {
			*q.to = r.clamp(durationOf(sorted[rank(q.share, n)-1]))
		}
		return out
	}
	h := p.At(r.hist)
	total := 0
	for _, n := range h {
		total += int(n)
	}
	below, i := 0, 0
	for _, q := range quantiles {
		for want := rank(q.share, total); below+int(h[i]) < want; i++ {
			below += int(h[i])
		}
		*q.to = r.clamp(durationOf(uint8(i)))
	}
	return out
}

// rank is the nearest rank of a quantile among n samples, from 1.
func rank(share float64, n int) int { return max(1, int(math.Ceil(share*float64(n)))) }

func (r *roundTrips) clamp(d time.Duration) time.Duration {
	return min(max(d, time.Duration(r.min)), time.Duration(r.max))
}

// sortCodes sorts a few octets, for which a general sort is too slow.
func sortCodes(c []uint8) {
	for i := range c {
		for j := i; j > 0 && c[j] < c[j-1]; j-- {
			c[j], c[j-1] = c[j-1], c[j]
		}
	}
}
