package conn

import (
	"testing"
	"time"
)

func TestGivesUp(t *testing.T) {
	const second = Time(time.Second)
	for _, test := range []struct{ last, want Time }{
		{0, 15 * second},               // a single SYN
		{3750e6, 3750e6 + 15*second},   // 4 times the time between the first and the last is no more than that
		{3751e6, 3751e6 + 4*3751e6},    // or is
		{45 * second, 225 * second},    // up to 3 minutes
		{46 * second, 46e9 + 180e9},    // and no more
		{-second, Time(0) + 15*second}, // the clock was set back
	} {
		if got := (&Conn{Last: test.last}).GivesUp(); got != test.want {
			t.Errorf("after a SYN at %d: %d, want %d", test.last, got, test.want)
		}
	}
}
