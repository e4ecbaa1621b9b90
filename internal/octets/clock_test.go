package octets

import "testing"

func TestClock(t *testing.T) {
	times := []int64{1_700_000_000_000_000_000, 1_700_000_000_000_001_000, 1_700_000_000_000_000_999, 0, -5}
	var in, out Clock
	var b []byte
	for _, at := range times {
		b = in.Append(b, at)
	}
	r := Reader{Left: b}
	for _, at := range times {
		if got := out.Read(&r); got != at {
			t.Errorf("%d, want %d", got, at)
		}
	}
	if !r.Done() {
		t.Error("something is left")
	}
}
