package rtt

import (
	"testing"
	"time"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/quantile"
)

const ms conn.Time = 1e6

// sampled are round trips, in milliseconds, and where their distribution is.
func sampled(trips ...conn.Time) (r *RoundTrips, p *quantile.Pool, c *quantile.Codes) {
	r, p, c = &RoundTrips{}, &quantile.Pool{}, &quantile.Codes{}
	for _, trip := range trips {
		r.Sample(p, c, trip*ms)
	}
	return r, p, c
}

// TestSmoothing: SRTT takes an eighth of what is new, its variation a quarter (RFC 6298 2.2, 2.3).
func TestSmoothing(t *testing.T) {
	for _, test := range []struct {
		trips             []conn.Time
		smoothed, varying conn.Time
	}{
		{[]conn.Time{100}, 100 * ms, 50 * ms},
		{[]conn.Time{100, 180}, 110 * ms, 57500e3}, // 50 + (80-50)/4
		{[]conn.Time{100, 20}, 90 * ms, 57500e3},
		{[]conn.Time{100, 100}, 100 * ms, 37500e3},
		{[]conn.Time{-5}, 0, 0}, // the clock was set back
	} {
		if r, _, _ := sampled(test.trips...); r.SRTT != test.smoothed || r.Var != test.varying {
			t.Errorf("%v ms: %v ± %v, want %v ± %v", test.trips, r.SRTT, r.Var, test.smoothed, test.varying)
		}
	}
}

// TestRTO: the timeout is the round trip, from where the sender is, and four times how much it varies, or 200 ms (RFC 6298 2.3, but for the least).
func TestRTO(t *testing.T) {
	for _, test := range []struct {
		trips          []conn.Time
		distance, want conn.Time
	}{
		{nil, 7 * ms, First},
		{[]conn.Time{100}, 0, 300 * ms},
		{[]conn.Time{104}, 0, 312 * ms},
		{[]conn.Time{96}, 0, 296 * ms}, // 192 ms are less than the least
		{[]conn.Time{104}, 7 * ms, 319 * ms},
	} {
		if r, _, _ := sampled(test.trips...); r.RTO(test.distance) != test.want {
			t.Errorf("%v ms, %v away: %v, want %v", test.trips, test.distance, r.RTO(test.distance), test.want)
		}
	}
}

// TestGrew: the longest is so many times the shortest.
func TestGrew(t *testing.T) {
	for longest, want := range map[conn.Time]bool{199: false, 200: true, 201: true} {
		if r, _, _ := sampled(150, 100, longest); r.Grew(2) != want {
			t.Errorf("from 100 ms to %d ms: twice as long %v, want %v", longest, r.Grew(2), want)
		}
	}
}

// TestReport: what round trips come to is the same whether their samples are kept one by one, as up to 32 are, or counted in a histogram.
func TestReport(t *testing.T) {
	r, p, c := sampled()
	if got := r.Report(p, c); got != (conn.RTT{}) {
		t.Errorf("of none: %+v", got)
	}
	for _, n := range []int{2, 32, 34, 1000} {
		var trips []conn.Time
		for i := range n {
			trips = append(trips, 10+20*conn.Time(i%2)) // 10 ms and 30 ms by turns
		}
		r, p, c := sampled(trips...)
		if counted := r.Hist != 0; counted != (n > 32) {
			t.Errorf("%d: in a histogram %v", n, counted)
		}
		got := r.Report(p, c)
		if got.Samples != uint64(n) || got.Min != 10*time.Millisecond || got.Avg != 20*time.Millisecond || got.Max != 30*time.Millisecond {
			t.Errorf("%d: %d from %v to %v, %v on average", n, got.Samples, got.Min, got.Max, got.Avg)
		}
		if low, high := got.P50.Seconds(), got.P95.Seconds(); low < 0.010 || low > 0.0107 || high < 0.028 || high > 0.030 || got.P99 != got.P95 {
			t.Errorf("%d: median %v, 95 %% %v, 99 %% %v", n, got.P50, got.P95, got.P99)
		}
		if n == 1000 && got.Stdev.Round(10*time.Microsecond) != 10010*time.Microsecond { // the root of 1000/999, times 10 ms
			t.Errorf("standard deviation %v", got.Stdev)
		}
	}
}
