package analyzer_test

import (
	"testing"

	"tcptrace/analyzer"
)

// TestOnPathBoundaries holds the rules on devices that reset both endpoints just inside and just outside their boundaries.
func TestOnPathBoundaries(t *testing.T) {
	const (
		onPath  = "unknown-on-path"
		aborted = "aborted"
		ended   = "SYN_SENT ESTABLISHED CLOSED?"
		both    = "+1s < R. 201:201(0) ack 101 win 0\n+0 > R. 101:101(0) ack 201 win 0\n"
	)
	checkEdges(t, []edge{
		{"RSTs both ways within half a round trip are not from the endpoints", request + "+1s < R. 201:201(0) ack 101 win 0\n+@ > R. 101:101(0) ack 201 win 0\n", cause,
			[]string{"0", onPath, "10024us", onPath, "10025us", aborted}},
		{"whichever comes first", request + "+1s > R. 101:101(0) ack 201 win 0\n+@ < R. 201:201(0) ack 101 win 0\n", cause,
			[]string{"0", onPath, "10024us", onPath, "10025us", aborted}},
		{"be they plain", request + "+1s > R 101:101(0) win 0\n+@ < R 201:201(0) win 0\n", cause, []string{"0", onPath, "10025us", "half-open"}},
		{"and none of them shows who has aborted", request + "+1s > R. 101:101(0) ack 201 win 0\n+@ < R. 201:201(0) ack 101 win 0\n", path(analyzer.Client),
			[]string{"0", ended, "10025us", "SYN_SENT ESTABLISHED CLOSED"}},
		{"nor the other", request + both, path(analyzer.Server), []string{"", "LISTEN? SYN_RCVD ESTABLISHED CLOSED?"}},
		{"what comes between them is answered", request + "+1s < R. 201:201(0) ack 101 win 0\n@+1ms > R. 101:101(0) ack 201 win 0\n", cause,
			[]string{"", onPath, "+10us > P. 101:201(100) ack 201\n", aborted}},
		{"and the first alone is not from its sender", request + "+1s > R. 101:101(0) ack 201 win 0\n@+1ms < R. 201:201(0) ack 101 win 0\n", path(analyzer.Server),
			[]string{"", "LISTEN? SYN_RCVD ESTABLISHED CLOSED?", "+10us > P. 101:201(100) ack 201\n", "LISTEN? SYN_RCVD ESTABLISHED CLOSED"}},
		{"one that its receiver does not take ends nothing", request + "+1s < R. @(0) ack 101 win 0\n+0 > R. 101:101(0) ack 201 win 0\n", cause,
			[]string{"201:201", onPath, "301:301", aborted}},
		{"nor does the second", request + "+1s > R. 101:101(0) ack 201 win 0\n+0 < R. @(0) ack 101 win 0\n", cause, []string{"201:201", onPath, "301:301", aborted}},
		{"who has closed may have gone", request + "@+1s < R. 201:201(0) ack 102 win 0\n+0 > R. 102:102(0) ack 201 win 0\n", cause,
			[]string{"+1ms > F. 101:101(0) ack 201\n+20ms < . 201:201(0) ack 102\n", "unread-data"}},
		{"a server that has heard no data yet is cut off, too", syn + synack + lastACK + "+1ms > P. 1:101(100) ack 1\n+1ms < R. 1:1(0) ack 101 win 0\n+0 > R. 101:101(0) ack 1 win 0\n", cause,
			[]string{"", onPath}},
		{"before the handshake's ACK each may reset what it did not expect", syn + synack + "@+1ms > R. 1:1(0) ack 1 win 0\n+0 < R. 1:1(0) ack 1 win 0\n", cause,
			[]string{lastACK, onPath, "", "abandoned"}},
		{"of what else betrays one of them is told beside", request + "+1s < R. 201:201(0) ack 101 win 0 ttl @\n+0 > R. 101:101(0) ack 201 win 0 ttl 40\n", cause,
			[]string{"64", onPath, "40", onPath}},
	})
}
