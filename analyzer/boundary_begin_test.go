package analyzer_test

import (
	"testing"

	"tcptrace/analyzer"
	"tcptrace/fsm"
)

// TestBeginningBoundaries holds what is said of openings of which the beginning is missing, or out of order.
func TestBeginningBoundaries(t *testing.T) {
	client, server := path(analyzer.Client), path(analyzer.Server)
	const fin = "+20ms < P. 1:501(500) ack 101\n+1s < F. 501:501(0) ack 101\n"
	checkEdges(t, []edge{
		{"RCV.NXT does not go back, nor did it at the beginning", "+0 > . 1:1(0) ack 30000\n+300us > P. 1:101(100) ack @\n" + fin, server,
			[]string{"1", "ESTABLISHED? FIN_WAIT_1", "30000", "ESTABLISHED?"}},
		{"but an ACK alone may be an old one", "+0 > . 1:1(0) ack 30000\n+300us > @ ack 1\n" + fin, server,
			[]string{"P. 1:101(100)", "ESTABLISHED? FIN_WAIT_1", ". 1:1(0)", "ESTABLISHED?"}},
		{"two SYN-ACKs that answer each other are a simultaneous open", "+0 < S. 0:0(0) ack 1 win 65160 <mss 1460>\n+100us > @ ack 1\n+20ms < . 1:1(0) ack 1\n", client,
			[]string{"S. 0:0(0)", "SYN_SENT? SYN_RCVD ESTABLISHED?", ". 1:1(0)", "SYN_SENT? ESTABLISHED"}},
		{"who opened at the same time goes on with another number than its SYN's, which its peer acknowledges", "+0 > S @ win 64240 <mss 1460>\n+1ms < S 0:0(0) win 65160 <mss 1460>\n" +
			"+19ms > S. 0:0(0) ack 1 win 64240 <mss 1460>\n+1ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n+20ms > P. 1:69(68) ack 1\n+20ms < P. 1:69(68) ack 69\n", outcome,
			[]string{"0:0(0)", "open", "5000000:5000000(0) forged", "open"}},
		{"be it that the capture lacks the SYN-ACKs", "+0 > S @:@(0) win 64240 <mss 1460> forged\n+1ms < S 0:0(0) win 65160 <mss 1460>\n+20ms > P. 1:69(68) ack 1\n+20ms < P. 1:69(68) ack 69\n+20ms > . 69:69(0) ack 69\n", server,
			[]string{"0", "SYN_SENT ESTABLISHED", "5000000", "LISTEN? SYN_RCVD? ESTABLISHED"}},
		{"who acknowledges more than its SYN-ACK had the ACK of that", "+0 < P. 1:201(200) ack @\n+50us < S. 0:0(0) ack 1 win 65160 <mss 1460>\n", server,
			[]string{"2", "LISTEN? SYN_RCVD ESTABLISHED", "1", "LISTEN? SYN_RCVD"}},
		{"data that acknowledge a little more than the SYN are of its connection", syn + "+20ms < P. 5001:5101(100) ack @\n+50us > R @:@(0) win 0\n", server,
			[]string{"1048577", "ESTABLISHED? CLOSED?", "1048578", ""}},
		{"who refuses a SYN and answers it later was CLOSED", syn + "+20ms < R. raw 0:0(0) ack @ win 0\n+1s < S. 0:0(0) ack 1 win 65160 <mss 1460>\n+50us > . 1:1(0) ack 1\n", server,
			[]string{"1", "CLOSED? LISTEN? SYN_RCVD ESTABLISHED?", "2", "LISTEN? SYN_RCVD ESTABLISHED?"}},
		{"who refused a SYN, and sends what is of another connection, was CLOSED", syn + "+20ms < R. raw 0:0(0) ack 1 win 0\n+1s < P. 5000:5100(100) ack @\n", server,
			[]string{"0", "CLOSED", "1", "ESTABLISHED?", "1073725441", "ESTABLISHED?", "1073725442", "CLOSED"}},
		{"who was refused, said so by an RST and tries again has no answer", syn + "+20ms < R. raw 0:0(0) ack 1 win 0\n+1ms > R 1:1(0) win 0\n@", outcome,
			[]string{"", "refused", "+1s > S 0:0(0) win 64240 <mss 1460>\n", "unanswered"}},
		{"who may be moved by a FIN before it is heard of had the connection by then", "+0 < @ ack 101\n+1ms > . 101:101(0) ack 202\n+1ms > F. 101:101(0) ack 202\n", entered(analyzer.Client, fsm.Established),
			[]string{"F. 201:201(0)", "1", "P. 201:202(1)", "2"}},
		{"not by one behind what it sent", "+0 > . 101:101(0) ack 201\n+1ms < F. 201:201(0) ack 101\n", entered(analyzer.Client, fsm.Established), []string{"", "1"}},
		{"the number of the SYN, or the next, shows that its sender gave up", syn + "+20ms > R @:@(0) win 0\n", client,
			[]string{"1", "SYN_SENT CLOSED", "2", "SYN_SENT CLOSED?"}},
	})
}
