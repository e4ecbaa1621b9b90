package analyzer_test

import (
	"strings"
	"testing"

	"tcptrace/analyzer"
)

// ways are the states of both endpoints, client first; one with ? is not proved.
func ways(j *analyzer.Judgment) string {
	var sides [2]string
	for side, steps := range j.Trajectory {
		var states []string
		for i := range steps {
			state := steps[i].State.String()
			if steps[i].Evidence == analyzer.EvidenceAssumed {
				state += "?"
			}
			states = append(states, state)
		}
		sides[side] = strings.Join(states, " ")
	}
	return sides[0] + " / " + sides[1]
}

// What is inferred where something is missing, and what is if it is not.
func TestInferUnderCuts(t *testing.T) {
	const (
		synack = "+0 < S. 0:0(0) ack 1 win 65160 <mss 1460>\n"
		ack    = "+50us > . 1:1(0) ack 1 win 502\n"
		dial   = "+0 > S 0:0(0) win 64240 <mss 1460>\n"
		answer = "+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n"
		dialed = dial + answer
		both   = "+1ms > P. 1:11(10) ack 1\n+20ms < P. 1:11(10) ack 11\n"
	)
	for _, test := range []struct{ name, script, want string }{
		{"data before the ACK of the SYN-ACK, no SYN: a fast open, perhaps",
			synack + "+10us < P. 1:101(100) ack 1\n+20ms > . 1:1(0) ack 101\n+20ms < P. 101:201(100) ack 1\n",
			"SYN_SENT? ESTABLISHED / LISTEN? SYN_RCVD ESTABLISHED?"},
		{"data before the ACK of the SYN-ACK, a SYN: the ACK was not captured",
			"+0 > S 0:0(0) win 64240 <mss 1460>\n" + synack + "+20ms < P. 1:101(100) ack 1\n+50us > . 1:1(0) ack 101\n",
			"SYN_SENT ESTABLISHED / LISTEN? SYN_RCVD ESTABLISHED"},
		{"an RST alone", "+0 > R. 1:1(0) ack 1\n", "CLOSED / "},
		{"an RST of each", "+0 > R. 1:1(0) ack 1\n+20ms < R. 1:1(0) ack 1\n", "CLOSED / CLOSED"},
		{"a plain RST alone", "+0 > R 1:1(0)\n", "CLOSED? / "},
		{"an RST that answers data", "+0 < P. 1:101(100) ack 1\n+50us > R. 1:1(0) ack 101\n", "ESTABLISHED? CLOSED / ESTABLISHED? CLOSED?"},
		{"an RST in front of data", "+0 > R. 1:1(0) ack 1\n+20ms < P. 1:101(100) ack 1\n", "CLOSED / ESTABLISHED?"},
		{"the ACK of a FIN captured before it",
			request + "+1ms > F. 101:101(0) ack 201\n+20ms < F. 201:201(0) ack 102\n+50us > . 102:102(0) ack 202\n+50us < F. 201:201(0) ack 102\n",
			"SYN_SENT ESTABLISHED FIN_WAIT_1 TIME_WAIT / LISTEN? SYN_RCVD ESTABLISHED CLOSE_WAIT LAST_ACK CLOSED?"},
		{"each first FIN acknowledges the other",
			"+0 > F. 101:101(0) ack 202\n+20ms < F. 201:201(0) ack 102\n+50us > . 102:102(0) ack 202\n",
			"ESTABLISHED? FIN_WAIT_1? CLOSING? TIME_WAIT? / ESTABLISHED? FIN_WAIT_1? TIME_WAIT?"},
		{"an RST for an ACK of another connection, in SYN_SENT",
			"+0 > S 0:0(0) win 64240 <mss 1460>\n+20ms < . 5001:5001(0) ack 77\n+50us > R 77:77(0)\n", "SYN_SENT / "},
		{"no RST for it: it may be of this one, and what comes before was not captured",
			"+0 > S 0:0(0) win 64240 <mss 1460>\n+20ms < . 5001:5001(0) ack 77\n", "SYN_SENT / ESTABLISHED?"},
		{"a FIN with the SYN is not known to be taken", "+0 > SF 0:0(0) win 1024\n" + synack + "+50us > R 1:1(0)\n",
			"SYN_SENT CLOSED / LISTEN? SYN_RCVD LISTEN?"},
		{"it is if it is acknowledged, once the handshake is done", "+0 > SF 0:0(0) win 1024\n+20ms < S. 0:0(0) ack 2\n+50us > . 2:2(0) ack 1\n+20ms < P. 1:11(10) ack 2\n",
			"SYN_SENT ESTABLISHED FIN_WAIT_1 FIN_WAIT_2? / LISTEN? SYN_RCVD ESTABLISHED CLOSE_WAIT"},
		{"if only the SYN is it was not", "+0 > SF 0:0(0) win 1024\n+20ms < S. 0:0(0) ack 1\n+50us > . 1:1(0) ack 1\n+20ms < P. 1:11(10) ack 1\n",
			"SYN_SENT ESTABLISHED / LISTEN? SYN_RCVD ESTABLISHED"},
		{"nor if the handshake is not done", "+0 > SF 0:0(0) win 1024\n+20ms < S. 0:0(0) ack 2\n+50us > R 2:2(0)\n",
			"SYN_SENT CLOSED / LISTEN? SYN_RCVD LISTEN?"},
		{"nor is it an answer to it if it acknowledges more", "+0 > SF 0:0(0) win 1024\n+20ms < . 0:0(0) ack 3\n+50us > R 3:3(0)\n", "SYN_SENT / "},
		{"the first FIN acknowledges a SYN", dialed + ack + "+1ms < F. 1:1(0) ack 1\n", "SYN_SENT ESTABLISHED CLOSE_WAIT? / LISTEN? SYN_RCVD ESTABLISHED FIN_WAIT_1"},
		{"or a SYN that may have had a FIN: it was not captured", answer + ack + "+1ms < F. 1:1(0) ack 1\n",
			"SYN_SENT? ESTABLISHED CLOSE_WAIT? / LISTEN? SYN_RCVD ESTABLISHED FIN_WAIT_1?"},
		{"an RST for the SYN-ACK, in SYN_SENT",
			"+0 > S 0:0(0) win 64240 <mss 1460>\n" + synack + "+50us > R 1:1(0)\n", "SYN_SENT CLOSED / LISTEN? SYN_RCVD LISTEN?"},
		{"a segment without ACK is not the ACK of the SYN-ACK", dialed + "+50us > - 1:1(0)\n+1ms < . 1:1(0) ack 1\n+50us > . 1:1(0) ack 1\n" + both,
			"SYN_SENT ESTABLISHED / LISTEN? SYN_RCVD ESTABLISHED?"},
		{"nor is one that acknowledges what comes before the SYN", dialed + "+1ms < . 1:1(0) ack 1\n+50us > P. 1:11(10) ack 0\n" + both,
			"SYN_SENT ESTABLISHED? / LISTEN? SYN_RCVD ESTABLISHED?"},
		{"both have sent data: a SYN-ACK behind their ACKs is late", dial + "+20ms > . 1:1(0) ack 1\n+50us < . 1:1(0) ack 1\n" + both + answer,
			"SYN_SENT ESTABLISHED / LISTEN? SYN_RCVD ESTABLISHED?"},
		{"one has, and the SYN-ACK comes again", dialed + ack + "+1ms > P. 1:11(10) ack 1\n+1 < S. 0:0(0) ack 1\n+2 < S. 0:0(0) ack 1\n", "SYN_SENT ESTABLISHED / LISTEN? SYN_RCVD"},
		{"both have, one with its SYN: a fast open", "+0 > S 0:10(10) win 64240 <mss 1460,tfo 0102030405060708>\n+20ms < S. 0:0(0) ack 11 win 65160 <mss 1460>\n+10us < P. 1:11(10) ack 11\n",
			"SYN_SENT ESTABLISHED? / LISTEN? SYN_RCVD"},
		{"both opened and sent data: a SYN-ACK behind that is late", "+0 > S 0:0(0) win 64240 <mss 1460>\n+1ms < S 0:0(0) win 64240 <mss 1460>\n+20ms > . 1:1(0) ack 1\n+1ms < . 1:1(0) ack 1\n" + both + "+20ms < S. 0:0(0) ack 1\n",
			"SYN_SENT ESTABLISHED / SYN_SENT SYN_RCVD ESTABLISHED?"},
		{"both opened, one sent data", "+0 > S 0:0(0) win 64240 <mss 1460>\n+1ms < S 0:0(0) win 64240 <mss 1460>\n+20ms > . 1:1(0) ack 1\n+1ms < . 1:1(0) ack 1\n+1ms > P. 1:11(10) ack 1\n+1 < S. 0:0(0) ack 1\n",
			"SYN_SENT ESTABLISHED / SYN_SENT SYN_RCVD"},
		{"a SYN that the network held back, behind an RST",
			request + "+1ms > R. 101:101(0) ack 201\n+1s > S 0:0(0) win 64240 <mss 1460,sackOK,TS,nop,wscale 7>\n",
			"SYN_SENT ESTABLISHED CLOSED / LISTEN? SYN_RCVD ESTABLISHED CLOSED?"},
		{"one direction", "+0 > S 0:0(0) win 64240 <mss 1460>\n+20ms > . 1:1(0) ack 1\n+1ms > F. 1:1(0) ack 1\n+20ms > . 2:2(0) ack 2\n",
			"SYN_SENT ESTABLISHED FIN_WAIT_1? FIN_WAIT_2? TIME_WAIT? / LISTEN? SYN_RCVD? ESTABLISHED? CLOSE_WAIT? LAST_ACK? CLOSED?"},
		{"both directions",
			"+0 > S 0:0(0) win 64240 <mss 1460>\n" + synack + ack + "+1ms > F. 1:1(0) ack 1\n+20ms < F. 1:1(0) ack 2\n+50us > . 2:2(0) ack 2\n",
			"SYN_SENT ESTABLISHED FIN_WAIT_1 TIME_WAIT / LISTEN? SYN_RCVD ESTABLISHED CLOSE_WAIT LAST_ACK CLOSED?"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := ways(&judge(t, test.script).j); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}
