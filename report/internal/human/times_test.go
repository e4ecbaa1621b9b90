package human

import (
	"testing"
	"time"

	"tcptrace/analyzer"
)

func TestTimes(t *testing.T) {
	was := time.Local
	time.Local = time.FixedZone("EST", -5*3600)
	t.Cleanup(func() { time.Local = was })
	base := analyzer.Time(time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC).UnixNano())
	at := base.Add(90*time.Second + 1_234_567_890)
	for _, test := range []struct {
		times                            Times
		whole, millis, dated, full, unit string
	}{
		{UTC, "01:01:31", "01:01:31.234", "03-02 01:01:31.234", "2026-03-02 01:01:31.234567 UTC", "UTC"},
		{Local, "20:01:31", "20:01:31.234", "03-01 20:01:31.234", "2026-03-01 20:01:31.234567 EST", "EST"},
		{Relative, "91", "91.234", "91.234", "91.234567 s after the first packet", "s"},
		{Delta, "91", "91.234", "91.234", "91.234567 s after the first packet", "s"},
		{Epoch, "1772413291", "1772413291.234", "1772413291.234", "1772413291.234567 s since 1970", "s"},
	} {
		for want, got := range map[string]string{
			test.whole: test.times.Moment(at, base, 0, false), test.millis: test.times.Moment(at, base, 3, false),
			test.dated: test.times.Moment(at, base, 3, true), test.full: test.times.Full(at, base, 6), test.unit: test.times.Unit(at),
		} {
			if got != want {
				t.Errorf("%d: %q, want %q", test.times, got, want)
			}
		}
	}
	if got := Relative.Moment(base-1_500_000_000, base, 3, false); got != "-1.500" {
		t.Errorf("before the base: %q", got)
	}
}
