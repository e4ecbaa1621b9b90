package wording

import (
	"testing"
	"time"
)

func TestGaps(t *testing.T) {
	const s = time.Second
	doubling := []time.Duration{s, 2 * s, 4 * s, 8 * s, 16 * s, 32 * s, 64 * s, 128 * s}
	for _, c := range []struct {
		gaps []time.Duration
		want string
	}{
		{nil, ""},
		{doubling[:1], "1.0 s apart"},
		{doubling[:2], "1.0 s and 2.0 s apart"},
		{doubling[:3], "1.0 s, 2.0 s and 4.0 s apart"},
		{doubling, "1.0 s, 2.0 s, 4.0 s, 8.0 s, 16.0 s, 32.0 s ... apart"},
		{[]time.Duration{s, s}, "1.0 s apart each time"},
		{[]time.Duration{s, s, 2 * s}, "1.0 s, 1.0 s and 2.0 s apart"},
		{[]time.Duration{s, s + 30*time.Millisecond, s, 2 * s}, "1.0 s (3 times) and 2.0 s apart"},
		{[]time.Duration{s, s, s, 2 * s, 2 * s, 2 * s, 2 * s}, "1.0 s (3 times), 2.0 s (3 times) ... apart"},
		{[]time.Duration{s, s, s, s, s, s}, "1.0 s apart each time"},
		{[]time.Duration{s, s, s, s, s, s, s}, "1.0 s (6 times) ... apart"},
		{[]time.Duration{1e18, -5}, "2097 s and less than 1 ms apart"},
		{[]time.Duration{s, 499_999}, "1.0 s and less than 1 ms apart"},
		{[]time.Duration{s, 500_000}, "1.0 s and 1.0 ms apart"},
	} {
		var g Gaps
		for i, d := range c.gaps {
			g.Add(i, d)
		}
		if got := g.Text(int64(len(c.gaps))); got != c.want {
			t.Errorf("%v: %q, want %q", c.gaps, got, c.want)
		}
	}
}

func TestDuration(t *testing.T) {
	for ns, want := range map[int64]string{
		-2_440_819_000: "0 us", -1: "0 us", 0: "0 us", 60_000: "60 us", 999_499: "999 us", 999_500: "1.0 ms", 20_100_000: "20.1 ms", 999_949_999: "999.9 ms",
		999_950_000: "1.0 s", 3e9: "3.0 s", 99_940_000_000: "99.9 s", 100e9: "100 s", 3600e9: "3600 s",
	} {
		if got := Duration(ns); got != want {
			t.Errorf("%d ns: %s, want %s", ns, got, want)
		}
	}
}

func TestCounted(t *testing.T) {
	for _, c := range []struct {
		what, n int64
		text    string
	}{{1, 1, "once"}, {2 | OrMore, 2, "at least twice"}, {OrMore - 1, OrMore - 1, "2,147,483,647 times"}, {OrMore<<1 | 3, 3, "3 times"}, {OrMore<<4 | OrMore | 3, 3, "at least 3 times"}} {
		if n, text := Counted(c.what); n != c.n || text != c.text {
			t.Errorf("%#x: %d, %q, want %d, %q", c.what, n, text, c.n, c.text)
		}
	}
}
