package conn

import (
	"math"
	"time"

	"tcptrace/internal/wire"
)

// Time is a moment of the capture's clock: ns since the Unix epoch.
//
// The clock of a capture says what it likes, and arithmetic on it must not overflow. So intake.Intake admits times from 0 to wire.MaxTime
// only, and a connection's own clock (clock.go) stays among them: the difference of two times fits, and so does the sum of a time and
// such a difference. What is multiplied is at most MaxSpan. Only sums of many, and of what a user says, need Add.
type Time int64

// MaxSpan bounds what is measured and then multiplied, such as round trips, to about nine years: 16 times as long fits in Time.
const MaxSpan Time = 1 << 58

// Time is t as the standard library has it, in UTC.
func (t Time) Time() time.Time { return time.Unix(0, int64(t)).UTC() }

// Sub is the time from u to t, or the longest that there is.
func (t Time) Sub(u Time) time.Duration {
	d := t - u
	switch {
	case t >= u && d < 0:
		return math.MaxInt64
	case t < u && d >= 0:
		return math.MinInt64
	}
	return time.Duration(d)
}

// Add is d later than t, or the last moment that there is, or the first.
func (t Time) Add(d time.Duration) Time {
	sum := t + Time(d)
	switch {
	case d > 0 && sum < t:
		return math.MaxInt64
	case d < 0 && sum > t:
		return math.MinInt64
	}
	return sum
}

// Admit is captured if it can be a time of the capture's clock, or else the nearest that can.
func Admit(captured int64) int64 { return min(max(captured, 0), wire.MaxTime) }
