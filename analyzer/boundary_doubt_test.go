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
		{"nor of what is beyond any window from there", unasked + "+50us > . 1:1(0) ack @\n", reads(0), []string{"1073725441", "ack ack-of-unseen", "1073725442", "unacceptable ack-not-accepted"}},
		{"who goes on beyond any window did not send the SYN-ACK", unasked + "+50us > P. 1:101(100) ack @\n+20ms < P. @:@(0) ack 101\n+50us > . 101:101(0) ack @\n", outcome,
			[]string{"1073725441", "open", "1073725442", "open", "0", "open"}},
		{"nor an old number", unasked + "+50us > . @(0) ack 1\n", server, []string{"-1:-1", "LISTEN? SYN_RCVD", "1:1", "LISTEN? SYN_RCVD ESTABLISHED?"}},
		{"by an ACK of its peer's before the server has what acknowledges it", unasked + "+1ms > . 1:1(0) ack 1\n+@ > . 1:1(0) ack 501\n", says("ack-of-unsent"), []string{"1ms", "warning", "16ms", "no"}},
		{"what it was seen to send is another matter", unasked + "+1ms @\n+1ms > . 1:1(0) ack 501\n", says("ack-of-unsent"), []string{"> . 1:1(0) ack 1", "warning", "< P. 1:101(100) ack 1", "no"}},
		{"nor is anything known of a SYN that was not captured", "+0 < S. 0:0(0) ack 1 win 65160 <mss 1460>\n+1ms > . 1:1(0) ack 501\n", server, []string{"", "LISTEN? SYN_RCVD ESTABLISHED?"}},
		{"an RST that declines an ACK has its number, and none itself", unasked + "+50us > . 1:1(0) ack 7777\n+20ms < @ win 0\n", server,
			[]string{"R. 7777:7777(0) ack 1", "LISTEN? SYN_RCVD CLOSED?", "R 7777:7777(0)", "LISTEN? SYN_RCVD", "R 1:1(0)", "LISTEN? SYN_RCVD LISTEN?"}},
		{"who has sent data does not decline one", unasked + "@+50us > . 1:1(0) ack 7777\n+20ms < R 7777:7777(0) win 0\n", server,
			[]string{"", "LISTEN? SYN_RCVD", "+1ms < P. 1:101(100) ack 1\n", "LISTEN? SYN_RCVD ESTABLISHED CLOSED?"}},
		{"who denies such an ACK goes on from where it was", request + "+1ms > . 101:101(0) ack 301 forged\n+1s > P. @(100) ack 201\n", says("ack-of-unsent"),
			[]string{"101:201", "warning", "151:251", "no", "1:101", "no"}},
		{"by something new", request + "+1ms > . 101:101(0) ack 301 forged\n+1s > @ ack 201\n", says("ack-of-unsent"), []string{". 101:101(0)", "no", "P. 101:102(1)", "warning"}},
		{"that acknowledges something", request + "+1ms > . 101:101(0) ack 301 forged\n+1s > @\n", says("ack-of-unsent"), []string{"P 101:201(100)", "no", "P. 101:201(100) ack 201", "warning"}},
		{"a number behind it is of what comes after it", request + "+1ms > . 101:101(0) ack 301 forged\n+20ms < P. @(100) ack 101\n+1s < . 201:201(0) ack 101\n", says("ack-of-unsent"), []string{"300:400", "no", "301:401", "no"}},
		{"a FIN before it says that it was not sent", request + "+1ms > . 101:101(0) ack 301 forged\n+1ms < @ ack 101\n", says("ack-of-unsent"),
			[]string{"F. 299:299(0)", "warning", "F. 300:300(0)", "no", "P. 201:299(98)", "no", "F. 201:299(98)", "warning", "F. 201:300(99)", "no"}},
		{"so does the next that its sender sends, and nothing out of order", request + "+1ms > . 101:101(0) ack 301 forged\n+20ms < P. @ ack 101\n", says("ack-of-unsent"),
			[]string{"201:211(10)", "warning", "221:231(10)", "no", "191:201(10)", "no"}},
		{"when it cannot have crossed it", request + "+1ms > . 101:101(0) ack 301 forged\n+@ < . 201:201(0) ack 101\n", says("ack-of-unsent"), []string{"9999999ns", "no", "10ms", "warning"}},
		{"an ACK has that number whenever it comes", request + "+1ms > . 101:101(0) ack 301 forged\n+@ < . 201:201(0) ack 101\n", says("ack-of-unsent"), []string{"20ms", "warning", "400ms", "warning"}},
		{"as what follows an RST with the number of it", request + "+1ms > . 101:101(0) ack 301 forged\n+20ms < R @(0) win 0\n+300ms < P. 201:211(10) ack 101\n", says("ack-of-unsent"),
			[]string{"301:301", "warning", "302:302", "no", "201:201", "no"}},
		{"however late that came, if it was the first", unasked + "+@ > . 1:1(0) ack 7777\n+20ms < R 7777:7777(0) win 0\n", server,
			[]string{"50us", "LISTEN? SYN_RCVD", "500ms", "LISTEN? SYN_RCVD"}},
		{"which nothing else of the server's can have been sent before", unasked + "+500ms @\n+500ms > . 1:1(0) ack 7777\n+20ms < R 7777:7777(0) win 0\n", outcome,
			[]string{"< S. 0:0(0) ack 1 win 65160 <mss 1460>", "half-open", "> . 1:1(0) ack 1", "reset"}},
		{"SYN_RCVD takes nothing from before what it expects", unasked + "+1 > @ ack 1\n+50us < . 1:1(0) ack 1\n", server,
			[]string{"F. 0:0(0)", "LISTEN? SYN_RCVD", "P. 0:1(1)", "LISTEN? SYN_RCVD", ". 0:0(0)", "LISTEN? SYN_RCVD", "P. 0:2(2)", "LISTEN? SYN_RCVD ESTABLISHED", "F. 0:1(1)", "LISTEN? SYN_RCVD ESTABLISHED CLOSE_WAIT?"}},
		{"a bare ACK may be of SYN_RCVD, and is if the SYN-ACK comes behind it", unasked + "+1ms > . 1:1(0) ack 1\n+1 > S 7777:7777(0) win 64240 <mss 1460>\n+20ms < . 1:1(0) ack 1\n@", path(analyzer.Server),
			[]string{"", "LISTEN? SYN_RCVD ESTABLISHED", "+1 < S. 0:0(0) ack 1 win 65160 <mss 1460>\n", "LISTEN? SYN_RCVD"}},
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
		{"nobody sends ahead with a timestamp that is older than what was acknowledged", opened + "+1s < P. 5001:5101(100) ack 1 <nop,nop,TS val @ ecr 120>\n", says("paws-rejected"),
			[]string{"899999", "warning", "900000", "no"}},
		{"nor leaves that a hole", opened + "+1s < P. 5001:5101(100) ack 1 <nop,nop,TS val @ ecr 120>\n+1s < P. 1:101(100) ack 1 <nop,nop,TS val 901000 ecr 120>\n", reads(0),
			[]string{"899999", "data", "900000", "retransmission/timeout lost-before-tap"}},
		{"a receiver that took one does not go by them", opened + "+1s < P. 1:101(100) ack 1 <nop,nop,TS val 1000 ecr 120>\n+50us > . 1:1(0) ack @ <nop,nop,TS val 190 ecr 900000>\n" +
			"+1s < P. 101:201(100) ack 1 <nop,nop,TS val 900 ecr 120>\n", reads(0), []string{"101", "data"}},
	})
}

