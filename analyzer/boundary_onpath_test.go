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
	const openedWithStamps = "client 10.0.0.1:40000\nserver 10.0.0.2:80\n+0 > S 0:0(0) win 64240 <mss 1460,TS val 1 ecr 0>\n+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460,TS val 920 ecr 1>\n" +
		"+50us > . 1:1(0) ack 1 win 64240 <nop,nop,TS val 21 ecr 920>\n+1ms > P. 1:101(100) ack 1 <nop,nop,TS val 22 ecr 920>\n+20ms < P. 1:201(200) ack 101 <nop,nop,TS val 940 ecr 22>\n+50us > . 101:101(0) ack 201 <nop,nop,TS val 41 ecr 940>\n"
	checkEdges(t, []edge{
		{"RSTs both ways within half a round trip are not from the endpoints", request + "+1s < R. 201:201(0) ack 101 win 0\n+@ > R. 101:101(0) ack 201 win 0\n", cause,
			[]string{"0", onPath, "10024us", onPath, "10025us", aborted}},
		{"whichever comes first", request + "+1s > R. 101:101(0) ack 201 win 0\n+@ < R. 201:201(0) ack 101 win 0\n", cause,
			[]string{"0", onPath, "10024us", onPath, "10025us", aborted}},
		{"be they plain", request + "+1s > R 101:101(0) win 0\n+@ < R 201:201(0) win 0\n", cause, []string{"0", onPath, "10025us", "half-open"}},
		{"and none of them shows who has aborted", request + "+1s > R. 101:101(0) ack 201 win 0\n+@ < R. 201:201(0) ack 101 win 0\n", path(analyzer.Client),
			[]string{"0", ended, "10025us", "SYN_SENT ESTABLISHED CLOSED"}},
		{"nor the other", request + both, path(analyzer.Server), []string{"", "LISTEN? SYN_RCVD ESTABLISHED CLOSED?"}},
		{"without such evidence it may have been either", request + "+1s < R. 201:201(0) ack 101 win 0\n@", detail("abortive-close"),
			[]string{"", "RST from the server after 1.0 s and 300 bytes: without a FIN: unread data, SO_LINGER 0, or a process that ended",
				"+0 > R. 101:101(0) ack 201 win 0\n", "RST from the server after 1.0 s and 300 bytes: a device on the path, such as a NAT, a load balancer or a firewall, " +
					"did not know the connection, or cut it, or both ends aborted at one moment"}},
		{"a timestamp that goes on from its sender's no device has", openedWithStamps + "+1s < R. 201:201(0) ack 101 win 0 <nop,nop,TS val @ ecr 40>\n+0 > R. 101:101(0) ack 201 win 0\n", cause,
			[]string{"939", onPath, "940", aborted, "1000991", aborted, "1000992", onPath}},
		{"nor one that echoes what its peer sent", openedWithStamps + "+1s < R. 201:201(0) ack 101 win 0 <nop,nop,TS val 1940 ecr @>\n+0 > R. 101:101(0) ack 201 win 0\n", cause,
			[]string{"20", onPath, "21", aborted, "1021072", aborted, "1021073", onPath}},
		{"be it on the second", openedWithStamps + "+1s < R. 201:201(0) ack 101 win 0\n+0 > R. 101:101(0) ack 201 win 0 @\n", cause,
			[]string{"", onPath, "<nop,nop,TS val 1040 ecr 940>", aborted}},
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
		{"of one socket there is nothing between", "client 10.0.0.1:5000\nserver 10.0.0.1:5000\nisn 5000 5000\n+0 > S 0:0(0) win 65495 <mss 65495>\n+10us > S. 0:0(0) ack 1 win 65495 <mss 65495>\n" +
			"+1ms > P. 1:11(10) ack 1 win 512\n+1ms > R. 11:11(0) ack 1 win 0\n", cause, []string{"", aborted}},
		{"an RST in one direction is another's, whatever else passed", stamped + "+0 > S 0:0(0) win 64240 <mss 1460,sackOK,TS,nop,wscale 7>\n+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460,sackOK,TS,nop,wscale 7>\n" +
			"+50us > . 1:1(0) ack 1 @\n+1ms > P. 1:101(100) ack 1\n+5ms < R 1:1(0) win 0 ttl 90\n+15ms < . 1:1(0) ack 101\n+1ms < P. 1:201(200) ack 101\n", cause,
			[]string{"", "injected", "<nop,nop,TS,nop,nop,sack 0:1>", "injected"}},
	})
}

// TestOutlivedBoundaries holds the rules on endpoints that go on behind an RST in their name.
func TestOutlivedBoundaries(t *testing.T) {
	const (
		same    = "LISTEN? SYN_RCVD ESTABLISHED"
		another = "ESTABLISHED?"
		goesOn  = "+@ < P. 201:301(100) ack 101\n"
	)
	server := path(analyzer.Server)
	checkEdges(t, []edge{
		{"behind a plain RST its supposed sender may go on for five minutes", request + "+1s < R 201:201(0) win 0\n" + goesOn, server,
			[]string{"299999ms", same, "300s", another}},
		{"be it the client", request + "+1s > R 101:101(0) win 0\n+@ > P. 101:201(100) ack 201\n", path(analyzer.Client),
			[]string{"299999ms", "SYN_SENT ESTABLISHED", "300s", another}},
		{"and as long from then on", request + "+1s < R 201:201(0) win 0\n+250 < P. 201:301(100) ack 101\n+@ < P. 301:401(100) ack 101\n", server,
			[]string{"299999ms", same, "300s", another}},
		{"by a SYN another begins", request + "+1s < R 201:201(0) win 0\n+120 @\n", path(analyzer.Client),
			[]string{"> P. 101:201(100) ack 201", "SYN_SENT ESTABLISHED", "> S 9000000:9000000(0) win 64240 <mss 1460>", "SYN_SENT"}},
		{"who aborts sends an ACK with it, and is waited for as any other", request + "+1s < R. 201:201(0) ack 101 win 0\n" + goesOn, server,
			[]string{"59999ms", same, "60s", another}},
		{"and what it sends behind that is no news", request + "+1s < R. 201:201(0) ack 101 win 0\n+1ms < R 201:201(0) win 0\n" + goesOn, server,
			[]string{"59999ms", same, "60s", another}},
		{"the number of an RST with ACK is the next that its sender uses: a FIN with that was sent behind it", request + "+1s < @ win 0\n+1ms < F. 201:201(0) ack 101\n", cause,
			[]string{"R. 201:201(0) ack 101", "unknown-on-path", "R 201:201(0)", "half-open"}},
		{"an RST that nobody took is not counted", request + "+1s < R 5001:5001(0) win 0\n+1ms < R. 201:201(0) ack 101 win 0\n" + goesOn, server,
			[]string{"59999ms", same, "60s", another}},
		{"who has closed may have gone", request + "+1ms < F. 201:201(0) ack 101\n+50us > . 101:101(0) ack 202\n+1s < R 202:202(0) win 0\n+@ < . 202:202(0) ack 101\n", server,
			[]string{"59999ms", same + " FIN_WAIT_1 FIN_WAIT_2?", "60s", another}},
	})
}
