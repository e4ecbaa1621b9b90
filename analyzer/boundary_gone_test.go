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
		{"or waited for nothing", greeted + "+@ > P. 1:101(100) ack 1\n+20ms < R 1:1(0) win 0\n", server, []string{"3479ms", never, "3480ms", was + "?"}},
		{"of which a SYN-ACK that comes again tells the contrary", greeted + "@+9s > P. 1:101(100) ack 1\n+20ms < R 1:1(0) win 0\n", server,
			[]string{"", was + "?", "+1 < S. 0:0(0) ack 1 win 65160 <mss 1460>\n", never}},
		{"who aborts has what it acknowledges, be it not captured", asked + "+30ms < R. 1:1(0) ack @\n", server,
			[]string{"1", "LISTEN? SYN_RCVD LISTEN?", "2", was, "1073725441", was, "1073725442", never}},
		{"and resets with its own number", asked + "+30ms < R. @(0) ack 101\n", server, []string{"1:1", was, "2:2", never}},
	})
}

// TestAskedBoundaries holds the rules on who asked in vain whether its peer is there, and on who saves itself TIME_WAIT.
func TestAskedBoundaries(t *testing.T) {
	const (
		asks   = "+0 > . 100:100(0) ack 201 win 500\n+10 > . 100:100(0) ack 201\n"
		probes = "+0 > . 100:101(1) ack 201 win 500 hex 00\n+10 > . 100:101(1) ack 201 hex 00\n"
		ends   = "+20ms < . 201:201(0) ack 102\n+@ < F. 201:201(0) ack 102\n+50us > R. 102:102(0) ack 202\n"
	)
	checkEdges(t, []edge{
		{"an RST one above ACKs without data shows that they asked", asks + "+10 > R. @(0) ack 201\n", cause, []string{"100:100", "aborted", "101:101", "keep-alive-timeout", "102:102", "aborted"}},
		{"it is theirs, and proves CLOSED", asks + "+10 > R. @(0) ack 201\n", path(analyzer.Client),
			[]string{"100:100", "ESTABLISHED? CLOSED", "101:101", "ESTABLISHED? CLOSED", "102:102", "ESTABLISHED? CLOSED?"}},
		{"and did not come where they did not", asks + "+10 > R. @(0) ack 201\n", path(analyzer.Server), []string{"100:100", "ESTABLISHED? CLOSED?", "101:101", "ESTABLISHED?"}},
		{"of more than one", "+0 > . 100:100(0) ack 201 win 500\n@+10 > R. 101:101(0) ack 201\n", cause, []string{"", "aborted", "+10 > . 100:100(0) ack 201\n", "keep-alive-timeout"}},
		{"when the next was due", asks + "+@ > R. 101:101(0) ack 201\n", cause, []string{"7499ms", "aborted", "7500ms", "keep-alive-timeout", "12500ms", "keep-alive-timeout", "12501ms", "aborted"}},
		{"unless something came back", asks + "@+10 > R. 101:101(0) ack 201\n", cause, []string{"", "keep-alive-timeout", "+20ms < . 201:201(0) ack 100\n", "aborted"}},
		{"who goes on does not ask any more", probes + "@+10 > R. 101:101(0) ack 201\n", cause, []string{"", "keep-alive-timeout", "+1s > . 101:101(0) ack 301\n", "aborted"}},
		{"who resets at its peer's FIN waits no more, but saves TIME_WAIT if it closed just before", request + clientFIN + ends, cause,
			[]string{"979ms", "after-fin", "980ms", "fin-wait-2-timeout"}},
	})
}
