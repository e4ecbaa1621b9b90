package analyzer_test

import (
	"testing"

	"tcptrace/analyzer"
)

// TestRejectedRSTs holds what an RST tells that its receiver does not take: nothing of when its supposed sender spoke (RFC 5961 3.2).
func TestRejectedRSTs(t *testing.T) {
	const (
		talk   = syn + "+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n+1ms > . 1:1(0) ack 1\n+1ms > P. 1:101(100) ack 1\n+20ms < P. 1:201(200) ack 101\n+1ms > . 101:101(0) ack 201\n"
		asked  = talk + "+1ms > P. 101:201(100) ack 201\n+20ms < . 201:201(0) ack 201\n"
		answer = "+2s < P. 201:301(100) ack 201\n"
	)
	checkEdges(t, []edge{
		{"a silence is one", talk + "+2s < @\n+2s > P. 101:201(100) ack 201\n+20ms < P. 201:301(100) ack 201\n", spent,
			[]string{". 201:201(0) ack 101", "opening 21, network 41, client_thinking 1, idle 4000", "R 70000:70000(0) win 0 ttl 40 forged", "opening 21, network 41, client_thinking 1, idle 4000"}},
		{"so is the time that an answer takes", asked + "+2s < @\n" + answer, spent,
			[]string{". 201:201(0) ack 201", "opening 21, network 41, server_thinking 4000, client_thinking 2", "R 70000:70000(0) win 0 ttl 40 forged", "opening 21, network 41, server_thinking 4000, client_thinking 2"}},
	})
}

// TestUncapturedFINs holds what is said of the end of a connection of which the first copy of the peer's FIN was not captured: what shows that FIN is the endpoint's own
// segment, and acknowledges nothing of its own, whatever the initial numbers are.
func TestUncapturedFINs(t *testing.T) {
	const script = "isn @\n" + syn + "+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n+1ms > . 1:1(0) ack 1\n+1ms > P. 1:101(100) ack 1\n+20ms < P. 1:201(200) ack 101\n" +
		"+1ms > . 101:101(0) ack 201\n+10ms < F. 201:201(0) ack 101 unseen\n+1ms > F. 101:101(0) ack 202\n" +
		"+300ms < F. 201:201(0) ack 101\n+1ms > . 102:102(0) ack 202\n"
	checkEdges(t, []edge{
		{"the ACK of an unseen FIN is none of its own", script, path(analyzer.Client),
			[]string{"5000000 1000", "SYN_SENT ESTABLISHED CLOSE_WAIT? LAST_ACK?", "1000 5000000", "SYN_SENT ESTABLISHED CLOSE_WAIT? LAST_ACK?"}},
		{"until it comes", script + "+20ms < . 202:202(0) ack 102\n", path(analyzer.Client),
			[]string{"5000000 1000", "SYN_SENT ESTABLISHED CLOSE_WAIT? LAST_ACK? CLOSED?", "1000 5000000", "SYN_SENT ESTABLISHED CLOSE_WAIT? LAST_ACK? CLOSED?"}},
	})
}
