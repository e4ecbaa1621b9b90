package dump

import "testing"

func TestSize(t *testing.T) {
	for text, want := range map[string]Size{
		"0": 0, "1000": 1000, "1.5kB": 1500, "100MB": 100e6, "100 mb": 100e6, "64KiB": 64 << 10, "2GiB": 2 << 30, "1EiB": 1 << 60,
	} {
		var s Size
		if err := s.Set(text); err != nil || s != want {
			t.Errorf("%s: %d, %v, want %d", text, s, err, want)
		}
	}
	for _, text := range []string{"", "-1", "MB", "10 apples", "1152921504606846977", "1e30"} {
		s := Size(1)
		if err := s.Set(text); err == nil || s != 1 {
			t.Errorf("%q is taken for %d", text, s)
		}
	}
	for s, want := range map[Size]string{0: "0", 128 << 20: "128MiB"} {
		if got := s.String(); got != want {
			t.Errorf("%d: %s, want %s", s, got, want)
		}
	}
}
