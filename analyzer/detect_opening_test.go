package analyzer_test

import "testing"

const (
	syn     = "+0     > S  0:0(0)       win 64240 <mss 1460>\n"
	synack  = "+20ms  < S. 0:0(0) ack 1 win 65160 <mss 1460>\n"
	lastACK = "+50us  > .  1:1(0) ack 1 win 502\n"
)

func TestOpeningAnomalies(t *testing.T) {
	const stray = "+0 > . 0:0(0) ack raw 0\n+20ms < R. raw 0:0(0) ack 1 win 0\n" // an ACK at the number of the SYN, and the RST that answers it
	checkCases(t, []detectCase{
		{"refused", syn + "+20ms < R. raw 0:0(0) ack 1 win 0\n", []string{
			"0 rst-in-handshake client 2: refused: the server answered the SYN by an RST 20.0 ms after the first segment",
			"0 connection-refused client 2: the server answered the SYN by an RST after 20.0 ms",
		}},
		{"refused, behind an RST that answers something before", stray + "+500ms > S 0:0(0)\n+20ms < R. raw 0:0(0) ack 1 win 0\n", []string{
			"0 rst-in-handshake client 4: refused: the server answered the SYN by an RST 540.0 ms after the first segment",
			"0 connection-refused client 4: the server answered the SYN by an RST after 20.0 ms",
		}},
		{"refused, by an RST captured in front of the SYN, too", stray + "-10ms > S 0:0(0)\n+20ms < R. raw 0:0(0) ack 1 win 0\n", []string{
			"0 rst-in-handshake client 2: refused: the server answered the SYN by an RST 20.0 ms after the first segment",
			"0 connection-refused client 2: the server answered the SYN by an RST after 0 us; refused twice, 10.0 ms apart",
			"0 clock-backwards both 3: the clock went back once, by 10.0 ms or more",
		}},
		{"refused, by a clock that stepped back", syn + "-20ms < R. raw 0:0(0) ack 1 win 0\n", []string{
			"0 clock-backwards both 2: the clock went back once, by 20.0 ms or more",
			"0 rst-in-handshake client 2: refused: the server answered the SYN by an RST 0 us after the first segment",
			"0 connection-refused client 2: the server answered the SYN by an RST after 0 us",
		}},
		{"scan", syn + synack + "+50us > R 1:1(0) win 0\n", []string{
			"0 rst-in-handshake server 3: half-open scan, or a connect() that was given up: the client answered the SYN-ACK by an RST 20.1 ms after the first segment",
		}},
		{"given up", syn + synack + "+3s > R 1:1(0) win 0\n", []string{
			"0 rst-in-handshake server 3: aborted: the client reset while it connected, 3.0 s after the first segment",
		}},
		{"reset by the server", syn + synack + lastACK + "+20ms < R 1:1(0) win 0\n", []string{
			"0 rst-in-handshake client 4: the server reset after its own SYN-ACK, 40.0 ms after the first segment",
		}},
		{"no answer", syn + "1.0 > S 0:0(0) <mss 1460>\n3.0 > S 0:0(0) <mss 1460>\n", []string{
			"0 no-answer client 1: client waited 3.0 s: SYN sent 3 times, 1.0 s and 2.0 s apart; nothing has come back",
			"0 syn-retransmit client 2: client waited 3.0 s: SYN sent 3 times, 1.0 s and 2.0 s apart",
		}},
		{"SYN-ACK lost", syn + synack + "1.0 > S 0:0(0) <mss 1460>\n+20ms < S. 0:0(0) ack 1 <mss 1460>\n" + lastACK, []string{
			"0 syn-retransmit client 3: client waited 1.0 s: SYN sent twice, 1.0 s apart; an answer had passed before the second",
			"0 syn-ack-retransmit server 4: server waited 1.0 s: SYN-ACK sent twice, 1.0 s apart; the SYN came again, so the SYN-ACK was lost or late",
			"0 slow-handshake client 4: the handshake took 1.0 s; SYN sent twice, SYN-ACK twice: the network lost the SYN-ACK, or the ACK of it",
		}},
		{"SYNs that cross, and are lost", syn + "+5ms < S 0:0(0) <mss 1460>\n1.0 > S 0:0(0) <mss 1460>\n1.005 < S 0:0(0) <mss 1460>\n+20ms < S. 0:0(0) ack 1 <mss 1460>\n+1ms > S. 0:0(0) ack 1 <mss 1460>\n+20ms < . 1:1(0) ack 1\n", []string{
			"0 simultaneous-open both 2: the second SYN passed the tap 5.0 ms after the first",
			"0 syn-retransmit client 3: client waited 1.0 s: SYN sent twice, 1.0 s apart",
			"0 syn-retransmit server 4: server waited 1.0 s: SYN sent twice, 1.0 s apart",
			"0 slow-handshake client 5: the handshake took 1.0 s; SYN sent twice before anything came back: the network lost it or its answer, or the server dropped it",
		}},
		{"handshake ACK lost", syn + synack + lastACK + "1.0 < S. 0:0(0) ack 1 <mss 1460>\n" + lastACK + "+1ms > P. 1:2(1) ack 1\n+20ms < . 1:1(0) ack 2\n", []string{
			"0 syn-ack-retransmit server 4: server waited 980.0 ms: SYN-ACK sent twice, 980.0 ms apart; the client had acknowledged: that ACK was lost, or not taken",
			"0 slow-handshake client 4: the handshake took 1.0 s; a round trip takes 20.1 ms; SYN sent once, SYN-ACK twice: the network lost the SYN-ACK, or the ACK of it",
		}},
		{"never acknowledged", syn + synack + "1.02 < S. 0:0(0) ack 1 <mss 1460>\n3.02 < S. 0:0(0) ack 1 <mss 1460>\n", []string{
			"0 syn-ack-retransmit server 3: server waited 3.0 s: SYN-ACK sent 3 times, 1.0 s and 2.0 s apart; no ACK of the client had come",
			"0 handshake-incomplete server 4: server waited 3.0 s: SYN-ACK sent 3 times, 1.0 s and 2.0 s apart; left in SYN_RCVD",
		}},
		{"simultaneous", syn + `
+1ms  < S   0:0(0)       win 65160 <mss 1460>
+1ms  > S.  0:0(0) ack 1 win 64240 <mss 1460>
+19ms < S.  0:0(0) ack 1 win 65160 <mss 1460>
+1ms  > .   1:1(0) ack 1
+20ms < .   1:1(0) ack 1
`, []string{
			"0 simultaneous-open both 2: the second SYN passed the tap 1.0 ms after the first",
		}},
		{"SYN alone", syn + `
+20ms < S   0:0(0)       win 65160 <mss 1460>
+50us > S.  0:0(0) ack 1 win 64240 <mss 1460>
+20ms < .   1:1(0) ack 1
+50us > P.  1:2(1) ack 1
+20ms < .   1:1(0) ack 2
`, []string{
			"0 split-handshake server 2: the server answered the SYN by a SYN without ACK",
		}},
		{"another ISN", syn + synack + "+1s < S. 5000:5000(0) ack 1\n" + "+50us > . 1:1(0) ack 1\n+20ms < . 1:1(0) ack 1\n", []string{
			"0 syn-changed server 3: a second SYN-ACK with another ISN, 1.0 s after the first segment",
		}},
		{"another SYN", syn + "1.0 > S 7777:7777(0)\n", []string{
			"0 no-answer client 1: client waited 1.0 s: SYN sent once; nothing has come back",
			"1 syn-changed client 2: the SYN before, 1.0 s earlier and unanswered, had another ISN",
			"1 port-reused client 2: the connection before on these sockets was last heard of 1.0 s earlier, unanswered",
		}},
		{"half-open, the old connection unseen", syn + `
+20ms < .   72777:72777(0) ack 86888
+60us > R   86888:86888(0)
1.0   > S   0:0(0)         win 64240 <mss 1460>
+20ms < S.  0:0(0) ack 1   win 65160 <mss 1460>
+50us > .   1:1(0) ack 1   win 502
`, []string{
			"0 half-open-discovered server 3: the server still held the old connection and answered the SYN by an ACK of that; the client reset it 20.1 ms after its SYN",
			"0 syn-retransmit client 4: client waited 1.0 s: SYN sent twice, 1.0 s apart",
		}},
		{"half-open", request + `
60    > S   90000:90000(0) win 64240 <mss 1460>
+20ms < .   201:201(0) ack 101
+50us > R   101:101(0)
`, []string{
			"0 half-open-discovered server 9: the server still held the old connection and answered the SYN by an ACK of that; the client reset it 20.1 ms after its SYN",
			"0 abortive-close server 9: RST from the client after 60.0 s and 300 bytes: it answers a challenge ACK",
			"1 port-reused client 7: the connection before on these sockets was last heard of 60.0 s earlier, not closed",
		}},
		{"data accepted", `
+0     > S   0:100(100)      win 64240 <mss 1460,tfo 0102030405060708>
+20ms  < S.  0:0(0) ack 101  win 65160 <mss 1460>
+50us  > .   101:101(0) ack 1 win 502
`, []string{"0 syn-data client 1: 100 bytes with the SYN, accepted"}},
		{"data in part", `
+0     > S   0:100(100)      win 64240 <mss 1460,tfo 0102030405060708>
+20ms  < S.  0:0(0) ack 41   win 65160 <mss 1460>
+50us  > .   41:101(60) ack 1 win 502
`, []string{"0 syn-data client 1: 100 bytes with the SYN, 40 of them accepted"}},
		{"data ignored", `
+0     > S   0:100(100)      win 64240 <mss 1460,tfo 0102030405060708>
+20ms  < S.  0:0(0) ack 1    win 65160 <mss 1460>
+50us  > .   1:101(100) ack 1 win 502
`, []string{"0 syn-data client 1: 100 bytes with the SYN, ignored"}},
	})
}

func TestOpenAnomalies(t *testing.T) {
	checkCases(t, []detectCase{
		{"blind RST", request + "+1s > R 5000:5000(0) win 0 ttl 47 forged\n+20ms < . 201:201(0) ack 101\n+1s > P. 101:151(50) ack 201\n+20ms < . 201:201(0) ack 151\n", []string{
			"0 rst-not-accepted server 7: the server did not take the RST: its number is not the one expected; it went on for 1.0 s",
			"0 suspected-injection client 7: the segment is hardly from the client: its TTL is 47, that one's 64; its number is not the one expected; that one goes on as if it had not sent it",
			"0 challenge-ack server 8: the server answered an RST by an ACK of what it expects, 20.0 ms later",
		}},
		{"blind SYN", request + "+1s > S 500000:500000(0) win 0 ttl 47 forged\n+20ms < . 201:201(0) ack 101\n+1s > P. 101:151(50) ack 201\n+20ms < . 201:201(0) ack 151\n", []string{
			"0 syn-in-connection server 7: a SYN with another ISN came into the open connection, as if from the client",
			"0 challenge-ack server 8: the server answered a SYN by an ACK of what it expects, 20.0 ms later",
		}},
	})
}
