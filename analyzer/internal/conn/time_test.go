package conn

import (
	"math"
	"testing"
	"time"

	"tcptrace/internal/wire"
)

func TestTimeSaturates(t *testing.T) {
	const first, last = Time(math.MinInt64), Time(math.MaxInt64)
	for _, test := range []struct {
		t, u Time
		want time.Duration
	}{
		{5, 3, 2}, {3, 5, -2}, {7, 7, 0}, {-3, 4, -7},
		{last, 0, math.MaxInt64}, {last, -1, math.MaxInt64}, {last - 1, -1, math.MaxInt64}, {last - 2, -1, math.MaxInt64 - 1},
		{first, 0, math.MinInt64}, {first, 1, math.MinInt64}, {first + 1, 1, math.MinInt64}, {first + 2, 1, math.MinInt64 + 1},
		{0, first, math.MaxInt64}, {last, first, math.MaxInt64}, {first, last, math.MinInt64},
	} {
		if got := test.t.Sub(test.u); got != test.want {
			t.Errorf("%d - %d = %d, want %d", test.t, test.u, got, test.want)
		}
	}
	for _, test := range []struct {
		t    Time
		d    time.Duration
		want Time
	}{
		{5, 3, 8}, {5, -7, -2}, {5, 0, 5},
		{last - 1, 1, last}, {last - 1, 2, last}, {last, math.MaxInt64, last}, {1, math.MaxInt64, last},
		{first + 1, -1, first}, {first + 1, -2, first}, {first, math.MinInt64, first}, {-1, math.MinInt64, first},
	} {
		if got := test.t.Add(test.d); got != test.want {
			t.Errorf("%d + %d = %d, want %d", test.t, test.d, got, test.want)
		}
	}
}

func TestAdmit(t *testing.T) {
	for captured, want := range map[int64]int64{
		math.MinInt64: 0, -1: 0, 0: 0, 1: 1, wire.MaxTime: wire.MaxTime, wire.MaxTime + 1: wire.MaxTime, math.MaxInt64: wire.MaxTime,
	} {
		if got := Admit(captured); got != want {
			t.Errorf("%d: %d, want %d", captured, got, want)
		}
	}
}

// The clock of a connection goes on where that of the capture is set back, but not past what Admit lets through.
func TestSteadySaturates(t *testing.T) {
	for _, held := range []bool{false, true} {
		var c Conn
		var p IncidentPool
		for i, captured := range []int64{0, wire.MaxTime, 0, wire.MaxTime, wire.MaxTime, 5, wire.MaxTime} {
			s := wire.Segment{Time: captured, Frame: uint64(i + 1)}
			steady := c.Steady
			if held {
				steady = c.SteadyHeld
			}
			late := steady(&p, &s)
			if s.Time < 0 || s.Time > wire.MaxTime || !held && Time(s.Time) < c.Last || int64(late) != s.Time-captured {
				t.Errorf("held %v: %d becomes %d, which is %d later, behind %d", held, captured, s.Time, late, c.Last)
			}
			if held { // it notes no clock that was set back
				s.Time = captured
				c.Steady(&p, &s)
			}
			c.Last, c.LastFrame = Time(s.Time), s.Frame
		}
	}
}
