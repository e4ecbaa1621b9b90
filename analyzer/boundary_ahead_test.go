package analyzer_test

import (
	"testing"

	"tcptrace/analyzer"
)

// TestAheadOfMissingBytes: what lies in the window, but ahead of bytes that never come, is not of who shows that it did not send it.
func TestAheadOfMissingBytes(t *testing.T) {
	const (
		ahead  = request + "+1 < P. 5201:5211(10) ack 101 forged\n+20us > . 101:101(0) ack 201\n"
		open   = "SYN_SENT ESTABLISHED"
		closes = open + " CLOSE_WAIT"
	)
	client := path(analyzer.Client)
	checkEdges(t, []edge{
		{"who ends in front of it", ahead + "+1 < F. @ ack 101\n+20us > . 101:101(0) ack 202\n", client,
			[]string{"200:200(0)", open, "201:201(0)", closes, "202:202(0)", open}},
		{"up to there", ahead + "+1 < F. @ ack 101\n+20us > F. 101:101(0) ack 5200\n", client,
			[]string{"201:5199(4998)", closes + " LAST_ACK", "201:5200(4999)", open + " FIN_WAIT_1?"}},
		{"who goes on in front of it, at its peer's answers", ahead + "+100ms < P. 201:211(10) ack 101\n+20us > P. 101:111(10) ack 211\n+100ms < P. 211:221(10) ack 111\n" +
			"+20us > P. 111:121(10) ack 221\n@", reads(0), []string{
			"+100ms < P. 221:231(10) ack 121\n", "data", "+100ms < P. 221:231(10) ack 111\n", "retransmission/timeout lost-before-tap"}},
		{"whose ACK has the number in front of it", ahead + "+@ > P. 101:111(10) ack 201\n+30ms < . 201:201(0) ack 111\n+100ms < P. 201:211(10) ack 111\n", reads(0),
			[]string{"1s", "data"}},
		{"unless it acknowledges nothing new", ahead + "+1 > P. 101:111(10) ack 201\n+30ms < . 201:201(0) ack @\n+100ms < P. 201:211(10) ack 111\n", reads(0),
			[]string{"101", "retransmission/timeout lost-before-tap", "111", "data"}},
		{"that it was forged is said if it had data", request + "+1 < @ ack 101 forged\n+1 < F. 201:201(0) ack 101\n", says("suspected-injection"),
			[]string{"P. 5201:5211(10)", "error", ". 5201:5201(0)", "no"}},
		{"what is acknowledged behind the missing bytes was sent", request + "+1 < P. 5201:5211(10) ack 101\n+20us > . 101:101(0) ack @\n+1 < F. 201:201(0) ack 101\n", says("suspected-injection"),
			[]string{"201", "error", "5211", "no"}},
		{"nobody who sends ACKs sends data without one ahead of missing bytes", request + "+1 < @ forged\n+1 < P. 201:211(10) ack 101\n", reads(0),
			[]string{"P 5201:5211(10)", "data", "P. 5201:5211(10) ack 101", "retransmission/timeout lost-before-tap"}},
	})
}

// TestSYNACKInConnection: a SYN-ACK into a connection, the number of which comes just before what its receiver expects, is acknowledged by all
// that this sends. Who takes it goes on where it says.
func TestSYNACKInConnection(t *testing.T) {
	const shut = "SYN_SENT ESTABLISHED FIN_WAIT_1"
	checkEdges(t, []edge{
		{"its own ACK says nothing", request + "+1ms > F. 101:101(0) ack 201\n+1 < @ ack 102 win 65160 forged\n", path(analyzer.Client),
			[]string{"S. 0:0(0)", shut, "S. 201:201(0)", shut, ". 201:201(0)", shut + " FIN_WAIT_2?"}},
		{"a SYN-ACK from just before", request + "+1 < S. 200:200(0) ack 102 win 65160 <mss 1460> forged\n+20us > . 101:101(0) ack 201\n+1 > P. @ ack 201\n", conversations,
			[]string{"101:151(50)", "1", "102:152(50)", "2"}},
		{"or from before that", request + "+1 < S. 200:200(0) ack 102 win 65160 <mss 1460> forged\n+20us > P. @ ack 201\n", conversations, []string{"51:101(50)", "1", "102:152(50)", "2"}},
	})
}

// TestSYNACKOfClient: who took a SYN-ACK sends none with the number of its own SYN.
func TestSYNACKOfClient(t *testing.T) {
	const (
		syn    = "+0 > S 0:0(0) win 64240 <mss 1460>\n"
		synack = "+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n"
		both   = "+1ms < S 0:0(0) win 65160 <mss 1460>\n"
		again  = "+1 > S. 0:0(0) ack 1 win 64240 <mss 1460>\n"
	)
	checkEdges(t, []edge{
		{"the server was in LISTEN", syn + synack + "@" + again, path(analyzer.Server),
			[]string{"+1ms > . 1:1(0) ack 1\n+1ms < P. 1:11(10) ack 1\n", "LISTEN? SYN_RCVD ESTABLISHED", "", "SYN_SENT? SYN_RCVD ESTABLISHED?"}},
		{"but if it sent a SYN", syn + "@" + synack + "+1ms > . 1:1(0) ack 1\n" + again, reads(0), []string{both, "syn-ack", "", "unacceptable"}},
	})
}

// TestResetOfBothOpening: who opens at the same time as its peer, and is reset, has not had the SYN-ACK that comes later.
func TestResetOfBothOpening(t *testing.T) {
	const both = "+0 > S 0:0(0) win 64240 <mss 1460>\n+20ms < S 0:0(0) win 65160 <mss 1460>\n+50us > S. 0:0(0) ack 1 win 64240 <mss 1460>\n"
	const synack, rst = "+500ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n", "+500ms < R 1:1(0) win 0\n"
	checkEdges(t, []edge{
		{"in front of the RST it had", both + "@", path(analyzer.Client), []string{rst + synack, "SYN_SENT SYN_RCVD CLOSED?", synack + rst, "SYN_SENT SYN_RCVD ESTABLISHED? CLOSED?"}},
		{"and if it goes on", both + rst + synack + "@", path(analyzer.Client), []string{"", "SYN_SENT SYN_RCVD CLOSED?", "+1ms > P. 1:11(10) ack 1\n", "SYN_SENT SYN_RCVD ESTABLISHED"}},
	})
}
