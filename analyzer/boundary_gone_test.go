package analyzer_test

import (
	"testing"

	"tcptrace/analyzer"
)

// TestGoneBoundaries holds each rule on what an RST tells of a server that said nothing but SYN-ACKs.
func TestGoneBoundaries(t *testing.T) {
	const (
		asked   = syn + "+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n"
		greeted = asked + "+50us > . 1:1(0) ack 1\n"
		never   = "LISTEN? SYN_RCVD LISTEN?"
		was     = "LISTEN? SYN_RCVD ESTABLISHED? CLOSED"
	)
	server := path(analyzer.Server)
	checkEdges(t, []edge{
		{"who answers data without ACK never took the handshake's, but if it had been reset since", greeted + "@+1ms > P. 1:101(100) ack 1\n+30ms < R 1:1(0) win 0\n", server,
			[]string{"", never, "+1ms > R. 1:1(0) ack 1\n", was + "?"}},
		{"by an RST that it takes", greeted + "+1ms > R. @(0) ack 1\n+50ms < R 1:1(0) win 0\n", server, []string{"1:1", was + "?", "2:2", never}},
		{"and had by then", greeted + "+1ms > R. 1:1(0) ack 1\n+@ < R 1:1(0) win 0\n", server, []string{"21ms", never, "23ms", was + "?"}},
		{"or waited for nothing", greeted + "+@ > P. 1:101(100) ack 1\n+20ms < R 1:1(0) win 0\n", server, []string{"3479ms", never, "3480ms", was}},
		{"of which a SYN-ACK that comes again tells the contrary", greeted + "@+9s > P. 1:101(100) ack 1\n+20ms < R 1:1(0) win 0\n", server,
			[]string{"", was, "+1 < S. 0:0(0) ack 1 win 65160 <mss 1460>\n", never}},
		{"who aborts has what it acknowledges, be it not captured", asked + "+30ms < R. 1:1(0) ack @\n", server,
			[]string{"1", "LISTEN? SYN_RCVD LISTEN?", "2", was, "1073725441", was, "1073725442", never}},
		{"and resets with its own number", asked + "+30ms < R. @(0) ack 101\n", server, []string{"1:1", was, "2:2", never}},
	})
}