// TestUnseenFIN: what an octet that was not captured, and may be a FIN, leaves open; and an RST that answers a FIN which its sender has had.
func TestUnseenFIN(t *testing.T) {
	const (
		half  = request + "+1ms > F. 101:101(0) ack 201\n"
		again = half + "+20ms < . 201:201(0) ack 102\n+100ms < F. 201:201(0) ack 102\n@+6s < F. 201:201(0) ack 102\n+50us > R 102:102(0) win 0\n"
	)
	checkEdges(t, []edge{
		{"who sent an octet that was not captured may have closed before it had the FIN", half + "+1ms < . @(0) ack 101\n+300ms > F. 101:101(0)\n+20ms < . (0) ack 102\n", path(analyzer.Server),
			[]string{"201:201", "LISTEN? SYN_RCVD ESTABLISHED CLOSE_WAIT", "202:202", "LISTEN? SYN_RCVD ESTABLISHED CLOSE_WAIT?"}},
		{"unless that was data, behind which more came", half + "+1ms < . 202:202(0) ack 101\n@+300ms > F. 101:101(0)\n+20ms < . (0) ack 102\n", path(analyzer.Server),
			[]string{"", "LISTEN? SYN_RCVD ESTABLISHED CLOSE_WAIT?", "+1ms < P. 202:302(100) ack 101\n", "LISTEN? SYN_RCVD ESTABLISHED CLOSE_WAIT"}},
		{"whose FIN_WAIT_2 timed out did not have the FIN", again, cause, []string{"", "fin-wait-2-timeout", "+50us > . 102:102(0) ack 202\n", "after-fin"}},
	})
}

