package findings_test

import (
	"fmt"
	"testing"
	"time"
)

// TestLongerPath: what took longer since a moment is told, but not twice the time of a short way, what was so all the time, or what shares a queue with transfers
// that fill it.
func TestLongerPath(t *testing.T) {
	for _, c := range []struct {
		name   string
		before int // ms
		behind int
		since  time.Duration
		queue  bool
		want   string
	}{
		{"a detour", 20, 80, span / 2, false, "longer-path"},
		{"a detour of less than twice the way", 20, 38, span / 2, false, ""},
		{"a detour of less than twenty milliseconds", 2, 18, span / 2, false, ""},
		{"a long way", 20, 80, 0, false, ""},
		{"a way that became shorter", 80, 20, span / 2, false, ""},
		{"a queue that transfers fill", 20, 80, span / 2, true, "long-queue-to-client"},
	} {
		p := newPlanted(t)
		p.addHealthy()
		for i := range 120 {
			at := time.Duration(i) * 15 * time.Second
			rtt := c.before
			if at >= c.since {
				rtt = c.behind
			}
			p.add(at, fmt.Sprintf("10.9.3.%d", 1+i%20), p.service(), exchange(time.Duration(rtt)*time.Millisecond, 10*time.Millisecond))
		}
		if c.queue {
			for _, at := range [...]time.Duration{span / 2, span - 5*time.Second} {
				p.add(at, "10.9.3.7", "10.20.0.1:443", queuedDownload(900, 4*time.Millisecond, 200))
			}
		}
		if got := look(t, p.capture()).ids(t); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
