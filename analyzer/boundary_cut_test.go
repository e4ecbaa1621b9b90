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
	)
	client, server := path(analyzer.Client), path(analyzer.Server)
	checkEdges(t, []edge{
		{"what was in flight when the capture began may hold up a FIN", "+0 < F. 1:1(0) ack 1\n+50us > . @:@(0) ack 2\n+1ms > F. @:@(0) ack 2\n", client,
			[]string{"1", "ESTABLISHED? CLOSE_WAIT LAST_ACK", "2", "ESTABLISHED? CLOSE_WAIT? LAST_ACK?"}},
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
			[]string{"201\n+1ms > F. 201:201(0) ack 201\n+10ms < F. 201:201(0) ack 201\n+300ms < . 202:202(0) ack 202", served + "FIN_WAIT_1 CLOSING",
				"202\n+1ms > F. 202:202(0) ack 201\n+10ms < F. 201:201(0) ack 202\n+300ms < . 202:202(0) ack 203", served + "FIN_WAIT_1 CLOSING?"}},
		{"or the FIN comes again", strings.Replace(hole, "@", "202", 1) + "+1ms > F. 202:202(0) ack 201\n+10ms < F. 201:201(0) ack 202\n+300ms < . 202:202(0) ack 203\n@", server,
			[]string{"", served + "FIN_WAIT_1 CLOSING?", "+200ms < F. 201:201(0) ack 203\n", served + "FIN_WAIT_1 CLOSING"}},
		{"who is near acknowledges a FIN at once: a FIN that does so late may be a second copy", syn + synack + "+50us > . 1:1(0) ack 1\n+1ms < F. 1:1(0) ack 1\n+@ms > F. 1:1(0) ack 2\n", client,
			[]string{"40", known + "CLOSE_WAIT LAST_ACK", "41", known + "CLOSE_WAIT? LAST_ACK?"}},
		{"an ACK that SYN_SENT resets is of no FIN of the connection that it opens", syn + "+20ms < . 5001:5001(0) ack @\n+50us > R @:@(0) win 0\n" +
			"+1s > S 0:0(0) win 64240 <mss 1460>\n" + synack + "+50us > . 1:1(0) ack 1\n+1ms > F. 1:1(0) ack 1\n+20ms < . 1:1(0) ack 2\n", entered(analyzer.Server, fsm.CloseWait),
			[]string{"77", "7", "2000000000", "7"}},
		{"a new SYN-ACK of who is CLOSED is not that it goes on", "+0 > . 101:101(0) ack 201\n+1ms > R. 101:101(0) ack 201\n+1s > S 0:0(0) win 64240 <mss 1460>\n" +
			"+50us < @ ack 1 win 65160 <mss 1460>\n+20ms > R 1:1(0) win 0\n", entered(analyzer.Server, fsm.Closed),
			[]string{"S. 9000000:9000000(0)", "2", "P. 201:301(100)", "5"}},
		{"what was taken for the way may have been the application's time if the capture lacks what answered", "+0 > S 0:0(0) win 64240 <mss 1460>\n+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n" +
			"+20ms > . 1:1(0) ack @\n+1s < P. 101:201(100) ack 1\n+50us > R 1:1(0) win 0\n", path(analyzer.Client),
			[]string{"101", known + "CLOSED?", "1", "SYN_SENT ESTABLISHED"}},
	})
}
