package analyzer_test

import (
	"strings"
	"testing"
)

func TestHandshakeAnomalies(t *testing.T) {
	const (
		ask   = "+1ms > P. 1:101(100) ack 1\n+20ms < . 1:1(0) ack 101\n"
		again = "%s < S. 0:0(0) ack 1 <mss 1460>\n+50us > . 1:1(0) ack 1 win 502\n"
	)
	late := func(after string) string {
		return syn + strings.Replace(synack, "+20ms", "+"+after, 1) + lastACK + ask
	}
	repeated := func(at ...string) string {
		script := syn + synack + lastACK + "+1ms > P. 1:101(100) ack 1\n"
		for _, t := range at {
			script += strings.Replace(again, "%s", t, 1)
		}
		return script
	}
	checkCases(t, []detectCase{
		{"answered late", late("120ms"), []string{
			"0 slow-handshake client 2: the SYN was answered after 120.0 ms; what followed, after 20.0 ms: the server, or what answers for it, took long",
		}},
		{"answered not so late", late("119ms"), nil},
		{"far away, answered late", strings.ReplaceAll(late("400ms"), "+20ms < .", "+100ms < ."), []string{
			"0 slow-handshake client 2: the SYN was answered after 400.0 ms; what followed, after 100.0 ms: the server, or what answers for it, took long",
		}},
		{"far away, answered not so late", strings.ReplaceAll(late("399ms"), "+20ms < .", "+100ms < ."), nil},
		{"nothing to compare with", syn + strings.Replace(synack, "+20ms", "+500ms", 1) + lastACK, nil},
		{"SYN lost", syn + "1.0 > S 0:0(0) <mss 1460>\n" + synack + lastACK + ask, []string{
			"0 syn-retransmit client 2: client waited 1.0 s: SYN sent twice, 1.0 s apart",
			"0 slow-handshake client 3: the handshake took 1.0 s; a round trip takes 20.1 ms; SYN sent twice before anything came back: the network lost it or its answer, or the server dropped it",
		}},
		{"refused, and then not", syn + "+1ms < R. raw 0:0(0) ack 1 win 0\n1.0 > S 0:0(0) <mss 1460>\n" + synack + lastACK + ask, []string{
			"0 syn-retransmit client 3: client waited 1.0 s: SYN sent twice, 1.0 s apart; the first was refused",
			"0 slow-handshake client 4: the handshake took 1.0 s; a round trip takes 20.1 ms; SYN sent twice: the server had refused before",
		}},
		{"not refused: the RST does not acknowledge the SYN", syn + "+1ms < R. raw 0:0(0) ack 2 win 0 forged\n1.0 > S 0:0(0) <mss 1460>\n" + synack + lastACK + ask, []string{
			"0 rst-not-accepted client 2: the client did not take the RST: it does not acknowledge the SYN; it went on for 1.0 s",
			"0 syn-retransmit client 3: client waited 1.0 s: SYN sent twice, 1.0 s apart",
			"0 slow-handshake client 4: the handshake took 1.0 s; a round trip takes 20.1 ms; SYN sent twice: what came back before does not answer it",
		}},
		{"the ACK lost, or not taken", repeated("1.02"), []string{
			"0 syn-ack-retransmit server 5: server waited 1.0 s: SYN-ACK sent twice, 1.0 s apart; the client had acknowledged: that ACK was lost, or not taken",
			"0 slow-handshake client 5: the handshake took 1.0 s; a round trip takes 20.1 ms; SYN sent once, SYN-ACK twice: the network lost the SYN-ACK, or the ACK of it",
		}},
		{"the ACK not taken", repeated("1.02", "3.02"), []string{
			"0 syn-ack-retransmit server 5: server waited 3.0 s: SYN-ACK sent 3 times, 1.0 s and 2.0 s apart; the client had acknowledged: that ACK was lost, or not taken",
			"0 accept-queue-overflow server 5: the server repeated its SYN-ACK twice, over 3.0 s, each time behind an ACK of it: it does not take that; its accept queue is probably full",
		}},
		{"other options", syn + "1.0 > S 0:0(0)\n", []string{
			"0 no-answer client 1: client waited 1.0 s: SYN sent twice, 1.0 s apart; nothing has come back",
			"0 syn-retransmit client 2: client waited 1.0 s: SYN sent twice, 1.0 s apart",
			"0 syn-options-changed client 2: the client sent its SYN again with other options: MSS",
		}},
		{"the same options, another timestamp", "timestamps 1 1\n" + strings.Replace(syn, "1460", "1460,TS", 1) + "1.0 > S 0:0(0) <mss 1460,TS>\n", []string{
			"0 no-answer client 1: client waited 1.0 s: SYN sent twice, 1.0 s apart; nothing has come back",
			"0 syn-retransmit client 2: client waited 1.0 s: SYN sent twice, 1.0 s apart",
		}},
		{"its sender answers what is not captured", syn + "+1s > R 101:101(0) win 0\n+1s > S 0:0(0) win 64240 <mss 1460>\n", []string{
			"0 syn-retransmit client 3: client waited 2.0 s: SYN sent twice, 2.0 s apart",
		}},
		{"its sender gives up", syn + "+1s > R 0:0(0) win 0\n+1s > S 0:0(0) win 64240 <mss 1460>\n", []string{
			"0 no-answer client 1: client waited 2.0 s: SYN sent twice, 2.0 s apart; nothing has come back",
			"0 syn-retransmit client 3: client waited 2.0 s: SYN sent twice, 2.0 s apart",
		}},
		{"refused, and tried again before its timer", syn + "+20ms < R. raw 0:0(0)\n+500ms > S 0:0(0) win 64240 <mss 1460>\n+500ms > S 0:0(0) win 64240 <mss 1460>\n", []string{
			"0 connection-refused client 2: the server answered the SYN by an RST after 20.0 ms",
			"0 syn-retransmit client 3: client waited 1.0 s: SYN sent 3 times, 520.0 ms and 500.0 ms apart; the first was refused",
		}},
		{"four copies without IP ID", syn + strings.Replace(synack, ">", "> ipid 0", 1) + strings.Repeat("+30us < S. 0:0(0) ack 1 win 65160 <mss 1460> ipid 0\n", 3) + lastACK, []string{
			"0 capture-duplicates both 3: 3 of 6 frames are copies of others; they are not analyzed",
		}},
		{"SYN-ACKs that nobody takes", syn + "+20ms < S. 0:0(0) ack 1 <mss 1460> badsum\n1.0 > S 0:0(0) <mss 1460>\n+20ms < S. 0:0(0) ack 1 <mss 1460> badsum\n", []string{
			"0 bad-checksum server 2: the server's segments have wrong checksums, and the client does not take them",
			"0 syn-retransmit client 3: client waited 1.0 s: SYN sent twice, 1.0 s apart; an answer had passed before the second",
			"0 syn-ack-retransmit server 4: server waited 1.0 s: SYN-ACK sent twice, 1.0 s apart; the checksum of the first is wrong",
			"0 handshake-incomplete server 4: server waited 1.0 s: SYN-ACK sent twice, 1.0 s apart; left in SYN_RCVD",
		}},
		{"a SYN without a right checksum, and no answer", syn[:len(syn)-1] + " badsum\n+2s frame ffffffffffff02000000000108060001\n", []string{
			"0 bad-checksum client 1: no segment of the client has a right checksum: they are damaged, or it leaves that to its network card; the server answers none",
			"0 no-answer client 1: client waited 2.0 s: SYN sent once; nothing has come back",
		}},
		{"the same, through a router", syn[:len(syn)-1] + " badsum ttl 63\n+2s frame ffffffffffff02000000000108060001\n", []string{
			"0 bad-checksum client 1: the client's segments have wrong checksums, and the server does not take them",
			"0 no-answer client 1: client waited 2.0 s: SYN sent once; nothing has come back",
		}},
	})
}
