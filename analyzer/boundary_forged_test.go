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
		{"a FIN of somebody else is no first copy of one", handshake + "+1ms > P. 1:101(100) ack 1\n+50ms < P. 1:201(200) ack 101\n+1ms < F. 201:201(0) ack 101\n+1ms > @ ack 202 forged\n+300ms > F. 101:101(0) ack 202\n+50ms < . 202:202(0) ack 102\n",
			says("fin-retransmit"), []string{"F. 301:301(0)", "no", ". 102:102(0)", "warning"}},
		{"behind a FIN of somebody else its supposed sender may go on", request + "+1s < F. 201:201(0) ack 101 ttl @ forged\n+50us > . 101:101(0) ack 202\n+1ms > P. 101:201(100) ack 202\n+20ms < . 201:201(0) ack 201\n+1s < P. 201:301(100) ack 201\n",
			says("data-after-fin"), []string{"9", "no", "64", "error"}},
		{"a FIN without ACK is its sender's if that sends it again", bare, says("suspected-injection"), []string{"101:101(0)", "no", "102:102(0)", "error"}},
		{"and has closed since the first", taken, entered(analyzer.Client, fsm.FinWait1), []string{"64", "7", "62", "7"}},
		{"unless that is hardly its", taken, entered(analyzer.Client, fsm.FinWait1), []string{"61", "8"}},
		{"who did not send a FIN did not close", other, path(analyzer.Server),
			[]string{"64", "LISTEN? SYN_RCVD ESTABLISHED FIN_WAIT_1 FIN_WAIT_2?", "59", "LISTEN? SYN_RCVD ESTABLISHED"}},
		{"nor is the connection closed when its peer has", request + "+1s > F. 101:101(0) ack 201 ttl @ forged\n+20ms < . 201:201(0) ack 102\n+1s > P. 101:201(100) ack 201\n+20ms < . 201:201(0) ack 102\n" +
			"+1s < F. 201:201(0) ack 102\n+50us > . 201:201(0) ack 202\n", outcome, []string{"64", "closed", "61", "closing"}},
		{"behind a FIN that was lost before the tap its sender brings nothing", handshake + "+1ms > P. 1:101(100) ack 1\n+1ms > @ ack -500 forged\n+50ms < P. 1:201(200) ack 101\n+1ms > . 101:101(0) ack 201\n" +
			"+1ms < F. 201:201(0) ack 101\n+1ms > F. 101:101(0) ack 202\n", path(analyzer.Client), []string{". 102:102(0)", "SYN_SENT ESTABLISHED FIN_WAIT_1 CLOSING", "P. 102:152(50)", "SYN_SENT ESTABLISHED CLOSE_WAIT LAST_ACK"}},
		{"its receiver may take it all the same", other, path(analyzer.Client), []string{"64", "SYN_SENT ESTABLISHED CLOSE_WAIT", "59", "SYN_SENT ESTABLISHED CLOSE_WAIT"}},
	})
}

// TestForgedAnswers: what somebody else sent, or what may be of something that was not captured, measures no round trip.
func TestForgedAnswers(t *testing.T) {
	trips := func(t *testing.T, script string) string {
		sent := &judge(t, script).last.Sent[analyzer.Client]
		return fmt.Sprint(sent.HandshakeRTT, sent.RTT.Samples, sent.RTT.Min, sent.RTT.Max, sent.TimestampRTT.Samples, sent.TimestampRTT.Min)
	}
	earliest := func(t *testing.T, script string) string {
		s := judge(t, script)
		for _, step := range s.j.Trajectory[analyzer.Server] {
			if step.State == fsm.SynRcvd && step.NotBefore < s.last.Start {
				return "at any time"
			} else if step.State == fsm.SynRcvd {
				return step.NotBefore.Sub(s.last.Start).String()
			}
		}
		return "never"
	}
	const (
		syn    = stamped + "+0 > S 0:0(0) win 64240 <mss 1460,sackOK,TS,nop,wscale 7>\n"
		rival  = "+1ms < S. 7777:7777(0) ack 1 win 65160 <mss 1460,sackOK,TS,nop,wscale 7> forged\n"
		real   = "+19ms < S. 0:0(0) ack 1 win 65160 <mss 1460,sackOK,TS,nop,wscale 7>\n"
		client = "+50us > . 1:1(0) ack "
	)
	const data = handshake + "+10ms > P. 1:101(100) ack 1\n+1ms < . 1:1(0) ack @ forged\n+29ms < . 1:1(0) ack 101\n+1ms > P. 101:201(100) ack 1\n+20ms < . 1:1(0) ack 201\n"
	checkEdges(t, []edge{
		{"the round trip of a SYN is to the SYN-ACK that its sender takes", syn + rival + real + client + "@\n", trips,
			[]string{"1", "20ms 1 20ms 20ms 1 20ms", "7778", "1ms 1 1ms 1ms 1 1ms"}},
		{"without one that was not taken it is the same", syn + "+1ms frame ffffffffffff02000000000108060001\n" + real + client + "1\n@", trips, []string{"", "20ms 1 20ms 20ms 1 20ms"}},
		{"one behind which the SYN was sent again was lost, and an answer all the same", syn + rival + "@" + real + client + "1\n", trips,
			[]string{"", "20ms 1 20ms 20ms 1 20ms", "+1s > S 0:0(0) win 64240 <mss 1460,sackOK,TS,nop,wscale 7>\n", "1ms 1 1ms 1ms 1 1ms"}},
		{"nor does it tell how far its supposed sender is", syn + rival + real + client + "@\n", earliest, []string{"1", "0s", "7778", "0s"}},
		{"which is not known of a SYN that was sent again", syn + rival + "+1s > S 0:0(0) win 64240 <mss 1460,sackOK,TS,nop,wscale 7>\n" + real + client + "@\n", earliest, []string{"1", "at any time", "7778", "0s"}},
		{"an ACK of what was not captured measures nothing", data, trips, []string{"101", "50ms 3 1ms 50ms 3 1ms", "102", "50ms 2 20ms 50ms 1 50ms"}},
	})
}
