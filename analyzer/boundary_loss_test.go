package analyzer_test

import (
	"testing"
)

func TestLossBoundaries(t *testing.T) {
	const asks = `
+0  > .  100:101(1) ack 1 win 500
+10 > .  100:101(1) ack 1
`
	checkEdges(t, []edge{
		{"who may have been answered gave up if its RST came when it would ask again, give or take a quarter", asks + "+10 > . 100:101(1) ack 1\n+@ > R. 101:101(0) ack 1 win 0\n", cause,
			[]string{"7499999999ns", "aborted", "7500ms", "keep-alive-timeout", "12500ms", "keep-alive-timeout", "12500000001ns", "aborted"}},
		{"and that is said", asks + "+@ > R. 101:101(0) ack 1 win 0\n", says("keep-alive-timeout"), []string{"7", "no", "8", "error"}},
		{"once tells no interval", "+0 > . 100:101(1) ack 1 win 500\n+@ > R. 101:101(0) ack 1 win 0\n", cause, []string{"10", "aborted"}},
	})
}
