package input

import "testing"

func TestParseSpeed(t *testing.T) {
	for s, want := range map[string]float64{
		"1x": 1, "10x": 10, "0.5x": 0.5, ".25x": 0.25, "1e3x": 1000, "0.001x": 0.001, "1000000x": 1e6, "max": 0, "1": 1, "10": 10, "0.5": 0.5,
	} {
		if got, err := ParseSpeed(s); err != nil || got != want {
			t.Errorf("%q: %v, %v, want %v", s, got, err, want)
		}
	}
	for _, s := range []string{
		"", "x", "-10", "0", "fast", "MAX", "1X", "1 x", "-1x", "0x", "0.0001x", "2e6x", "1e400x", "NaNx", "Infx", "0x1p3x", "1_0x", "1xx", "maxx",
	} {
		if speed, err := ParseSpeed(s); err == nil {
			t.Errorf("%q is taken for %v", s, speed)
		}
	}
}
