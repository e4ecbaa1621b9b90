package findings_test

import (
	"slices"
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

// TestMetOldConnection: where the old connection is in the capture, the new one waited for that to be reset, and not for the network.
func TestMetOldConnection(t *testing.T) {
	const old = "conn again isn 1012739168 2404001777\n+0 > S win 64240\n+20ms < S. win 65160\n+0 > .\n+90s again> S win 64240\n"
	const answer, opens = "+20ms < .\n+0 > R 1:1(0) win 0\n", "again> S 0:0(0) win 64240\n+20ms again< S. win 65160\n+0 again> .\n"
	for script, want := range map[string]string{
		old + answer + "+160ms " + opens: "met-old-connection", // 200 ms in all
		old + answer + "+159ms " + opens: "opened-again",
		old + "+1s " + opens:             "slow-opening",
	} {
		var found []string
		for _, f := range look(t, scripts.Frames(t, script)).found.Findings {
			found = append(found, f.ID)
		}
		if !slices.Contains(found, want) {
			t.Errorf("%s: found %v, want %s", script, found, want)
		}
	}
}
