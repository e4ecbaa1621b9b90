package quantile

import (
	"math"
	"testing"
	"time"
)

// TestCodes: a code tells a duration to a sixteenth, from the unit up to the longest that there are, and a longer one has no smaller code.
func TestCodes(t *testing.T) {
	last := uint8(0)
	for d := int64(8 << codeUnit); d < 1<<37; d += d/40 + 1 {
		code := CodeOf(d)
		if got := int64(durationOf(code)); got < d-d/16-1 || got > d+d/16+1 {
			t.Fatalf("%d ns is told as %d", d, got)
		}
		if code < last {
			t.Fatalf("%d ns has code %d, and a shorter one %d", d, code, last)
		}
		last = code
	}
	if CodeOf(-1) != 0 || CodeOf(math.MaxInt64) != histBuckets-1 {
		t.Errorf("codes of the extremes: %d and %d", CodeOf(-1), CodeOf(math.MaxInt64))
	}
}

// TestQuantiles: the nearest ranks of 100 samples, of which a histogram has the first 32 from codes; and of the codes alone.
func TestQuantiles(t *testing.T) {
	var c Codes
	var h Histogram
	for i := range 100 {
		code := CodeOf(int64(i+1) * int64(time.Millisecond))
		switch {
		case i < len(c):
			c[i] = code
		case i == len(c):
			h.Begin(&c)
			fallthrough
		default:
			h.Add(code)
		}
	}
	near := func(what string, got, want time.Duration) {
		if d := got - want; max(d, -d) > want/16+1 {
			t.Errorf("%s is %s, not %s", what, got, want)
		}
	}
	q := h.At(Shares{0.5, 0.95, 0.99})
	near("the median", q[0], 50*time.Millisecond)
	near("p95", q[1], 95*time.Millisecond)
	near("p99", q[2], 99*time.Millisecond)
	q = c.At(8, Shares{0.01, 0.5, 1})
	near("the first of 8", q[0], time.Millisecond)
	near("the median of 8", q[1], 4*time.Millisecond)
	near("the last of 8", q[2], 8*time.Millisecond)
}

// TestFull: a count that is full is halved, and so are all others.
func TestFull(t *testing.T) {
	var h Histogram
	h.Add(1)
	h.Add(1)
	for range math.MaxUint16 - 1 {
		h.Add(2)
	}
	if h[1] != 2 || h[2] != math.MaxUint16-1 {
		t.Errorf("before a count is full: %d and %d", h[1], h[2])
	}
	if h.Add(2); h[1] != 1 || h[2] != math.MaxUint16/2 {
		t.Errorf("then: %d and %d", h[1], h[2])
	}
}
