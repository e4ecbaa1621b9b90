package analyzer_test

import (
	"fmt"
	"testing"

	"tcptrace/analyzer"
)

// unique asks how many bytes the server sent, each counted once.
func unique(t *testing.T, script string) string {
	return fmt.Sprint(judge(t, script).last.Sent[analyzer.Server].UniqueBytes)
}

// TestBytesOfOddSegments: which bytes count as sent, and as sent again, beside segments that are out of the ordinary.
func TestBytesOfOddSegments(t *testing.T) {
	const (
		unseen = "client 10.0.0.1:40000\nserver 10.0.0.2:80\n+0 > S 0:0(0) win 64240 <mss 1460>\n+20ms > . 1:1(0) ack 1\n+1ms > P. 1:101(100) ack 1\n"
		late   = handshake + "+300us > P. 1:101(100) ack 1\n+50ms < . 1:1(0) ack 101\n+1 > S @ win 64240 <mss 1460,sackOK,TS,nop,wscale 7>\n" +
			"+50ms < . 1:1(0) ack 101\n+1 > P. 101:111(10) ack 1\n"
		old = handshake + "+300us > P. 1:101(100) ack 1\n+50ms < . 1:1(0) ack 101\n+1 < FP. 1:501(500) ack 101 <nop,nop,TS val 991000000 ecr 283746100>\n" +
			"+20ms < . 502:502(0) ack 101\n+50us > . 101:101(0) ack @\n"
	)
	checkEdges(t, []edge{
		{"what passed was captured, be it that its sender closed its window with it", handshake + "+10ms > P. 1:101(100) ack 1 win @\n+300ms > P. 1:101(100) ack 1 win 502\n",
			reads(0), []string{"502", "retransmission/tail-probe", "0", "retransmission/tail-probe"}},
		{"or stamped it with an old clock", handshake + "+10ms > P. 1:101(100) ack 1\n+1 > P. 101:151(50) ack 1 <nop,nop,TS val @ ecr 991827300>\n+300ms > P. 101:151(50) ack 1\n",
			reads(0), []string{"283746200", "retransmission/tail-probe", "283001000", "retransmission/tail-probe"}},
		{"a SYN-ACK is another connection's if its number is one that was acknowledged as data", unseen + "+20ms < S. @ ack 1 win 65160 <mss 1460>\n",
			reads(0), []string{"0:0(0)", "syn-ack", "1:1(0)", "unacceptable", "1:201(200)", "unacceptable"}},
		{"bytes of a SYN-ACK count if it is the one that was taken", "client 10.0.0.1:40000\nserver 10.0.0.2:80\n+0 > S 0:0(0) win 64240 <mss 1460>\n+20ms < S. 0:100(100) ack 1 win 65160 <mss 1460>\n" +
			"+1ms < S. 5000000:5000030(30) ack 1 win 65160 <mss 1460> forged\n+1ms > . 1:1(0) ack @ forged\n", unique, []string{"101", "100", "5000001", "30", "5000031", "30"}},
		{"nor do those count that come with a SYN which the network held back", late, reads(0), []string{"0:0(0)", "data", "0:200(200)", "data"}},
		{"where a capture begins in mid-stream, what reaches from before its first byte to behind its last is all of it", "+0 < P. 101:201(100) ack 1\n+300ms < P. @ ack 1\n", unique,
			[]string{"101:301(200)", "200", "100:301(201)", "201", "51:151(100)", "150", "51:301(250)", "250"}},
		{"who did not send the FIN in its name did send what came behind it", handshake + "+1ms < F. 1:1(0) ack 1\n+1ms < . @ ack 1\n+1ms < . 1:1001(1000) ack 1\n+1ms < . 1801:2801(1000) ack 1\n", reads(0),
			[]string{"1801:2001(200)", "retransmission/tail-probe", "1001:1801(800)", "data"}},
		{"a FIN with an old timestamp was taken if it is acknowledged, also where its sender went on behind it", old, says("capture-loss"), []string{"501", "warning", "502", "no"}},
	})
}
