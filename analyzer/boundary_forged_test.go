package analyzer_test

import (
	"fmt"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/fsm"
)

// TestForgedEnds: what is said of a FIN that somebody else may have sent.
func TestForgedEnds(t *testing.T) {
	const (
		bare  = handshake + "+1ms > P. 1:101(100) ack 1\n+50ms < P. 1:201(200) ack 101\n+50us > . 101:101(0) ack 201\n+1ms > F 101:101(0)\n+500ms > F. @ ack 201\n+1ms > P. 103:113(10) ack 201\n"
		taken = handshake + "+1ms > P. 1:101(100) ack 1\n+50ms < P. 1:201(200) ack 101\n+50us > . 101:101(0) ack 201\n+1ms > F 101:101(0) ttl @\n+500ms > F. 101:101(0) ack 201\n"
		other = handshake + "+1ms > P. 1:101(100) ack 1\n+50ms < P. 1:201(200) ack 101\n+50us > . 101:101(0) ack 201\n+5ms < F. 201:201(0) ack 101 <nop> ttl @\n+10us > . 101:101(0) ack 202\n"
	)
	// A segment is lost before the tap and repaired; then comes a FIN ahead of what its sender has sent, in front of which that goes on.
	const ahead = handshake + "+1ms > P. 1:101(100) ack 1\n+20ms < P. 1:201(200) ack 101\n+1ms > P. 101:151(50) ack 201 unseen\n+10us > P. 151:201(50) ack 201\n" +
		"+20ms < . 201:201(0) ack 101\n+300ms > P. 101:151(50) ack 201\n+20ms < P. 201:251(50) ack 201\n+20ms > F. 1201:1201(0) ack 251 forged\n" +
		"+1ms > P. 201:251(50) ack 251\n+20ms < P. 251:301(50) ack 251\n+20ms > P. 251:301(50) ack 301\n+20ms < P. 301:351(50) ack 301\n@"
	const third = "+20ms > P. 301:351(50) ack 351\n+20ms < P. 351:401(50) ack 351\n"
	lost := func(t *testing.T, script string) string {
		sent := &judge(t, script).last.Sent[analyzer.Client]
		return fmt.Sprintf("%d lost, %d before the tap, %d sent again", sent.Lost, sent.LostBefore, sent.Retransmitted())
	}
	checkEdges(t, []edge{
		{"what is sent in front of a FIN of somebody else was not lost", ahead, lost, []string{
			third, "1 lost, 1 before the tap, 1 sent again", "", "3 lost, 3 before the tap, 3 sent again"}},
		{"a FIN without ACK is its sender's if that sends it again", bare, says("suspected-injection"), []string{"101:101(0)", "no", "102:102(0)", "error"}},
		{"and has closed since the first", taken, entered(analyzer.Client, fsm.FinWait1), []string{"64", "7", "62", "7"}},
		{"unless that is hardly its", taken, entered(analyzer.Client, fsm.FinWait1), []string{"61", "8"}},
		{"who did not send a FIN did not close", other, path(analyzer.Server),
			[]string{"64", "LISTEN? SYN_RCVD ESTABLISHED FIN_WAIT_1 FIN_WAIT_2?", "59", "LISTEN? SYN_RCVD ESTABLISHED"}},
		{"its receiver may take it all the same", other, path(analyzer.Client), []string{"64", "SYN_SENT ESTABLISHED CLOSE_WAIT", "59", "SYN_SENT ESTABLISHED CLOSE_WAIT"}},
	})
}
