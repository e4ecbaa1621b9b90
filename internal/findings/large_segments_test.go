package findings_test

import (
	"fmt"
	"strings"
	"testing"

	"tcptrace/internal/testutil/scripts"
)

// TestLargeSegmentsLost: what is larger than every path takes, and was never acknowledged, may be too large for this one; what is smaller, or
// some of which was acknowledged, is not.
func TestLargeSegmentsLost(t *testing.T) {
	again := func(line string) string {
		var b strings.Builder
		for i := range 6 {
			fmt.Fprintf(&b, "+%dms %s", 240<<i, line)
		}
		return b.String()
	}
	first := func(t *testing.T, script string) string {
		s := look(t, scripts.Frames(t, script))
		s.check(t)
		if len(s.found.Findings) == 0 {
			return ""
		}
		return s.found.Findings[0].ID
	}
	const later = "+200 frame ffffffffffff02000000000108060001\n"
	scripts.Edge(t, "how large", open+"+20ms < . 1:@ ack 201\n"+again("< . 1:@ ack 201\n")+later, []string{"1221(1220)", "retries-exhausted", "1222(1221)", "large-segments-lost"}, first)
	scripts.Edge(t, "none acknowledged", open+"+20ms < . 1:1461(1460) ack 201\n+1ms < . 1461:2921(1460) ack 201\n+60us @"+later, []string{
		"> . 201:201(0) ack 1\n" + again("< . 1:1461(1460) ack 201\n"), "large-segments-lost",
		"> . 201:201(0) ack 1461\n" + again("< . 1461:2921(1460) ack 201\n"), "retries-exhausted",
	}, first)
}
