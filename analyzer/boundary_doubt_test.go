package analyzer_test

import (
	"testing"

	"tcptrace/analyzer"
	"tcptrace/fsm"
)

// TestDoubtBoundaries holds each rule on ACKs of what had not been sent just inside and just outside its boundary.
func TestDoubtBoundaries(t *testing.T) {
	const (
		fin     = "+@ < F. 201:201(0) ack 101\n+50us > . 101:101(0) ack 202\n"
		unasked = syn + "+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n"
	)
	shut := entered(analyzer.Client, fsm.CloseWait)
	server := path(analyzer.Server)
	checkEdges(t, []edge{
		{"an ACK before the FIN may be of one that the capture lacks, but its sender sends it again only if it did not hear that", request + "+1ms > . 101:101(0) ack 202\n" + fin, shut,
			[]string{"9ms", "8", "300ms", "8"}},
		{"no timer sends again so soon", request + "+1ms > . 101:101(0) ack @ forged\n+20ms < P. 201:301(100) ack 101\n+50us > . 101:101(0) ack 301\n", says("ack-of-unsent"),
			[]string{"301", "warning", "201", "no"}},
		{"later it may be sent again", request + "+1ms > . 101:101(0) ack 301 forged\n+@ < P. 201:301(100) ack 101\n", says("ack-of-unsent"),
			[]string{"198ms", "warning", "200ms", "no"}},
		{"behind a FIN nothing comes", request + "+1ms < F. 201:201(0) ack 101\n+50us > . 101:101(0) ack @\n", path(analyzer.Client), []string{"202", "SYN_SENT ESTABLISHED CLOSE_WAIT", "203", "SYN_SENT ESTABLISHED CLOSE_WAIT?"}},
		{"RCV.NXT does not go back", request + "+1ms > . 101:101(0) ack 301 forged\n+1s > P. 101:201(100) ack @\n", says("ack-of-unsent"), []string{"300", "warning", "301", "no"}},
		{"before the ACK of its SYN-ACK can have come a server has sent nothing else", unasked + "+@ > . 1:1(0) ack 501\n", says("ack-of-unsent"), []string{"14ms", "warning", "16ms", "no"}},
		{"SYN_RCVD takes no ACK of less than its SYN-ACK", unasked + "+50us > . 1:1(0) ack @\n", server, []string{"0", "LISTEN? SYN_RCVD", "1", "LISTEN? SYN_RCVD ESTABLISHED?"}},
		{"nor an old number", unasked + "+50us > . @(0) ack 1\n", server, []string{"-1:-1", "LISTEN? SYN_RCVD", "1:1", "LISTEN? SYN_RCVD ESTABLISHED?"}},
		{"an RST with the number of such an ACK is its answer", unasked + "+50us > . 1:1(0) ack 7777\n+20ms < R @:@(0) win 0\n", server, []string{"7777", "LISTEN? SYN_RCVD", "1", "LISTEN? SYN_RCVD LISTEN?"}},
	})
}

// TestOldStampBoundaries holds the rules on old timestamps.
func TestOldStampBoundaries(t *testing.T) {
	const (
		opened = "+0 > S 0:0(0) win 64240 <mss 1460,TS val 100 ecr 0>\n+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460,TS val 900000 ecr 100>\n" +
			"+70us > . 1:1(0) ack 1 <nop,nop,TS val 120 ecr 900000>\n"
		old = "+@ < P. 1:101(100) ack 1 <nop,nop,TS val 1000 ecr 120>\n+50us > . 1:1(0) ack 1 <nop,nop,TS val 190 ecr 900000>\n"
	)
	checkEdges(t, []edge{
		{"what its receiver acknowledges it took", opened + "+1s < P. 1:101(100) ack 1 <nop,nop,TS val 1000 ecr 120>\n+50us > . 1:1(0) ack @ <nop,nop,TS val 190 ecr 900000>\n", says("paws-rejected"),
			[]string{"100", "warning", "101", "no"}},
		{"a timestamp counts for 24 days", opened + old, says("paws-rejected"), []string{"2073599s", "warning", "2073600s", "no"}},
		{"from when it was last sent", opened + "+1036800s < . 1:1(0) ack 1 <nop,nop,TS val 900 ecr 120>\n" + old, says("paws-rejected"), []string{"1036799s", "warning", "1036801s", "no"}},
		{"a receiver that took one does not go by them", opened + "+1s < P. 1:101(100) ack 1 <nop,nop,TS val 1000 ecr 120>\n+50us > . 1:1(0) ack @ <nop,nop,TS val 190 ecr 900000>\n" +
			"+1s < P. 101:201(100) ack 1 <nop,nop,TS val 900 ecr 120>\n", reads(0), []string{"101", "data"}},
	})
}
