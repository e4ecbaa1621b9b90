package analyzer_test

import (
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/internal/testutil/scripts"
)

// among judges a script's conversations, all in one tracker, so that all are in its queues.
func among(t *testing.T, script string) *judged {
	t.Helper()
	s := &judged{}
	a := analyzer.New(analyzer.Options{MaxFlows: 1000}, s)
	scripts.Feed(t, a, scripts.Frames(t, script))
	if _, err := a.Close(); err != nil {
		t.Fatal(err)
	}
	return s
}

// told asks whether something is said of any conversation.
func told(what, yes, no string) ask {
	return func(t *testing.T, script string) string {
		if strings.Contains(strings.Join(among(t, script).lines, "\n"), what) {
			return yes
		}
		return no
	}
}

// TestBoundariesOfOthers holds on both sides that a connection is over when its own time is, whatever segments of others come, and whatever deadlines of
// theirs are before its own.
func TestBoundariesOfOthers(t *testing.T) {
	const three = `
client 10.0.0.1:40000
server 10.0.0.2:80
conn other client 10.0.0.7:51515 server 10.0.0.3:443 isn 98120731 0
conn again client 10.0.0.1:40000 server 10.0.0.2:80 isn 555000111 0
`
	succeeds := told("port-reused", "its successor", "apart")
	checkEdges(t, []edge{
		{why: "an unanswered SYN is given up after 15 s: the SYN of another, repeated late, waits until 80 s", ask: succeeds, script: three + `
+0      other> S 0:0(0) win 64240 <mss 1460>
+14s    other> S 0:0(0) win 64240 <mss 1460>
+2s     other> S 0:0(0) win 64240 <mss 1460>
+4s     > S   0:0(0) win 64240 <mss 1460>
+@      again> S 0:0(0) win 64240 <mss 1460>
+20ms   again< S. 0:0(0) ack 1 win 65160 <mss 1460>
+20ms   again> . 1:1(0) ack 1 win 502`, at: []string{"14999ms", "its successor", "15s", "apart"}},

		{why: "the one before waits 60 s for stragglers, however soon it would have been given up: its SYN-ACK comes late", ask: told("syn-changed server", "a stray", "its own"), script: three + `
+0      > S   0:0(0) win 64240 <mss 1460>
+1s     again> S 0:0(0) win 64240 <mss 1460>
+20ms   again< S. 0:0(0) ack 1 win 65160 <mss 1460>
+20ms   again> . 1:1(0) ack 1 win 502
+15s    other> S 0:0(0) win 64240 <mss 1460>
+@      < S.  0:0(0) ack 1 win 65160 <mss 1460>`, at: []string{"44959ms", "its own", "44960ms", "a stray"}},

		{why: "one that is given up after 15 s is not if what was held then is its own", ask: told("client waited 20.0 s: SYN sent once; nothing has come back that it takes\n", "not given up", "given up"), script: three + `
+0      > S   0:0(0) win 64240 <mss 1460>
+@      again< S. 0:0(0) ack 1 win 65160 <mss 1460>
+1s     other> S 0:0(0) win 64240 <mss 1460>
+4001ms other> S 0:0(0) win 64240 <mss 1460>`, at: []string{"14999ms", "not given up", "15s", "given up"}},

		{why: "an ICMP error after it was given up is not about it", ask: told("client waited 1.0 s: SYN sent twice, 1.0 s apart; nothing has come back\n", "alone", "with the error"), script: three + `
+0      > S   0:0(0) win 64240 <mss 1460>
+1s     > S   0:0(0) win 64240 <mss 1460>
+@      < icmp 10.0.5.1 host`, at: []string{"14999ms", "with the error", "15s", "alone"}},
	})
}

// TestBoundariesOfWaiting holds on both sides for how long somebody waits: until the sockets are another connection's.
func TestBoundariesOfWaiting(t *testing.T) {
	for _, e := range [][2]string{
		{"999ms", ""}, {"1s", "client waited 1.0 s: SYN sent once; nothing has come back"}, {"2s", "client waited 2.0 s: SYN sent once; nothing has come back"},
	} {
		s := among(t, `
client 10.0.0.1:40000
server 10.0.0.2:80
conn again client 10.0.0.1:40000 server 10.0.0.2:80 isn 555000111 0
+0      > S   0:0(0) win 64240 <mss 1460>
+`+e[0]+` again> S 0:0(0) win 64240 <mss 1460>
+20ms   again< S. 0:0(0) ack 1 win 65160 <mss 1460>
+20ms   again> . 1:1(0) ack 1 win 502
+90s    again> P. 1:11(10) ack 1 win 502`)
		got := ""
		for _, line := range s.lines {
			if strings.Contains(line, " no-answer ") {
				got = line
			}
		}
		if e[1] == "" && got != "" || !strings.HasSuffix(got, e[1]) {
			t.Errorf("with a successor after %s: %q, not %q", e[0], got, e[1])
		}
	}
}
