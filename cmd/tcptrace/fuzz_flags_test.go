package main

import (
	"errors"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/packet"
)

// FuzzFlags reads any text as the times, sizes, paces and tolerances that flags take: it is refused with words, or within its bounds.
func FuzzFlags(f *testing.F) {
	for _, text := range []string{
		"+12.5s", "+1m30s", "+2562047h", "+", "2026-11-21T09:30:05.25Z", "2026-11-21 09:30", "09:30:05", "23:59+23:59", "0000-01-01T00:00:00Z", "9999-12-31 23:59:59-12:00",
		"1x", "0.001x", "1000000x", "max", "NaNx", "1e400x", "100MB", "64KiB", "1EiB", "1e30", "-1", "20%", "0.5", "99.99%", "NaN%", "-0", "1_0", "0x10p4",
	} {
		for _, begin := range []int64{0, 1_772_443_800_000_000_000, packet.MaxTime} {
			f.Add(text, begin)
		}
	}
	f.Fuzz(func(t *testing.T, text string, begin int64) {
		begin = min(max(begin, 0), packet.MaxTime)
		at, err := parseInstant(text)
		switch moment := at.in(analyzer.Time(begin)); {
		case err != nil && err.Error() == "":
			t.Errorf("%q is refused without a word", text)
		case err != nil || at.kind == absolute:
		case moment < analyzer.Time(begin):
			t.Errorf("%q of a capture that begins at %d is %d", text, begin, moment)
		case at.kind == timeOfDay && moment.Sub(analyzer.Time(begin)) >= 24*time.Hour:
			t.Errorf("%q of a capture that begins at %d is %d, more than a day later", text, begin, moment)
		}
		if speed, err := parseSpeed(text); err == nil && speed != 0 && !(speed >= minSpeed && speed <= maxSpeed) {
			t.Errorf("the speed %q is %v", text, speed)
		} else if x := (*exitError)(nil); err != nil && (!errors.As(err, &x) || x.code != exitUsage) {
			t.Errorf("the speed %q: %v", text, err)
		}
		const before = size(7)
		s := before
		if err := s.Set(text); err != nil && s != before || s < 0 || s > mostBytes {
			t.Errorf("the size %q is %d: %v", text, s, err)
		}
		o := diffOptions{tolerance: text, format: "text", msl: time.Second, maxFlows: 1}
		if tolerance, err := o.parse(); err == nil && !(tolerance.Ratio >= 0 && tolerance.Ratio < 1) {
			t.Errorf("the tolerance %q is %v", text, tolerance.Ratio)
		}
	})
}
