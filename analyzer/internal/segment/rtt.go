package segment

import (
	"math"
	"time"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/quantile"
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

// sample adds a round trip.
func (r *roundTrips) sample(p *quantile.Pool, c *quantile.Codes, d conn.Time) {
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
	code := quantile.CodeOf(int64(d))
	switch {
	case r.hist != 0:
		p.At(r.hist).Add(code)
	case int(r.n) < len(c):
		c[r.n] = code
	default:
		r.hist = p.Get()
		p.At(r.hist).Begin(c)
		p.At(r.hist).Add(code)
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

// shares are those of the quantiles that are reported.
var shares = quantile.Shares{0.50, 0.95, 0.99}

func (r *roundTrips) report(p *quantile.Pool, c *quantile.Codes) conn.RTT {
	if r.n == 0 {
		return conn.RTT{}
	}
	mean := float64(r.sum) / float64(r.n)
	out := conn.RTT{
		Samples: uint64(r.n), Min: time.Duration(r.min), Avg: time.Duration(mean), Max: time.Duration(r.max),
		Stdev:    conn.Deviation(uint64(r.n), float64(r.sum), r.squares),
		Smoothed: time.Duration(r.SRTT), RTTVar: time.Duration(r.rttvar),
	}
	var at [3]time.Duration
	if r.hist == 0 {
		at = c.At(int(r.n), shares)
	} else {
		at = p.At(r.hist).At(shares)
	}
	out.P50, out.P95, out.P99 = r.clamp(at[0]), r.clamp(at[1]), r.clamp(at[2])
	return out
}

func (r *roundTrips) clamp(d time.Duration) time.Duration {
	return min(max(d, time.Duration(r.min)), time.Duration(r.max))
}
