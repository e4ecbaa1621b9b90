package human

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestHuman(t *testing.T) {
	for n, want := range map[uint64]string{
		0: "0 B", 999: "999 B", 1000: "1.0 kB", 1234567: "1.2 MB", 999_999: "999.9 kB", 1_000_000: "1.0 MB",
		math.MaxUint64: "18.4 EB",
	} {
		if got := Bytes(n); got != want {
			t.Errorf("humanBytes(%d) = %q, want %q", n, got, want)
		}
	}
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := Count(n); got != want {
			t.Errorf("humanCount(%d) = %q, want %q", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		0: "0 ns", 87 * time.Microsecond: "87 us", 12_345 * time.Microsecond: "12.3 ms", 1203 * time.Millisecond: "1.203 s",
		723 * time.Second: "12m03s", 312 * time.Minute: "5h12m", 76 * time.Hour: "3d04h", -time.Second: "-1.000 s",
	} {
		if got := Duration(d); got != want {
			t.Errorf("humanDuration(%d) = %q, want %q", d, got, want)
		}
	}
	if got := Duration(math.MinInt64); !strings.HasPrefix(got, "-") {
		t.Errorf("the shortest duration is %q", got)
	}
}
