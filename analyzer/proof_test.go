package analyzer_test

import (
	"fmt"
	"testing"

	"tcptrace/analyzer"
)

// TestNotProved: what another may have sent, or SYN_RCVD sends, too, proves no step; what differs by as little as can be does.
func TestNotProved(t *testing.T) {
	const dialed = "+0 > S 0:0(0) win 64240 <mss 1460>\n+20ms < S. 0:0(0) ack 1 win 1000 <mss 1460>\n"
	for _, c := range []struct{ name, script, want string }{
		{"an RST that acknowledges less than its sender had", request + "+1s < R. 201:201(0) ack 100\n", "CLOSED assumed"},
		{"one that acknowledges as much", request + "+1s < R. 201:201(0) ack 101\n", "CLOSED sent"},
		{"an answer to what lies ahead of what SYN_RCVD expects", dialed + "+50us > . 1002:1002(0) ack 1\n+20ms < . 1:1(0) ack 1\n", "ESTABLISHED assumed"},
		{"or may lie ahead", dialed + "+50us > P. 2:102(100) ack 1\n+20ms < . 1:1(0) ack 1\n", "ESTABLISHED assumed"},
		{"what it expects passed, too", dialed + "+50us > . 1:1(0) ack 1\n+1ms > P. 5001:5101(100) ack 1\n+20ms < . 1:1(0) ack 1\n", "ESTABLISHED acknowledged"},
		{"the answer takes something", dialed + "+50us > . 1002:1002(0) ack 1\n+1ms > P. 1:101(100) ack 1\n+20ms < . 1:1(0) ack 101\n", "ESTABLISHED acknowledged"},
		{"it sends data", dialed + "+50us > . 1002:1002(0) ack 1\n+20ms < P. 1:101(100) ack 1\n", "ESTABLISHED acknowledged"},
	} {
		steps := judge(t, c.script).j.Trajectory[analyzer.Server]
		last := steps[len(steps)-1]
		if got := fmt.Sprint(last.State, " ", last.Evidence); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
