package analyzer_test

import (
	"fmt"
	"testing"

	"tcptrace/analyzer"
)

// TestStrayBoundaries holds what is said of openings among segments that are not of the connection.
func TestStrayBoundaries(t *testing.T) {
	client, server := path(analyzer.Client), path(analyzer.Server)
	const (
		refusal = "+20ms < R. raw 0:0(0) ack 1 win 0\n"
		synack  = "+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n"
		opened  = synack + "+1ms > . 1:1(0) ack 1\n+1ms > P. 1:101(100) ack 1\n+20ms < P. 1:201(200) ack 101\n"
	)
	checkEdges(t, []edge{
		// RFC 9293 3.10.7.3: SYN_SENT answers a SYN by a SYN-ACK with the number of that. Nothing was captured of the server then; when it says its
		// number, that counts, and not what was said of it.
		{"whose SYN a SYN-ACK answers has the number that it acknowledges", syn + "+20ms > S. 0:0(0) ack @ win 64240 ttl 40 forged\n" + opened, client,
			[]string{"1", "SYN_SENT SYN_RCVD ESTABLISHED?", "202", "SYN_SENT ESTABLISHED"}},
		{"and is a listener else", syn + "+20ms > S. 0:0(0) ack @ win 64240 ttl 40 forged\n" + opened, server,
			[]string{"1", "SYN_SENT? SYN_RCVD ESTABLISHED", "202", "LISTEN? SYN_RCVD ESTABLISHED"}},
		{"and the SYN-ACK is of another connection", syn + "+20ms > S. 0:0(0) ack 202 win 64240 ttl 40 forged\n" + opened, detail("syn-changed"),
			[]string{"", "a SYN-ACK with the ISN of the client's own SYN, 20.0 ms after the first segment: it acknowledges no SYN that its peer sent"}},
		// 3.10.7.3: an RST that acknowledges the SYN ends SYN_SENT, and CLOSED sends no SYN-ACK. Who sends its SYN again is in SYN_SENT.
		{"who was refused sends no SYN-ACK", syn + refusal + "@+20ms > S. 0:0(0) ack 202 win 64240 forged\n", client,
			[]string{"", "SYN_SENT CLOSED?", "+1s > S 0:0(0) win 64240 <mss 1460>\n", "SYN_SENT SYN_RCVD"}},
		{"and the SYN-ACK in its name is none", syn + refusal + "+20ms > S. 0:0(0) ack 202 win 64240 forged\n", detail("syn-changed"),
			[]string{"", "a SYN-ACK with the ISN of the client's own SYN, 40.0 ms after the first segment: that had been refused"}},
		{"so it is refused", syn + refusal + "@", outcome,
			[]string{"+20ms > S. 0:0(0) ack 202 win 64240 forged\n", "refused", "+20ms > S. 0:0(0) ack 202 win 64240 forged\n+1s > S 0:0(0) win 64240 <mss 1460>\n" + opened, "open"}},
		// 3.10.7.3: SYN_SENT takes nothing without a SYN. What acknowledges its SYN was captured out of order.
		{"a FIN before the SYN-ACK, of another connection, is none of this", syn + "+1ms < F. 101:101(0) ack @ win 1000 forged\n" + opened, says("suspected-injection"),
			[]string{"2000000000", "no", "1", "error"}},
		{"nor is data, before the SYN is sent again", syn + refusal + "+1ms < P. 101:201(100) ack @ forged\n+1s > S 0:0(0) win 64240 <mss 1460>\n", streamOf(analyzer.Server),
			[]string{"0", "0", "1", "100", "1048577", "100", "1048578", "0", "2000000000", "0"}},
		// A SYN-ACK acknowledges nothing but the SYN, so it does not go with an acknowledgment from long before it.
		{"who acknowledged what lies far from a SYN answers that in another connection", "+0 < P. 203:253(50) ack @ forged\n+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n", conversations,
			[]string{"0", "2", "1", "1", "1048577", "1", "1048578", "2"}},
	})
}

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

// streamOf asks how many bytes a side sent.
func streamOf(side analyzer.Side) ask {
	return func(t *testing.T, script string) string {
		return fmt.Sprint(judge(t, script).last.Sent[side].StreamBytes)
	}
}
