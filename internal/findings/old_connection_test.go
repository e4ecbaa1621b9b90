package findings_test

import (
	"testing"

	"tcptrace/internal/testutil/scripts"
)

// TestOldConnection: a SYN that met an old connection is told of with the new one, or with the old one where that is in the capture.
func TestOldConnection(t *testing.T) {
	const (
		syn   = "+0 > S win 64240\n+20ms < . 77:77(0) ack 5000\n+0 > R 5000:5000(0) win 0\n+1s > S 0:0(0) win 64240\n"
		opens = "+20ms < S. 0:0(0) ack 1 win 65160\n+0 > . 1:1(0) ack 1\n"
	)
	for id, script := range map[string]string{
		"old-connection": syn + opens,
		"forgotten":      "conn again isn 1012739168 2404001777\n+0 > S win 64240\n+20ms < S. win 65160\n+0 > .\n+90s again> S win 64240\n+20ms < .\n+0 > R 1:1(0) win 0\n+1s again> S 0:0(0) win 64240\n+20ms again< S. win 65160\n+0 again> .\n",
	} {
		found := map[string]bool{}
		for _, f := range look(t, scripts.Frames(t, script)).found.Findings {
			found[f.ID] = true
		}
		if !found[id] || found["forgotten"] && found["old-connection"] {
			t.Errorf("%s: found %v", id, found)
		}
	}
}
