package conn

import "testing"

// TestHadNoMore: a sender far from the tap had no more to send if it goes on later than a quarter more than its distance after all was
// acknowledged, and nothing is in flight.
func TestHadNoMore(t *testing.T) {
	const distance, idle = Time(20e6), Time(1e9)
	limit := idle + distance + distance/4 + BreakTime
	for _, test := range []struct {
		flags halfFlags
		now   Time
		want  bool
	}{{0, limit, false}, {0, limit + 1, true}, {flying, limit + 1, false}, {blocked, limit + 1, false}} {
		h := Half{Flags: test.flags, Distance: distance, idleSince: idle}
		if got := h.HadNoMore(test.now); got != test.want {
			t.Errorf("flags %v, %d ns after all was acknowledged: %v", test.flags, test.now-idle, got)
		}
	}
}
