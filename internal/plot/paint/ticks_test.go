package paint

import (
	"strings"
	"testing"
	"time"
)

func TestUnits(t *testing.T) {
	for _, test := range []struct {
		unit Unit
		v    float64
		want string
	}{
		{Count, 0, "0"}, {Count, 9999, "9999"}, {Count, 10_000, "10 k"}, {Count, 1.5e6, "1.5 M"},
		{Bytes, 999, "999 B"}, {Bytes, 1000, "1 kB"}, {Bytes, 2.5e9, "2.5 GB"}, {Rate, 12e6, "12 MB/s"},
		{Duration, 0, "0"}, {Duration, 5e-8, "50 ns"}, {Duration, 1e-6, "1 us"}, {Duration, 0.25, "250 ms"}, {Duration, 2, "2 s"}, {Percent, 2.5, "2.5 %"},
	} {
		if got := test.unit.Text(test.v); got != test.want {
			t.Errorf("%v: %q, want %q", test.v, got, test.want)
		}
	}
}

func TestTimeTicks(t *testing.T) {
	const start = 1772443800e9 // 2026-03-02 09:30:00 UTC
	zone := time.FixedZone("ELSE", 2*3600)
	for _, test := range []struct {
		name        string
		axis        TimeAxis
		label, text string
	}{
		{"ms", TimeAxis{From: start, To: start + 1.9e9, Zero: start, Of: "it"}, "time since it, in ms", "0 500 1000 1500"},
		{"s", TimeAxis{From: start, To: start + 2e9, Zero: start, Of: "it"}, "time since it, in s", "0 0.5 1 1.5 2"},
		{"s, but no minutes", TimeAxis{From: start, To: start + 239e9, Zero: start, Of: "it"}, "time since it, in s", "0 50 100 150 200"},
		{"min", TimeAxis{From: start, To: start + 240e9, Zero: start, Of: "it"}, "time since it, in min", "0 1 2 3 4"},
		{"late in it", TimeAxis{From: start + 100e9, To: start + 100.004e9, Zero: start, Of: "it"}, "time since it, in ms", "100000 100001 100002 100003 100004"},
		{"time of day", TimeAxis{From: start, To: start + 20e9, Zone: time.UTC}, "time of day (UTC), 2026-03-02", "09:30:00 09:30:05 09:30:10 09:30:15 09:30:20"},
		{"elsewhere", TimeAxis{From: start, To: start + 3600e9, Zone: zone}, "time of day (ELSE), 2026-03-02", "11:30 11:45 12:00 12:15 12:30"},
		{"ms of day", TimeAxis{From: start, To: start + 20e6, Zone: time.UTC}, "time of day (UTC), 2026-03-02", "09:30:00.000 09:30:00.005 09:30:00.010 09:30:00.015 09:30:00.020"},
		{"no time at all", TimeAxis{From: start, To: start, Zero: start, Of: "it"}, "time since it, in ns", "0"},
	} {
		var texts []string
		for _, tick := range test.axis.Ticks(5) {
			texts = append(texts, tick.Text)
		}
		if got := strings.Join(texts, " "); got != test.text || test.axis.Label() != test.label {
			t.Errorf("%s: %q, %q, want %q, %q", test.name, test.axis.Label(), got, test.label, test.text)
		}
	}
}

func TestLogTicks(t *testing.T) {
	for _, test := range []struct {
		lo, hi float64
		n      int
	}{{1, 10, 4}, {1, 1e4, 13}, {1, 1.1e4, 5}} {
		if got := logTicks(test.lo, test.hi); len(got) != test.n {
			t.Errorf("%v to %v: %v", test.lo, test.hi, got)
		}
	}
}