// TestGoneWhileConnecting: who sent an RST in front of the handshake's end, and whether it still knew the connection.
func TestGoneWhileConnecting(t *testing.T) {
	const late = syn + synack + "@+60s > R 1:1(0) win 0\n"
	checkEdges(t, []edge{
		{"a plain RST answers a SYN-ACK", syn + synack + "+@ > R 1:1(0) win 0\n", cause, []string{"500ms", "scan", "501ms", "abandoned"}},
		{"or one that was not captured, where the server has its ACK, or is gone", syn + synack + "+@ > R 1:1(0) win 0\n", cause, []string{"3500ms", "abandoned", "3501ms", "half-open"}},
		{"of a host that has no such connection", syn + synack + "+@ > R 1:1(0) win 0\n", byState, []string{"3500ms", "SYN_SENT", "3501ms", "CLOSED"}},
		{"a server that sends it again waits still", late, cause, []string{"", "half-open", "+1s < S. 0:0(0) ack 1 win 65160 <mss 1460>\n", "abandoned"}},
		{"who throws away a connection sends an ACK", syn + synack + "+60s > @ win 0\n", cause, []string{"R 1:1(0)", "half-open", "R. 1:1(0) ack 1", "abandoned"}},
		{"a server that does not send its SYN-ACK again waits for no ACK: a plain RST is of a host that has no such connection", syn + synack + lastACK + "+@ > P. 1:101(100) ack 1\n+20ms < R 1:1(0) win 0\n", cause,
			[]string{"3479950us", "dropped", "3479951us", "half-open"}},
		{"one that does waits", syn + synack + lastACK + "+1s @\n+3s > P. 1:101(100) ack 1\n+20ms < R 1:1(0) win 0\n", cause,
			[]string{"> . 1:1(0) ack 1", "half-open", "< S. 0:0(0) ack 1 win 65160 <mss 1460>", "dropped"}},
		{"and so may one that resets with ACK, or with another number", syn + synack + lastACK + "+60s > P. 1:101(100) ack 1\n+20ms < @ win 0\n", cause,
			[]string{"R. 1:1(0) ack 1", "aborted", "R 0:0(0)", "dropped"}},
		{"the number is that of the ACK", syn + synack + "+60s > R @ win 0\n", cause, []string{"1:1(0)", "half-open", "0:0(0)", "abandoned"}},
	})
}
