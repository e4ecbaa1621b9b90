package segment_test

import (
	"strings"
	"testing"
)

// TestTwoTaps: what passes two taps, with a router between them or not, is captured twice; what is sent again is not taken for that.
func TestTwoTaps(t *testing.T) {
	const (
		syn    = "+0 > S 0:0(0) win 64240 <mss 1460> ipid 7 ttl 64\n"
		synack = "+0 > S 0:0(0) win 64240 <mss 1460> ipid 7 ttl 64\n+0 < S. 0:0(0) ack 1 win 65160 <mss 1460> ipid 0 ttl 64\n"
		// Three segments, and ACKs for the first alone; all of the server's has no ID, as IPv6 has none.
		bulk = "+0 > S 0:0(0) win 64240 <mss 1460> ipid 7 ttl 64\n+5ms > S 0:0(0) win 64240 <mss 1460> ipid 7 ttl 63\n" +
			"+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460> ipid 0 ttl 64\n+5ms < S. 0:0(0) ack 1 win 65160 <mss 1460> ipid 0 ttl 63\n" +
			"+1ms > P. 1:101(100) ack 1 ipid 8 ttl 64\n+0 > P. 101:201(100) ack 1 ipid 9 ttl 64\n+0 > P. 201:301(100) ack 1 ipid 10 ttl 64\n" +
			"+20ms < . 1:1(0) ack 101 win 65160 ipid 0 ttl 64\n+1ms < . 1:1(0) ack 201 win 65160 ipid 0 ttl 64\n"
		sends = bulk + "+1ms < P. 1:101(100) ack 201 win 65160 ipid 0 ttl 64\n+0 < P. 101:201(100) ack 201 win 65160 ipid 0 ttl 64\n"
	)
	checkEdges(t, []edge{
		{"within the skew of taps whatever the TTL is", syn + "@\n", reads(0), []string{
			"+10ms > S 0:0(0) win 64240 <mss 1460> ipid 7 ttl 64", "capture-duplicate",
			"+10001us > S 0:0(0) win 64240 <mss 1460> ipid 7 ttl 64", "retransmission/timeout"}},
		{"behind a router within the least retransmission timeout", syn + "@ > S 0:0(0) win 64240 <mss 1460> ipid 7 ttl 63\n", reads(0), []string{
			"+199ms", "capture-duplicate", "+200ms", "retransmission/timeout"}},
		{"in front of it, by the ID", syn + "+30ms > S 0:0(0) win 64240 <mss 1460> ipid @ ttl 65\n", reads(0), []string{"7", "capture-duplicate", "8", "retransmission/timeout"}},
		{"without an ID only behind it", synack + "+30ms < S. 0:0(0) ack 1 win 65160 <mss 1460> ipid 0 ttl @\n", reads(0), []string{
			"63", "capture-duplicate", "64", "retransmission/unknown answers-repeated-syn", "65", "retransmission/unknown answers-repeated-syn"}},
		{"a SYN-ACK again before a timer fires answers a SYN that came twice", synack + "@ < S. 0:0(0) ack 1 win 65160 <mss 1460> ipid 0 ttl 64\n", reads(0), []string{
			"+199999us", "retransmission/unknown answers-repeated-syn", "+200ms", "retransmission/timeout"}},
		{"a SYN-ACK that a SYN was sent again for is another", synack + "+1 < S. 0:0(0) ack 1 win 65160 <mss 1460> ipid 0 ttl 64\n@+5ms < S. 0:0(0) ack 1 win 65160 <mss 1460> ipid 0 ttl 64\n", reads(0), []string{
			"", "capture-duplicate",
			"+5ms > S 0:0(0) win 64240 <mss 1460> ipid 8 ttl 64\n", "retransmission/unknown answers-repeated-syn",
			"+5ms > . 1:1(0) ack 1 ipid 8 ttl 64\n", "capture-duplicate"}},
		{"none but the same segment", syn + "+30ms > S @ ipid 7 ttl 63\n", reads(0), []string{
			"0:0(0) win 64240 <mss 1460>", "capture-duplicate", "0:0(0) win 64241 <mss 1460>", "retransmission/timeout"}},

		{"an ACK of which another passed since", bulk + "@\n", reads(0), []string{
			"+8ms < . 1:1(0) ack 101 win 65160 ipid 0 ttl 63", "capture-duplicate",
			"+8ms < . 1:1(0) ack 201 win 65160 ipid 0 ttl 63", "capture-duplicate",
			"+8ms < . 1:1(0) ack 201 win 65159 ipid 0 ttl 63", "capture-duplicate",
			"+11ms < . 1:1(0) ack 201 win 65160 ipid 0 ttl 64", "duplicate-ack",
			"+8ms < . 1:1(0) ack 202 win 65160 ipid 0 ttl 63", "ack",
			"+8ms < . 1:1(0) ack 201 win 65159 ipid 0 ttl 62", "window-update window-shrunk",
			"+199ms < . 1:1(0) ack 101 win 65160 ipid 0 ttl 63", "capture-duplicate",
			"+200ms < . 1:1(0) ack 101 win 65160 ipid 0 ttl 63", "ack stale-ack"}},
		{"data of which more passed since", sends + "@ < P. 1:101(100) ack 201 win 65159 ipid 0 ttl 63\n", reads(0), []string{
			"+30ms", "capture-duplicate", "+199ms", "capture-duplicate", "+200ms", "retransmission/timeout window-shrunk"}},
		{"but not before the router", sends + "+30ms < P. 1:101(100) ack 201 win 65159 ipid 0 ttl @\n", reads(0), []string{
			"63", "capture-duplicate", "64", "retransmission/unknown window-shrunk"}},
		{"nor where there is no router between the taps", strings.ReplaceAll(sends, "ttl 63", "ttl 64") + "+30ms < P. 1:101(100) ack 201 win 65159 ipid 0 ttl @\n", reads(0), []string{
			"64", "retransmission/unknown window-shrunk", "63", "retransmission/unknown window-shrunk"}},
	})
}
