package latest

import (
	"testing"

	"tcptrace/analyzer/internal/conn"
)

// TestSoonEnough: how far apart two frames may be that are alike, for one that was captured twice.
func TestSoonEnough(t *testing.T) {
	for _, test := range []struct {
		apart    conn.Time
		ttl      uint64 // of the second, that of the first being 64
		id, want bool
	}{
		{conn.CaptureSkew, 64, false, true}, {-conn.CaptureSkew, 64, false, true},
		{conn.CaptureSkew + 1, 64, false, false}, {conn.CaptureSkew + 1, 63, false, true}, {conn.CaptureSkew + 1, 65, false, false}, {conn.CaptureSkew + 1, 65, true, true},
		{conn.CaptureDelay - 1, 63, false, true}, {conn.CaptureDelay, 63, false, false},
	} {
		first, second := frameHash{0, 64 << ttlShift}, frameHash{test.apart, test.ttl << ttlShift}
		if got := first.soonEnough(&second, test.id); got != test.want {
			t.Errorf("%d ns apart, TTL %d, with an ID: %v: %v", test.apart, test.ttl, test.id, got)
		}
	}
}
