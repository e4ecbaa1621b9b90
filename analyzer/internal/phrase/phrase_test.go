package phrase

import (
	"testing"

	"tcptrace/analyzer/internal/conn"
)

func TestGaps(t *testing.T) {
	var g Gaps
	for i := range 8 {
		g.Add(i, conn.Time(1e9)<<i)
	}
	for n, want := range map[int64]string{
		0: "", 1: "1.0 s apart", 2: "1.0 s and 2.0 s apart", 3: "1.0 s, 2.0 s and 4.0 s apart",
		8: "1.0 s, 2.0 s, 4.0 s, 8.0 s, 16.0 s, 32.0 s ... apart",
	} {
		if got := g.Text(n); got != want {
			t.Errorf("%d gaps: %q, want %q", n, got, want)
		}
	}
	g = Gaps{}
	g.Add(0, 1e18)
	g.Add(1, -5)
	if got := g.Text(2); got != "2097 s and 0 µs apart" {
		t.Errorf("out of range: %q", got)
	}
}

func TestDuration(t *testing.T) {
	for ns, want := range map[int64]string{
		-2_440_819_000: "0 µs", -1: "0 µs", 0: "0 µs", 60_000: "60 µs", 999_499: "999 µs", 999_500: "1.0 ms", 20_100_000: "20.1 ms", 999_949_999: "999.9 ms",
		999_950_000: "1.0 s", 3e9: "3.0 s", 99_940_000_000: "99.9 s", 100e9: "100 s", 3600e9: "3600 s",
	} {
		if got := Duration(ns); got != want {
			t.Errorf("%d ns: %s, want %s", ns, got, want)
		}
	}
}
