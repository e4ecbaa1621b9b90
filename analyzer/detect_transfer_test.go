package analyzer_test

import "testing"

// later is a frame that is not TCP: the capture goes on.
const later = "+200s frame ffffffffffff02000000000108060001\n"

func TestTransferAnomalies(t *testing.T) {
	checkCases(t, []detectCase{
		{"what follows a timeout is no timeout", request + `
+1ms   > .   101:1549(1448)  ack 201
+10us  > .   1549:2997(1448) ack 201
+10us  > .   2997:4445(1448) ack 201
+300ms > .   101:1549(1448)  ack 201
+20ms  < .   201:201(0)      ack 1549
+50us  > .   1549:2997(1448) ack 201
+10us  > .   2997:4445(1448) ack 201
+20ms  < .   201:201(0)      ack 4445
`, []string{
			"0 packet-loss client 10: 3 of 7 packets of the client with data were lost behind the tap; sent again after 320.1 ms at most, because of its timer",
			"0 retransmission-timeout client 10: nothing of the client's was acknowledged for 321.1 ms; its timer fired once",
		}},
		{"two pauses, each begins with a tail probe", request + `
+1ms   > P.  101:201(100) ack 201
+250ms > P.  101:201(100) ack 201
+300ms > P.  101:201(100) ack 201
+20ms  < .   201:201(0)   ack 201
+1     > P.  201:301(100) ack 201
+250ms > P.  201:301(100) ack 201
+300ms > P.  201:301(100) ack 201
+600ms > P.  201:301(100) ack 201
+20ms  < .   201:201(0)   ack 301
`, []string{
			"0 packet-loss client 8: 5 of 8 packets of the client with data were lost behind the tap; sent again after 1.1 s at most, because of a tail probe and its timer",
			"0 retransmission-timeout client 9: nothing of the client's was acknowledged for 1.2 s at most, in 2 such pauses; its timer fired 3 times, at most twice in a row, backing off",
		}},
		{"a capture that ends does not show who gives up", request + `
+1ms   > P.  101:201(100) ack 201
+250ms > P.  101:201(100) ack 201
+300ms > P.  101:201(100) ack 201
+600ms > P.  101:201(100) ack 201
+1200ms > P. 101:201(100) ack 201
`, []string{
			"0 retransmission-timeout client 9: nothing of the client's was acknowledged for 2.4 s; its timer fired 3 times, backing off twice",
		}},
		{"given up, with an RST", request + `
+1ms   > P.  101:201(100) ack 201
+250ms > P.  101:201(100) ack 201
+300ms > P.  101:201(100) ack 201
+600ms > P.  101:201(100) ack 201
+1200ms > P. 101:201(100) ack 201
+2400ms > R. 201:201(0)   ack 201
`, []string{
			"0 retransmission-timeout client 9: nothing of the client's was acknowledged for 4.8 s; its timer fired 3 times, backing off twice",
			"0 retries-exhausted client 9: the client's last 3 retransmissions, over 1.8 s, were not answered; then it sent an RST",
			"0 abortive-close server 12: RST from the client after 4.8 s and 400 bytes: its sender gave up: the peer did not acknowledge what it sent again and again",
		}},
		{"given up, behind a timeout that was repaired: it is told at the first that was not", request + `
+1ms   > P.  101:201(100) ack 201
+250ms > P.  101:201(100) ack 201
+300ms > P.  101:201(100) ack 201
+20ms  < .   201:201(0)   ack 201
+10    > P.  201:301(100) ack 201
+250ms > P.  201:301(100) ack 201
+300ms > P.  201:301(100) ack 201
+600ms > P.  201:301(100) ack 201
+1200ms > P. 201:301(100) ack 201
+2400ms > R. 301:301(0)   ack 201
`, []string{
			"0 packet-loss client 8: 2 of 9 packets of the client with data were lost behind the tap; sent again after 2.4 s at most, because of a tail probe and its timer",
			"0 retransmission-timeout client 9: nothing of the client's was acknowledged for 4.8 s at most, in 2 such pauses; its timer fired 4 times, at most 3 times in a row, backing off",
			"0 retries-exhausted client 13: the client's last 3 retransmissions, over 1.8 s, were not answered; then it sent an RST",
			"0 abortive-close server 16: RST from the client after 15.4 s and 500 bytes: its sender gave up: the peer did not acknowledge what it sent again and again",
		}},
		{"no answers in a capture of one direction", stamped + `
+0     > S   0:0(0)   win 64240 <mss 1460,sackOK,TS,nop,wscale 7>
+20ms  < S.  0:0(0)   ack 1 win 65160 <mss 1460,sackOK,TS,nop,wscale 7> unseen
+50us  > .   1:1(0)   ack 1 win 502
+1ms   > P.  1:101(100) ack 1
+300ms > P.  1:101(100) ack 1
+600ms > P.  1:101(100) ack 1
+1200ms > P. 1:101(100) ack 1
` + later, []string{
			"0 one-sided client 2: all 6 segments are from the client; the server's are not captured",
		}},
		{"lost by the capture, not acknowledged too early", request + `
+1ms  < P.  201:1201(1000)  ack 101 unseen
+50us > .   101:101(0)      ack 1201
+1    < .   1201:1201(0)    ack 101
+1ms  < P.  1201:1301(100)  ack 101
`, []string{
			"0 capture-loss server 7: 1,000 bytes of the server acknowledged but not captured",
		}},
		{"needless for the ACK had passed", request + `
+1ms   > P.  101:201(100) ack 201
+20ms  < .   201:201(0)   ack 201
+10ms  > P.  101:201(100) ack 201
`, []string{
			"0 spurious-retransmission client 9: 1 retransmission of the client was not needed: the bytes were acknowledged before",
		}},
	})
}

