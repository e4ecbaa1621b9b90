package analyzer_test

import (
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/fsm"
)

// What a close does not prove if the capture does not have all of it.
func TestCutClosingBoundaries(t *testing.T) {
	const (
		// of which 100 bytes are acknowledged that were not captured, or all were captured
		hole   = request + "+1ms > P. 101:201(100) ack 201\n+20ms < . 201:201(0) ack @\n"
		known  = "SYN_SENT ESTABLISHED "
		served = "LISTEN? SYN_RCVD ESTABLISHED "
		// the client answers a FIN, and sends its own with data
		begun = "+0 > S 0:0(0) win 64240 <mss 1460>\n" + synack + "+1ms < . 1:1(0) ack @\n+1ms > . 101:101(0) ack 1\n+1s < F. 1:1(0) ack 101\n+1ms > . 101:101(0) ack 2\n" +
			"+1s > FP. 101:151(50) ack 2\n+20ms < . 2:2(0) ack 152\n"
	)
	client, server := path(analyzer.Client), path(analyzer.Server)
	checkEdges(t, []edge{
		{"what was in flight when the capture began may hold up a FIN", "+0 < F. 1:1(0) ack 1\n+50us > . @:@(0) ack 2\n+1ms > F. @:@(0) ack 2\n", client,
			[]string{"1", "ESTABLISHED? CLOSE_WAIT LAST_ACK", "2", "ESTABLISHED? CLOSE_WAIT? LAST_ACK?"}},
		{"a FIN with data may come again where the first that its sender sent was not captured", begun, client,
			[]string{"101", known + "CLOSE_WAIT? LAST_ACK? CLOSED?", "102", known + "CLOSE_WAIT LAST_ACK CLOSED?"}},
		{"whichever address is the lower one", "client 10.0.0.@:40000\nserver 10.0.0.2:80\n" + strings.Replace(begun, "@", "101", 1), client,
			[]string{"1", known + "CLOSE_WAIT? LAST_ACK? CLOSED?", "3", known + "CLOSE_WAIT? LAST_ACK? CLOSED?"}},
		{"or what goes on when it begins", "+0 < F. 1:1(0) ack 1\n+1s > P. @(100) ack 2\n+1ms > F. ack 2\n", client,
			[]string{"101:201", "ESTABLISHED? CLOSE_WAIT? LAST_ACK?", "1:101", "ESTABLISHED? CLOSE_WAIT LAST_ACK"}},
		{"until it is acknowledged", "+0 > P. 1:101(100) ack 1\n+20ms < . 1:1(0) ack @\n+1s < F. 1:1(0) ack @\n+50us > . 101:101(0) ack 2\n+50us > F. 101:101(0) ack 2\n", client,
			[]string{"101", "ESTABLISHED? CLOSE_WAIT LAST_ACK", "100", "ESTABLISHED? CLOSE_WAIT? LAST_ACK?"}},
		{"of a FIN that was not captured nobody knows that it did not wait behind data", request + "+1ms > P. 101:201(100) ack 201\n+20ms < F. 201:201(0) ack @\n+50us > . 201:201(0) ack 202\n", client,
			[]string{"201", known + "CLOSE_WAIT", "200", known + "CLOSE_WAIT?"}},
		{"or behind what the peer acknowledges just now", request + "+1ms > P. 101:201(100) ack 201\n+20ms < F. 201:201(0) ack 101\n+50us > . 201:201(0) ack 202\n+20ms < . 202:202(0) ack 201\n+@ < . 202:202(0) ack 201\n", client,
			[]string{"1055us", known + "CLOSE_WAIT?", "1055001ns", known + "CLOSE_WAIT"}},
		{"unless it sends anything else when it has that", request + "+1ms > P. 101:201(100) ack 201\n+20ms < F. 201:201(0) ack 101\n+50us > . 201:201(0) ack 202\n+20ms < . 202:202(0) ack 201\n+@ > . 201:201(0) ack 202\n", client,
			[]string{"55us", known + "CLOSE_WAIT?", "55001ns", known + "CLOSE_WAIT"}},
		{"it may be the octet that the peer acknowledges behind all that was captured", request + "+1ms > P. 101:201(100) ack 201\n+20ms < F. 201:201(0) ack 101\n+50us > . 201:201(0) ack 202\n+20ms < . 202:202(0) ack @\n+1s < . 202:202(0) ack @\n", client,
			[]string{"201", known + "CLOSE_WAIT", "202", known + "CLOSE_WAIT?"}},
		{"FINs crossed for sure if the first copy of the one is known, all else being captured", request + "+1ms > P. 101:201(100) ack 201\n+20ms < . 201:201(0) ack @ ack 202\n", client,
			[]string{"201\n+1ms < F. 201:201(0) ack 201\n+50us > . 202:202(0) ack 202\n+300ms > F. 201:201(0)", known + "FIN_WAIT_1 CLOSING",
				"202\n+1ms < F. 201:201(0) ack 202\n+50us > . 203:203(0) ack 202\n+300ms > F. 202:202(0)", known + "FIN_WAIT_1? CLOSING?"}},
		{"or the capture has its sender before", "@+20ms < F. 1:1(0) ack 1\n+50us > . 2:2(0) ack 2\n+300ms > F. 1:1(0) ack 2\n", client,
			[]string{"+0 < . 1:1(0) ack 1\n", "ESTABLISHED? FIN_WAIT_1 CLOSING", "", "ESTABLISHED? FIN_WAIT_1? CLOSING?"}},
		{"CLOSING is sure without an ACK of the FIN if that cannot have been missed", request + "+1ms > P. 101:201(100) ack 201\n+20ms < . 201:201(0) ack @\n", server,
			[]string{"201\n+1ms > F. 201:201(0) ack 201\n+10ms < F. 201:201(0) ack 201\n+20ms < . 202:202(0) ack 202", served + "FIN_WAIT_1 CLOSING",
				"202\n+1ms > F. 202:202(0) ack 201\n+10ms < F. 201:201(0) ack 202\n+20ms < . 202:202(0) ack 203", served + "FIN_WAIT_1 CLOSING?"}},
		{"as it may have been if the ACK of the peer's FIN comes late", request + "+1ms > F. 101:101(0) ack 201\n+10ms < F. 201:201(0) ack 101\n+@ms < . 202:202(0) ack 102\n", server,
			[]string{"25", served + "FIN_WAIT_1 CLOSING", "26", served + "FIN_WAIT_1 CLOSING?"}},
		{"but for a FIN that comes ahead of what is missing", request + "+1ms > F. 201:201(0) ack 201\n+10ms < F. 201:201(0) ack 101\n+20ms < . 202:202(0) ack 101\n@+300ms < . 202:202(0) ack 202\n", server,
			[]string{"+1ms > P. 101:201(100) ack 201\n", served + "FIN_WAIT_1 CLOSING"}},
		{"or the FIN comes again", strings.Replace(hole, "@", "202", 1) + "+1ms > F. 202:202(0) ack 201\n+10ms < F. 201:201(0) ack 202\n+300ms < . 202:202(0) ack 203\n@", server,
			[]string{"", served + "FIN_WAIT_1 CLOSING?", "+200ms < F. 201:201(0) ack 203\n", served + "FIN_WAIT_1 CLOSING"}},
		{"who is near acknowledges a FIN at once: a FIN that does so late may be a second copy", syn + synack + "+50us > . 1:1(0) ack 1\n+1ms < F. 1:1(0) ack 1\n+@ms > F. 1:1(0) ack 2\n", client,
			[]string{"40", known + "CLOSE_WAIT LAST_ACK", "41", known + "CLOSE_WAIT? LAST_ACK?"}},
		{"what is taken for its distance may be its wait, too, if the capture has no more of it", syn + "+50us > . 1:1(0) ack 1\n+20ms < P. 1:101(100) ack 1\n+1ms < F. 101:101(0) ack 1\n+@ms > F. 1:1(0) ack 102\n", client,
			[]string{"40", known + "CLOSE_WAIT LAST_ACK", "41", known + "CLOSE_WAIT? LAST_ACK?"}},
		{"a FIN that is captured behind its ACK was sent before", request + "+20ms < . 201:201(0) ack 102\n+1ms > F. @ ack 201\n", client,
			[]string{"101:101(0)", known + "FIN_WAIT_1", "100:100(0)", known[:len(known)-1]}},
		{"nobody takes a FIN if its sender goes on where the peer acknowledges it to be", request + "+1ms > F. 101:101(0) ack 201\n+20ms < . 201:201(0) ack 151\n+1ms > P. @(50) ack 201\n", client,
			[]string{"151:201", known[:len(known)-1], "152:202", known + "FIN_WAIT_1"}},
		{"an ACK that SYN_SENT resets is of no FIN of the connection that it opens", syn + "+20ms < . 5001:5001(0) ack @\n+50us > R @:@(0) win 0\n" +
			"+1s > S 0:0(0) win 64240 <mss 1460>\n" + synack + "+50us > . 1:1(0) ack 1\n+1ms > F. 1:1(0) ack 1\n+20ms < . 1:1(0) ack 2\n", entered(analyzer.Server, fsm.CloseWait),
			[]string{"77", "7", "2000000000", "7"}},
		{"a new SYN-ACK of who is CLOSED is not that it goes on", "+0 > . 101:101(0) ack 201\n+1ms > R. 101:101(0) ack 201\n+1s > S 0:0(0) win 64240 <mss 1460>\n" +
			"+50us < @ ack 1 win 65160 <mss 1460>\n+20ms > R 1:1(0) win 0\n", entered(analyzer.Server, fsm.Closed),
			[]string{"S. 9000000:9000000(0)", "2", "P. 201:301(100)", "5"}},
		{"a SYN that passes long behind what its sender sent opens nothing", "+0 < P. 1:501(500) ack 101\n+1ms > . 101:101(0) ack 501\n+@ > S 0:0(0) win 64240 <mss 1460>\n+20ms < . 501:501(0) ack 101\n+50us > R. 101:101(0) ack 501\n", client,
			[]string{"500ms", "SYN_SENT CLOSED", "500001us", "ESTABLISHED? CLOSED"}},
		{"who sent a SYN-ACK acknowledges what came behind the handshake's ACK", syn + synack + "+1s < . 501:501(0) ack @\n+50us > R @:@(0) win 0\n", client,
			[]string{"85", known[:len(known)-1] + "? CLOSED?", "1", "SYN_SENT CLOSED"}},
		{"an RST shows what came in front of it", syn + synack + "+300ms > R. @\n", client,
			[]string{"101:101(0) ack 501", known[:len(known)-1] + "? CLOSED", "101:101(0) ack 1", "SYN_SENT CLOSED", "1:1(0) ack 501", "SYN_SENT CLOSED"}},
		{"an RST answers what is captured soon behind it, too", syn + "+20ms > R 5001:5001(0) win 0\n+@ < . 77:77(0) ack 5001\n", client,
			[]string{"9999us", "SYN_SENT", "10ms", "SYN_SENT CLOSED?"}},
		{"SYN_RCVD sends ACKs, too: they are no sign that the handshake's came", "+0 < S. 0:0(0) ack 1 win 65160 <mss 1460>\n+1s < @\n", client,
			[]string{". 1:1(0) ack 1", "SYN_SENT ESTABLISHED?", ". 1:1(0) ack 2", known[:len(known)-1], "P. 1:2(1) ack 1", known[:len(known)-1]}},
		{"an RST acknowledges too soon what was not acknowledged before", syn + synack + "+50us > . 1:1(0) ack 1\n+@+1ms < R. 1461:1461(0) ack 101\n+1ms < P. 1461:2921(1460) ack 101\n", says("suspected-injection"),
			[]string{"20ms < P. 1:1461(1460) ack 1\n+1ms > P. 1:101(100) ack 1\n", "error", "20ms < P. 1:1461(1460) ack 101\n+1ms > P. 1:101(100) ack 1\n", "no"}},
		{"what passes in the moment of a FIN is not sent behind it", request + "+1ms > F. 101:101(0) ack 201\n+@ < P. 201:301(100) ack 101\n+1ms > R. 102:102(0) ack 201\n", says("write-after-close"),
			[]string{"0", "no", "1us", "error"}},
		{"what was taken for the way may have been the application's time if the capture lacks what answered", "+0 > S 0:0(0) win 64240 <mss 1460>\n+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n" +
			"+20ms > . 1:1(0) ack @\n+1s < P. 101:201(100) ack 1\n+50us > R 1:1(0) win 0\n", path(analyzer.Client),
			[]string{"101", known + "CLOSED?", "1", "SYN_SENT ESTABLISHED"}},
	})
}
