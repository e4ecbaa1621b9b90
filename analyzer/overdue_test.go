package analyzer_test

import (
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/internal/testutil/scripts"
)

// TestBoundariesOfOthers holds on both sides that a connection is over when its own time is, whatever deadlines of others are before its own: the SYN of
// another, repeated late, waits until 80 s.
func TestBoundariesOfOthers(t *testing.T) {
	succeeds := func(t *testing.T, script string) string {
		s := &judged{}
		a := analyzer.New(analyzer.Options{MaxFlows: 1000}, s) // one tracker, so that all are in its queues
		scripts.Feed(t, a, scripts.Frames(t, script))
		if _, err := a.Close(); err != nil {
			t.Fatal(err)
		}
		for _, line := range s.lines {
			if strings.Contains(line, "port-reused") {
				return "its successor"
			}
		}
		return "apart"
	}
	checkEdges(t, []edge{{why: "an unanswered SYN is given up after 15 s", ask: succeeds, script: `
client 10.0.0.1:40000
server 10.0.0.2:80
conn other client 10.0.0.7:51515 server 10.0.0.3:443 isn 98120731 0
conn again client 10.0.0.1:40000 server 10.0.0.2:80 isn 555000111 0
+0      other> S 0:0(0) win 64240 <mss 1460>
+14s    other> S 0:0(0) win 64240 <mss 1460>
+2s     other> S 0:0(0) win 64240 <mss 1460>
+4s     > S   0:0(0) win 64240 <mss 1460>
+@      again> S 0:0(0) win 64240 <mss 1460>
+20ms   again< S. 0:0(0) ack 1 win 65160 <mss 1460>
+20ms   again> . 1:1(0) ack 1 win 502`, at: []string{"14999ms", "its successor", "15s", "apart"}}})
}