func TestWindowAnomalies(t *testing.T) {
	checkCases(t, []detectCase{
		{"closed to the end", request + `
+1ms  < .   201:201(0) ack 101 win 0
+5    > .   100:100(0) ack 201
+20ms < .   201:201(0) ack 101 win 0
`, []string{
			"0 zero-window server 7: the server's window is closed, so far for 5.0 s; the client has probed it once",
			"0 window-shrunk server 7: the server took back window that it had offered, 65,152 bytes",
		}},
		{"who has everything needs no window", request + "+1ms > F. 101:101(0) ack 201\n+20ms < . 201:201(0) ack 102 win 0\n+1ms < F. 201:201(0) ack 102 win 0\n+50us > . 102:102(0) ack 202\n", nil},
		{"probes given up", request + `
+1ms  < .   201:201(0) ack 101 win 0
+300ms > .  100:100(0) ack 201
+600ms > .  100:100(0) ack 201
+1200ms > . 100:100(0) ack 201
` + later, []string{
			"0 zero-window server 7: the server's window is closed, so far for 2.1 s; the client has probed it 3 times",
			"0 window-shrunk server 7: the server took back window that it had offered, 65,152 bytes",
			"0 retries-exhausted client 8: the client's last 3 probes of the closed window, over 1.8 s, were not answered; then it was silent",
		}},
		{"rounding", request + `
+1ms  > P.  101:201(100) ack 201
+20ms < .   201:201(0)   ack 201 win 508
+1ms  > P.  201:251(50)  ack 201
+20ms < .   201:201(0)   ack 251 win 507
`, nil},
	})
}

func TestKeepAliveAnomalies(t *testing.T) {
	const idle, probe, answer = "+60s", " > . 100:100(0) ack 201\n", "+20ms < . 201:201(0) ack 101\n"
	checkCases(t, []detectCase{
		{"one unanswered", request + idle + probe + "+1s" + probe + answer, []string{
			"0 keep-alive client 7: 2 keep-alives of the client in 1.0 s, answered once",
		}},
		{"two, and the capture ends", request + idle + probe + "+1s" + probe, nil},
		{"two, and silence", request + idle + probe + "+1s" + probe + later, []string{
			"0 keep-alive-timeout client 7: 2 keep-alives of the client in 1.0 s without an answer; the server had been silent for 60.0 s before; then the client gave up",
		}},
		{"three", request + idle + probe + "+1s" + probe + "+1s" + probe, []string{
			"0 keep-alive-timeout client 7: 3 keep-alives of the client in 2.0 s without an answer; the server had been silent for 60.0 s before",
		}},
		{"one answered, then three are not: it is told at the first of those", request + idle + probe + answer + idle + probe + "+1s" + probe + "+1s" + probe, []string{
			"0 keep-alive client 7: 4 keep-alives of the client in 62.0 s, answered once",
			"0 keep-alive-timeout client 9: 3 keep-alives of the client in 2.0 s without an answer; the server had been silent for 60.0 s before",
		}},
		{"three, and then it acknowledges what is not captured", request + idle + probe + "+1s" + probe + "+1s" + probe + "+1s > . 101:101(0) ack 301\n", []string{
			"0 capture-loss server 10: 100 bytes of the server acknowledged but not captured",
		}},
		{"three, and then it acknowledges no more than before", request + idle + probe + "+1s" + probe + "+1s" + probe + "+1s > . 101:101(0) ack 201\n", []string{
			"0 keep-alive-timeout client 7: 3 keep-alives of the client in 2.0 s without an answer; the server had been silent for 60.0 s before",
		}},
		{"the peer has forgotten the connection", request + idle + probe + "+20ms < R 201:201(0) win 0\n", []string{
			"0 abortive-close client 8: RST from the server after 60.1 s and 300 bytes: its sender did not know the connection (any more)",
		}},
	})
}

func TestInjection(t *testing.T) {
	checkCases(t, []detectCase{
		{"another route", request + "+1s < P. 201:301(100) ack 101 ttl 61\n+50us > . 101:101(0) ack 301\n", nil},
		{"a longer route", request + "+1s < P. 201:301(100) ack 101 ttl 50\n+50us > . 101:101(0) ack 301\n", nil},
		{"another TTL and no timestamp", request + "+1s < P. 201:301(100) ack 101 ttl 50 <eol>\n+50us > . 101:101(0) ack 301\n", []string{
			"0 suspected-injection server 7: the segment is hardly from the server: its TTL is 50, that one's 64; its timestamp is missing or out of order",
		}},
		{"a host resets with another TTL", request + "+1s < R. 201:201(0) ack 101 ttl 255\n", []string{
			"0 abortive-close client 7: RST from the server after 1.0 s and 300 bytes: without a FIN: unread data, SO_LINGER 0, or a process that ended",
		}},
		{"an RST that overtakes", request + "+1s < R. 301:301(0) ack 101\n+2ms < P. 201:301(100) ack 101\n", []string{
			"0 rst-not-accepted client 7: the RST's number is not the one that the client expected; whether it took it, as before RFC 5961, is not seen",
		}},
	})
}
