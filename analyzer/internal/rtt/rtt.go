// Package rtt measures round trips: as they are smoothed, what timeout follows from them (RFC 6298), and how they are distributed.
//
// Non-goals: which segment was acknowledged by which, and what a late one means (package segment).
package rtt

import (
	"math"
	"time"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/quantile"
)

// First is the timeout before any round trip was measured (RFC 6298 2.1).
const First conn.Time = 1e9

// RoundTrips is the time from a segment to its acknowledgment, both as they pass the tap: of segments that
// were sent once (Karn), one for each ACK.
type RoundTrips struct {
	SRTT, Var conn.Time // RFC 6298
	sum       conn.Time
	squares   float64
	Min, max  conn.Time
	N         uint32 // how many
	Hist      uint32 // 0: the samples are in codes
}

// Sample adds a round trip.
func (r *RoundTrips) Sample(p *quantile.Pool, c *quantile.Codes, d conn.Time) {
	d = min(max(d, 0), conn.MaxSpan)
	switch {
	case r.N == 0:
		r.SRTT, r.Var = d, d/2
		r.Min, r.max = d, d
	default:
		r.Var += (max(r.SRTT-d, d-r.SRTT) - r.Var) / 4
		r.SRTT += (d - r.SRTT) / 8
		r.Min, r.max = min(r.Min, d), max(r.max, d)
	}
	r.sum = r.sum.Add(time.Duration(d))
	r.squares += float64(d) * float64(d)
	code := quantile.CodeOf(int64(d))
	switch {
	case r.Hist != 0:
		p.At(r.Hist).Add(code)
	case int(r.N) < len(c):
		c[r.N] = code
	default:
		r.Hist = p.Get()
		p.At(r.Hist).Begin(c)
		p.At(r.Hist).Add(code)
	}
	if r.N < math.MaxUint32 {
		r.N++
	}
}

// RTO is the timeout that RFC 6298 gives a sender who is away further than the tap by distance.
func (r *RoundTrips) RTO(distance conn.Time) conn.Time {
	if r.N == 0 {
		return First
	}
	return r.SRTT + distance + max(4*r.Var, conn.MinRTO)
}

// shares are those of the quantiles that are reported.
var shares = quantile.Shares{0.50, 0.95, 0.99}

// Report is what they come to.
func (r *RoundTrips) Report(p *quantile.Pool, c *quantile.Codes) conn.RTT {
	if r.N == 0 {
		return conn.RTT{}
	}
	mean := float64(r.sum) / float64(r.N)
	out := conn.RTT{
		Samples: uint64(r.N), Min: time.Duration(r.Min), Avg: time.Duration(mean), Max: time.Duration(r.max),
		Stdev:    conn.Deviation(uint64(r.N), float64(r.sum), r.squares),
		Smoothed: time.Duration(r.SRTT), RTTVar: time.Duration(r.Var),
	}
	var at [3]time.Duration
	if r.Hist == 0 {
		at = c.At(int(r.N), shares)
	} else {
		at = p.At(r.Hist).At(shares)
	}
	out.P50, out.P95, out.P99 = r.clamp(at[0]), r.clamp(at[1]), r.clamp(at[2])
	return out
}

func (r *RoundTrips) clamp(d time.Duration) time.Duration {
	return min(max(d, time.Duration(r.Min)), time.Duration(r.max))
}

// Grew reports whether any was so many times the shortest, or more.
func (r *RoundTrips) Grew(times conn.Time) bool { return r.max/times >= r.Min }
