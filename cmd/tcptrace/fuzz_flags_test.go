package main

import (
	"testing"
	"time"

	"tcptrace/internal/input"
	"tcptrace/internal/live/dump"
)

// FuzzFlags reads any text as the sizes, paces and tolerances that flags take: it is refused with words, or within its bounds.
func FuzzFlags(f *testing.F) {
	for _, text := range []string{
		"1x", "0.001x", "1000000x", "max", "NaNx", "1e400x", "100MB", "64KiB", "1EiB", "1e30", "-1", "20%", "0.5", "99.99%", "NaN%", "-0", "1_0", "0x10p4",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if speed, err := input.ParseSpeed(text); err == nil && speed != 0 && !(speed >= input.MinSpeed && speed <= input.MaxSpeed) {
			t.Errorf("the speed %q is %v", text, speed)
		}
		const before = dump.Size(7)
		s := before
		if err := s.Set(text); err != nil && s != before || s < 0 || s > dump.MostBytes {
			t.Errorf("the size %q is %d: %v", text, s, err)
		}
		o := diffOptions{tolerance: text, format: "text", msl: time.Second, maxFlows: 1}
		if tolerance, err := o.parse(); err == nil && !(tolerance.Ratio >= 0 && tolerance.Ratio < 1) {
			t.Errorf("the tolerance %q is %v", text, tolerance.Ratio)
		}
	})
}
