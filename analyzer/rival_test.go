package analyzer_test

import (
	"fmt"
	"strings"
	"testing"

	"tcptrace/internal/testutil/scripts"
)

// TestRivals pins which of several SYN-ACKs with different ISNs counts, and what is then said of the others.
func TestRivals(t *testing.T) {
	const endpoints = "client 10.0.0.1:40000\nserver 10.0.0.2:80\n"
	const syn = "+0 > S 0:0(0) win 64240 <mss 1460,nop,wscale 7>\n"
	const first = "+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460> ipid 1\n"
	const rival = "+1ms < S. 5000000:5000000(0) ack 1 win 65160 <mss 1460> ipid 900\n"
	const lower = "+1ms < S. -5000000:-5000000(0) ack 1 win 65160 <mss 1460> ipid 900\n"
	const crossing = "+0 > S 5000000:5000000(0) win 64240 <mss 1460> forged\n+1ms < S 0:0(0) win 65160 <mss 1460>\n+19ms > S. 0:0(0) ack 1 win 64240 <mss 1460>\n"
	for _, test := range []struct{ name, script, want string }{
		{"the ACK covers the first", syn + first + rival + "+1ms > . 1:1(0) ack 1", "2 syn-ack\n3 unacceptable\n4 ack"},
		{"the ACK covers the second", syn + first + rival + "+1ms > . 1:1(0) ack 5000001", "2 unacceptable\n3 syn-ack\n4 ack"},
		{"the second has the lower number", syn + first + lower + "+1ms > . 1:1(0) ack -4999999", "2 unacceptable\n3 syn-ack\n4 ack"},
		{"the ACK covers neither", syn + first + rival + "+1ms > . 1:1(0) ack 4999999", "2 syn-ack\n3 unacceptable\n4 ack ack-of-unseen"},
		{"the number itself is not covered", syn + first + rival + "+1ms > . 1:1(0) ack 5000000", "2 syn-ack\n3 unacceptable\n4 ack ack-of-unseen"},
		{"data acknowledge it", syn + first + rival + "+1ms > P. 1:101(100) ack 5000001", "2 unacceptable\n3 syn-ack\n4 data"},
		{"a FIN acknowledges it", syn + first + rival + "+1ms > F. 1:1(0) ack 5000001", "2 unacceptable\n3 syn-ack\n4 fin"},
		{"an RST may answer what was not taken", syn + first + rival + "+1ms > R. 1:1(0) ack 5000001\n+1ms > . 1:1(0) ack 1",
			"2 syn-ack\n3 unacceptable"},
		{"it is not the client's ACK", syn + first + rival + "+1ms > . 9000001:9000001(0) ack 5000001 forged\n+1ms > . 1:1(0) ack 1",
			"2 syn-ack\n3 unacceptable"},
		{"both came twice", syn + first + rival + "+1 < S. 0:0(0) ack 1 win 65160 <mss 1460> ipid 2\n" +
			"+1ms < S. 5000000:5000000(0) ack 1 win 65160 <mss 1460> ipid 901\n+1ms > . 1:1(0) ack 5000001",
			"2 unacceptable\n3 syn-ack\n4 unacceptable\n5 retransmission/timeout\n6 ack"},
		{"the third of three", syn + first + rival + lower + "+1ms > . 1:1(0) ack -4999999", "2 unacceptable\n3 unacceptable\n4 syn-ack\n5 ack"},
		{"data came with the second", syn + first + "+1ms < S. 5000000:5000100(100) ack 1 win 65160 <mss 1460> ipid 900\n+1ms > . 1:1(0) ack 5000001",
			"2 unacceptable\n3 syn-ack\n4 ack"},
		{"and its last octet is acknowledged", syn + first + "+1ms < S. 5000000:5000100(100) ack 1 win 65160 <mss 1460> ipid 900\n+1ms > . 1:1(0) ack 5000101",
			"2 unacceptable\n3 syn-ack\n4 ack"},
		{"but one more is not", syn + first + "+1ms < S. 5000000:5000100(100) ack 1 win 65160 <mss 1460> ipid 900\n+1ms > . 1:1(0) ack 5000102",
			"2 syn-ack\n3 unacceptable"},
		{"data came with the first", syn + "+20ms < S. 0:100(100) ack 1 win 65160 <mss 1460> ipid 1\n" + rival + "+1ms > . 1:1(0) ack 5000001", "2 unacceptable\n3 syn-ack\n4 ack"},
		{"and are acknowledged", syn + "+20ms < S. 0:100(100) ack 1 win 65160 <mss 1460> ipid 1\n" + rival + "+1ms > . 1:1(0) ack 101", "2 syn-ack\n3 unacceptable\n4 ack"},
		{"data came behind it", syn + first + rival + "+1ms < P. 1:101(100) ack 1\n+1ms > . 1:1(0) ack 5000001", "2 syn-ack\n3 unacceptable\n4 data"},
		{"who opens at the same time has another ISN than its SYN", crossing + "+1ms < S. 0:0(0) ack 1 win 65160 <mss 1460>", "1 unacceptable\n3 syn-ack\n4 syn-ack"},
		{"or the SYN's", crossing + "+1ms < S. 0:0(0) ack 5000001 win 65160 <mss 1460> forged", "1 syn\n3 unacceptable"},
		{"or its peer had acknowledged that before", "+0 > S 5000000:5000000(0) win 64240 <mss 1460> forged\n+20ms < . 0:0(0) ack 1 win 65160\n+20us < S 0:0(0) win 65160 <mss 1460>\n+50us > S. 0:0(0) ack 1 win 64240 <mss 1460>",
			"4 syn-ack"},
		{"or another", "+0 > S 5000000:5000000(0) win 64240 <mss 1460> forged\n+20ms < . 0:0(0) ack 2 win 65160\n+20us < S 0:0(0) win 65160 <mss 1460>\n+50us > S. 0:0(0) ack 1 win 64240 <mss 1460>",
			"4 unacceptable"},
		{"the first was acknowledged before", syn + first + "+1ms > . 1:1(0) ack 1\n" + rival + "+1ms > . 1:1(0) ack 5000001",
			"2 syn-ack\n4 unacceptable\n5 ack ack-of-unseen"},
	} {
		t.Run(test.name, func(t *testing.T) {
			frames := scripts.Frames(t, "# a story\n"+endpoints+test.script+"\n")
			got := read(t, frames)
			for _, want := range strings.Split(test.want, "\n") {
				var frame int
				fmt.Sscan(want, &frame)
				if line := fmt.Sprint(frame, " ", got[uint64(frame)]); line != want {
					t.Errorf("got  %s\nwant %s", line, want)
				}
			}
		})
	}
}
