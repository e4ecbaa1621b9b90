package analyzer_test

import (
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/fsm"
)

// unscaled opens a connection without any option but the segment size. The server's windows are small.
const unscaled = `
+0      > S   0:0(0)        win 64240 <mss 1460>
+20ms   < S.  0:0(0)  ack 1 win 1000  <mss 1460>
+50us   > .   1:1(0)  ack 1
`

func TestResetBoundaries(t *testing.T) {
	const (
		open   = "SYN_SENT ESTABLISHED"
		ended  = open + " CLOSED?"
		dialed = "SYN_SENT ESTABLISHED?"
		refuse = "refused"
	)
	path, server := path(analyzer.Client), path(analyzer.Server)
	checkEdges(t, []edge{
		{"an RST is taken at what its receiver expects, and nowhere else (RFC 5961 3.2)", request + "+1s < R @(0) win 0\n", path,
			[]string{"200:200", open, "201:201", ended, "202:202", open}},
		{"that may be anything up to the end of what is on its way", request + "+1ms < P. 201:301(100) ack 101\n+1ms < R @(0) win 0\n", path,
			[]string{"200:200", open, "201:201", ended, "301:301", ended, "302:302", open}},
		{"from the ISN on if nothing was acknowledged", syn + synack + "+1ms < P. 1:101(100) ack 1\n+1ms < R @(0) win 0\n", path,
			[]string{"0:0", dialed, "1:1", dialed + " CLOSED?", "101:101", dialed + " CLOSED?", "102:102", dialed}},
		{"from the first byte on where that is not known", "+0 < P. 1:101(100) ack 1\n+1ms < R @(0) win 0\n", path,
			[]string{"0:0", "ESTABLISHED?", "1:1", "ESTABLISHED? CLOSED?", "101:101", "ESTABLISHED? CLOSED?", "102:102", "ESTABLISHED?"}},
		{"SYN_SENT takes an RST that acknowledges its SYN (RFC 9293 3.10.7.3)", syn + "+20ms < @ win 0\n", outcome,
			[]string{"R. raw 0:0(0) ack 0", "unanswered", "R. raw 0:0(0) ack 1", refuse, "R. raw 0:0(0) ack 2", "unanswered"}},
		{"an RST without ACK acknowledges nothing, not even if the field that means nothing has the right number", "isn 4294967295 1000\n" + syn + "+20ms < @ win 0\n", outcome,
			[]string{"R raw 0:0(0)", "unanswered", "R. raw 0:0(0) ack 1", refuse}},
		{"nor is it taken", "isn 4294967295 1000\n" + syn + "+20ms < @ win 0\n", says("rst-not-accepted"),
			[]string{"R raw 0:0(0)", "warning", "R. raw 0:0(0) ack 1", "no"}},
		{"that is so if the SYN-ACK did not arrive", syn + synack + "+1ms < R. raw 0:0(0) ack @ win 0\n", says("rst-not-accepted"),
			[]string{"0", "warning", "1", "no", "2", "warning"}},
		{"or some of its data", "+0 > S 0:10(10) win 64240 <mss 1460>\n+20ms < R. raw 0:0(0) ack @ win 0\n", outcome,
			[]string{"0", "unanswered", "1", refuse, "11", refuse, "12", "unanswered"}},
		{"what it did not take is said", syn + "+20ms < R. raw 0:0(0) ack @ win 0\n", says("rst-not-accepted"),
			[]string{"0", "warning", "1", "no", "2", "warning"}},
		{"who goes on longer than its answers take did not take it", request + "+1s < R 201:201(0) win 0\n+@ > P. 101:102(1) ack 201\n", says("rst-not-accepted"),
			[]string{"55us", "no", "55001ns", "warning"}},
		{"an RST behind two segments sent in vain did not arrive either", `
+0      > S   0:0(0)        win 64240 <mss 1460>
+20ms   < S.  0:0(0)  ack 1 win 65160 <mss 1460>
+20ms   > .   1:1(0)  ack 1
+1ms    < P.  1:101(100) ack 1
+300ms  < P.  1:101(100) ack 1
@
+1s     < R   101:101(0) win 0
`, path, []string{"", ended, "+600ms < P. 1:101(100) ack 1", open}},
		{"unless the tap is where it had to arrive", `
+0      > S   0:0(0)        win 64240 <mss 1460>
+20ms   < S.  0:0(0)  ack 1 win 65160 <mss 1460>
+@      > .   1:1(0)  ack 1
+1ms    < P.  1:101(100) ack 1
+300ms  < P.  1:101(100) ack 1
+600ms  < P.  1:101(100) ack 1
+1s     < R   101:101(0) win 0
`, path, []string{"399999ns", ended, "400us", open}},
		{"an RST acknowledges too soon what passed less than half the way there and back ago", request + "+1s > P. 101:201(100) ack 201\n+@ < R. 201:201(0) ack 201 win 0 ttl 47\n",
			says("suspected-injection"), []string{"9999999ns", "error", "10ms", "no"}},
		{"where queues do not say more than the way", `
+0      > S   0:0(0)        win 64240 <mss 1460>
+@      < S.  0:0(0)  ack 1 win 65160 <mss 1460>
+50us   > .   1:1(0)  ack 1
+1s     > P.  1:101(100) ack 1
+4ms    < R.  1:1(0) ack 101 win 0 ttl 47
`, says("suspected-injection"), []string{"9999999ns", "no", "10ms", "error"}},
		{"a device on the path does not know the connection if a plain RST comes sooner than a quarter of the way there and back", request + "+1s > P. 101:151(50) ack 201\n+@ < R 201:201(0) win 0\n",
			cause, []string{"4999999ns", "unknown-on-path", "5ms", "half-open"}},
		{"be it the answer to a keep-alive", request + "+1s > . 100:100(0) ack 201\n+@ < R 201:201(0) win 0\n",
			cause, []string{"4999999ns", "unknown-on-path", "5ms", "half-open"}},
		{"or to a FIN", request + "+1s > F. 101:101(0) ack 201\n+@ < R 201:201(0) win 0\n",
			cause, []string{"4999999ns", "unknown-on-path", "5ms", "half-open"}},
		{"unless its sender had closed", request + "+1ms < F. 201:201(0) ack 101\n+50us > . 101:101(0) ack 202\n+1s > P. 101:151(50) ack 202\n+1ms < R 202:202(0) win 0\n",
			cause, []string{"", "write-after-close"}},
		{"out of a silence", request + "+@ > P. 101:151(50) ack 201\n+1ms < R 201:201(0) win 0\n",
			cause, []string{"518950us", "half-open", "519051us", "unknown-on-path"}},
		{"the first of them in flight counts", request + "+1s > P. 101:151(50) ack 201\n+@ > P. 151:201(50) ack 201\n+1ms < R 201:201(0) win 0\n",
			cause, []string{"3999999ns", "unknown-on-path", "4ms", "half-open"}},
		{"not one that was sent again", request + "+1s > P. 101:151(50) ack 201\n+@+1ms < R 201:201(0) win 0\n",
			cause, []string{"1ms > P. 151:201(50) ack 201\n", "unknown-on-path", "1ms > P. 101:151(50) ack 201\n", "half-open"}},
		{"who is answered in its name goes on", request + "+1s > P. 101:151(50) ack 201\n+@ < R 201:201(0) win 0\n",
			server, []string{"4999999ns", "LISTEN? SYN_RCVD ESTABLISHED", "5ms", "LISTEN? SYN_RCVD ESTABLISHED CLOSED"}},
		{"a plain RST is not its sender's if that goes on later than anything on its way", request + "+1s > P. 101:151(50) ack 201\n+20ms < R 201:201(0) win 0\n+@ < . 201:201(0) ack 151\n",
			cause, []string{"20ms", "half-open", "20001us", "unknown-on-path"}},
		{"or than captures mix up the order", `
+0      > S   0:0(0)        win 64240 <mss 1460>
+2ms    < S.  0:0(0)  ack 1 win 65160 <mss 1460>
+50us   > .   1:1(0)  ack 1
+1s     > P.  1:101(100) ack 1
+2ms    < R   1:1(0) win 0
+@      < .   1:1(0)  ack 101
`, cause, []string{"10ms", "half-open", "10001us", "unknown-on-path"}},
		{"or acknowledges what passed less than half the way there and back before it", request + "+1s > P. 101:151(50) ack 201\n+@ < R 201:201(0) win 0\n+8ms < . 201:201(0) ack 151\n",
			cause, []string{"9999999ns", "unknown-on-path", "10ms", "half-open"}},
		{"all of it", request + "+1s > P. 101:151(50) ack 201\n+9ms < R 201:201(0) win 0\n+8ms < . 201:201(0) ack @\n",
			cause, []string{"150", "half-open", "151", "unknown-on-path", "152", "half-open"}},
		{"or behind it", request + "+1s > P. 101:151(50) ack 201\n+20ms < R 201:201(0) win 0\n+1us > P. 151:161(10) ack 201\n+18ms < . 201:201(0) ack @\n",
			cause, []string{"151", "half-open", "161", "unknown-on-path"}},
		{"be it by a FIN", request + "+1s > P. 101:151(50) ack 201\n+9ms < R 201:201(0) win 0\n+8ms < F. 201:201(0) ack @\n",
			cause, []string{"150", "half-open", "151", "unknown-on-path"}},
		{"in the connection's numbers", request + "+1s > P. 101:151(50) ack 201\n+9ms < R 201:201(0) win 0\n+8ms < . @(0) ack 151\n",
			cause, []string{"0:0", "unknown-on-path", "-1:-1", "half-open"}},
		{"with an ACK, too", request + "+1s > P. 101:151(50) ack 201\n+9ms < R. 201:201(0) ack 101 win 0\n+8ms < . 201:201(0) ack @\n",
			cause, []string{"150", "aborted", "151", "unknown-on-path"}},
		{"an RST with ACK has the number that its sender uses next", request + "+1s < R. 201:201(0) ack 101 win 0\n+1ms < P. @ ack 101\n", cause,
			[]string{"151:251(100)", "aborted", "201:251(50)", "unknown-on-path"}},
		{"one without does not", request + "+1s < R 201:201(0) win 0\n+1ms < P. 201:251(50) ack 101\n", cause, []string{"", "half-open"}},
		{"and betrays another if its TTL does, too", request + "+1s < R. 201:201(0) ack 101 win 0 ttl 47 forged\n+1ms < P. @ ack 101\n", says("suspected-injection"),
			[]string{"151:251(100)", "no", "201:251(50)", "error"}},
		{"a refused SYN that opens a connection all the same came again", syn + "+20ms < R. raw 0:0(0) ack @ win 0\n+500ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n+50us > . 1:1(0) ack 1\n",
			says("syn-retransmit"), []string{"1", "warning", "2", "no"}},
		{"one that refuses a SYN is its sender's, although that accepts it later", syn + "+20ms < R. raw 0:0(0) ack 1 win 0\n+500ms > S 0:0(0) win 64240 <mss 1460>\n" +
			"+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n+50us > . 1:1(0) ack 1\n+1s < . 1:1(0) ack 1\n+1s < R@ 1:1(0) win 0\n", cause, []string{"", "half-open", ".", "aborted"}},
		{"that an endpoint goes on does not tell who sent an RST in its name, but with another TTL", request + "+1s < R 201:201(0) win 0 ttl @ forged\n+5s < P. 201:301(100) ack 101\n",
			says("suspected-injection"), []string{"62", "no", "61", "error", "66", "no", "67", "error"}},
		{"or a number that is not expected", request + "+1s < R @(0) win 0 forged\n+5s < P. 201:301(100) ack 101\n", says("suspected-injection"), []string{"201:201", "no", "202:202", "error"}},
		{"unless it answers a segment of another connection", request + "+1s > P. 2000000101:2000000201(100) ack 1500000501 forged\n+20ms < R @(0) win 0 forged\n" +
			"+1s > P. 101:111(10) ack 201\n+20ms < . 201:201(0) ack 111\n", says("suspected-injection"), []string{"1500000500:1500000500", "error", "1500000501:1500000501", "no", "1500000502:1500000502", "error"}},
		{"in the time that an answer takes", request + "+1s > P. 2000000101:2000000201(100) ack 1500000501 forged\n+@ < R 1500000501:1500000501(0) win 0 forged\n" +
			"+1s > P. 101:111(10) ack 201\n+20ms < . 201:201(0) ack 111\n", says("suspected-injection"), []string{"500ms", "no", "500001us", "error"}},
		{"or one without ACK, by one that has", request + "+1s > P 2000000101:2000000201(100) forged\n+20ms < R. raw 0:0(0) ack @ win 0 forged\n" +
			"+1s > P. 101:111(10) ack 201\n+20ms < . 201:201(0) ack 111\n", says("suspected-injection"), []string{"2000000201", "no", "2000000202", "error"}},
		{"the RST that ended it is one that was taken (RFC 5961 3.2)", request + "+1s < R. 900:900(0) ack 101 win 0\n+70us > . 101:101(0) ack 201\n+20ms < R @(0) win 0\n",
			cause, []string{"200:200", "aborted", "201:201", "challenge-ack", "202:202", "aborted"}},
		{"one with another number answers no challenge ACK", request + "+1s > S 9000:9000(0) win 1000 forged\n+1ms < . 201:201(0) ack 101\n+20ms > R @(0) win 0\n", cause,
			[]string{"102:102", "half-open"}},
		{"nor does one behind which its sender went on", request + "+1s > R 301:301(0) win 0 forged\n+1ms < . 201:201(0) ack 101\n@+5s > R 101:101(0) win 0\n", cause,
			[]string{"", "challenge-ack", "+20ms > . 101:101(0) ack 201\n", "half-open"}},
		{"where SYN-ACK upon SYN-ACK did not arrive, the RST behind them need not either", "@" + synack + "+1s < S. 0:0(0) ack 1\n+2s < S. 0:0(0) ack 1\n+4s < R. 1:1(0) ack 1 win 0\n",
			says("rst-not-accepted"), []string{syn, "no", "", "no"}},
		{"which its receiver's going on shows", syn + synack + "+1s < S. 0:0(0) ack 1\n+2s < S. 0:0(0) ack 1\n+4s < R. @ win 0\n+1s > S 0:0(0)\n",
			says("rst-not-accepted"), []string{"1:1(0) ack 1", "warning", "1:1(0) ack 0", "warning"}},
		{"a FIN repeated three times in vain was given up", request + clientFIN + "+300ms > F. 101:101(0) ack 201\n+600ms > F. 101:101(0) ack 201\n@+9s > R. 102:102(0) ack 201 win 0\n",
			cause, []string{"", "after-fin", "+1200ms > F. 101:101(0) ack 201\n", "retries-exhausted"}},
		{"unless something came", request + clientFIN + "@+300ms > F. 101:101(0) ack 201\n+600ms > F. 101:101(0) ack 201\n+1200ms > F. 101:101(0) ack 201\n+9s > R. 102:102(0) ack 201 win 0\n",
			cause, []string{"", "retries-exhausted", "+20ms < . 201:201(0) ack 101\n", "after-fin"}},
		{"and that is said", request + clientFIN + "+300ms > F. 101:101(0) ack 201\n+600ms > F. 101:101(0) ack 201\n@+9s > R. 102:102(0) ack 201 win 0\n",
			says("missing-final-ack"), []string{"", "no", "+1200ms > F. 101:101(0) ack 201\n", "warning"}},
	})
}

func TestClosingBoundaries(t *testing.T) {
	const acked = request + clientFIN + "+20ms < . 201:201(0) ack 102\n"
	server := path(analyzer.Server)
	checkEdges(t, []edge{
		{"a FIN that comes any number of times leaves room for what follows", request + clientFIN + "@+20ms < . 201:201(0) ack 102\n+1ms < F. 201:201(0) ack 102\n+50us > . 102:102(0) ack 202\n", path(analyzer.Client),
			[]string{"", "SYN_SENT ESTABLISHED FIN_WAIT_1 FIN_WAIT_2? TIME_WAIT", strings.Repeat("+1s > F. 101:101(0) ack 201\n", 100), "SYN_SENT ESTABLISHED FIN_WAIT_1 FIN_WAIT_2? TIME_WAIT"}},
		{"an ACK of what was not sent is one behind the SYN-ACK, too", syn + synack + "+50us > . 1:1(0) ack 1\n+10us > . 1:1(0) ack @\n+1ms > P. 1:101(100) ack 1\n" +
			"+20ms < . 1:1(0) ack 101\n+1ms < P. 1:501(500) ack 101\n+50us > . 101:101(0) ack 501\n",
			says("ack-of-unsent"), []string{"1", "no", "30000", "warning"}},
		{"a SYN in the connection may be its own", request + "+1 > S @ win 1024\n+20ms < . 201:201(0) ack 101\n+1 > P. 101:201(100) ack 201\n+20ms < . 201:201(0) ack 201\n", detail("syn-in-connection"),
			[]string{"0:0(0)", "the SYN of the connection, once more, came into the open connection, as if from the client",
				"1:1(0)", "a SYN with another ISN came into the open connection, as if from the client"}},
		{"and it may not have the connection any more, unless it goes on with that", request + "+1 > S 0:0(0) win 1024\n+3 > S 0:0(0) win 1024\n@", detail("syn-in-connection"),
			[]string{"", "the SYN of the connection, once more, came into the open connection, as if from the client; twice; nothing of the connection came from there any more",
				"+1 > . 101:101(0) ack 201\n", "the SYN of the connection, once more, came into the open connection, as if from the client; twice"}},
		{"what is left is told with that", request + "+1 > S 0:0(0) win 1024\n@", remains, []string{"", "Whether the client has the connection still is not known.",
			"+1 > . 101:101(0) ack 201\n", "Both sides have the connection still, as far as the capture shows."}},
		{"and with what nobody acknowledged", request + "+1 > P. 101:201(100) ack 201\n+20ms < . 201:201(0) ack @\n", remains,
			[]string{"200", "The capture ends without an ACK of 1 byte of the client: whether both sides have the connection still is not known.",
				"201", "Both sides have the connection still, as far as the capture shows."}},
		{"a FIN ahead of every window closes nothing", request + "+1 > F. @ ack 201\n+1 > P. 101:201(100) ack 201\n+20ms < . 201:201(0) ack 201\n", outcome,
			[]string{"201:201(0)", "closing", "90000000:90000000(0)", "open"}},
		{"an RST that has a listener forget an old SYN was accepted", request + "+1ms > R. 101:101(0) ack 201 win 0\n+1s < S. 9000:9000(0) ack 1 win 65160\n+1ms > R @(0) win 0\n", says("rst-not-accepted"),
			[]string{"1:1", "no", "2:2", "warning"}},
		{"behind a refused SYN nothing waits for the ACK of a FIN", syn + "+20ms < @ 0:0(0) ack 1 win 0\n+300ms < F. 200:200(0) ack 103\n+2s frame ffffffffffff02000000000108060001\n", says("missing-final-ack"),
			[]string{"R. raw", "no", "S.", "warning"}},
		{"the ACK of a FIN is missed when the FIN would come again, after 200 ms", request + clientFIN + pause, says("missing-final-ack"),
			[]string{"200ms", "note", "200001us", "warning"}},
		{"or after twice the way if that is longer", `
+0      > S   0:0(0)        win 64240 <mss 1460>
+300ms  < S.  0:0(0)  ack 1 win 65160 <mss 1460>
+50ms   > .   1:1(0)  ack 1
+1s     > F.  1:1(0)  ack 1
` + pause, says("missing-final-ack"), []string{"700ms", "note", "700001us", "warning"}},
		{"its peer's last bytes may have brought that, and not been captured", request + clientFIN + "+22ms > . 102:102(0) ack @\n" + pause, says("missing-final-ack"),
			[]string{"201", "warning", "202", "note"}},
		{"nor does one linger whose FIN may be among its last bytes, which were not captured", request + clientFIN + "+20ms < . 201:201(0) ack 102\n+1ms > . 102:102(0) ack @\n" + pause, says("close-wait-lingering"),
			[]string{"201", "warning", "202", "note"}},
		{"also if it says something behind them", request + "+1ms > . 101:101(0) ack 202\n+1ms > F. 101:101(0) ack 202\n+20ms < . 202:@ ack 102\n" + strings.Replace(pause, "@", "5", 1), says("close-wait-lingering"),
			[]string{"202(0)", "note", "302(100)", "warning"}},
		{"who had the FIN acknowledges it in what it sends next", request + clientFIN + "+@ < P. 201:301(100) ack 101\n", server,
			[]string{"22ms", "LISTEN? SYN_RCVD ESTABLISHED CLOSE_WAIT?", "22001us", "LISTEN? SYN_RCVD ESTABLISHED"}},
		{"and did not have it if it comes again", request + clientFIN + "@\n", server,
			[]string{"", "LISTEN? SYN_RCVD ESTABLISHED CLOSE_WAIT?", "+300ms > F. 101:101(0) ack 201", "LISTEN? SYN_RCVD ESTABLISHED"}},
		{"nor if it has no connection any more", request + clientFIN + "+20ms < @ win 0\n", server,
			[]string{"R. 201:201(0) ack 102", "LISTEN? SYN_RCVD ESTABLISHED CLOSE_WAIT? CLOSED", "R 201:201(0)", "LISTEN? SYN_RCVD ESTABLISHED CLOSED"}},
		{"nor if its RST does not acknowledge it", request + clientFIN + "+20ms < R. 201:201(0) ack @ win 0\n", cause,
			[]string{"102", "unread-data", "101", "aborted"}},
		{"nor if it lacks what comes before it: that is processed in order (RFC 9293 3.10.7.4)", request + "+1ms > F. @(0) ack 201\n", server,
			[]string{"101:101", "LISTEN? SYN_RCVD ESTABLISHED CLOSE_WAIT?", "102:102", "LISTEN? SYN_RCVD ESTABLISHED"}},
		{"that may be what the capture lacks: then it acknowledges it", request + "+1ms > F. 201:201(0) ack 201\n+20ms < . 201:201(0) ack @\n", server,
			[]string{"101", "LISTEN? SYN_RCVD ESTABLISHED", "201", "LISTEN? SYN_RCVD ESTABLISHED CLOSE_WAIT?", "202", "LISTEN? SYN_RCVD ESTABLISHED CLOSE_WAIT"}},
		{"an RST that acknowledges the FIN is the answer to it of a host where nobody waits for it any more, and not TIME_WAIT's",
			acked + "+70s < F. 201:201(0) ack 102\n+50us > @ win 0\n", path(analyzer.Client), []string{
				"R. 102:102(0) ack 202", "SYN_SENT ESTABLISHED FIN_WAIT_1 FIN_WAIT_2? CLOSED",
				"R 102:102(0)", "SYN_SENT ESTABLISHED FIN_WAIT_1 FIN_WAIT_2? CLOSED",
				". 102:102(0) ack 202", "SYN_SENT ESTABLISHED FIN_WAIT_1 FIN_WAIT_2? TIME_WAIT",
			}},
		{"one that does not is thrown away by its own side", acked + "+70s < F. 201:201(0) ack 102\n+50us > R. 102:102(0) ack @ win 0\n", cause,
			[]string{"201", "after-fin", "202", "fin-wait-2-timeout"}},
		{"after data that were not acknowledged it is those that are reset", acked + "+1s < P. 201:301(100) ack 102\n@+70s < F. 301:301(0) ack 102\n+50us > R 102:102(0) win 0\n", cause,
			[]string{"", "write-after-close", "+50us > . 102:102(0) ack 301\n", "fin-wait-2-timeout"}},
		{"who resets data has gone from FIN_WAIT_2 itself after 60 s", acked + "+@ < P. 201:301(100) ack 102\n+50us > R 102:102(0) win 0\n", byState,
			[]string{"59999949us", "FIN_WAIT_2", "59999950us", "CLOSED"}},
		{"a keep-alive ends no lingering", acked + "+@ < . 200:200(0) ack 102\n+50us > R 102:102(0) win 0\n", says("close-wait-lingering"),
			[]string{"2979949us", "no", "2980ms", "warning"}},
		{"of two FINs the second arrived if the ACK comes 3/4 of the way there and back later, or more", unscaled + "+1ms > F. 1:1(0) ack 1\n+10ms > F. 1:1(0) ack 1\n+@ < . 1:1(0) ack 2\n",
			entered(analyzer.Server, fsm.CloseWait), []string{"15ms", "5", "14999us", "4"}},
		{"FINs crossed if the first ACK comes at once, within 5 ms of the way", request + "+1ms < F. 201:201(0) ack 101\n+@ > . 102:102(0) ack 202\n+300ms > F. 101:101(0) ack 202\n",
			path(analyzer.Client), []string{"5075us", "SYN_SENT ESTABLISHED FIN_WAIT_1 CLOSING", "5076us", "SYN_SENT ESTABLISHED CLOSE_WAIT? LAST_ACK?"}},
		{"a FIN is where its sender has ended", request + "+1ms > F. @(0) ack 201\n", path(analyzer.Client),
			[]string{"99:99", "SYN_SENT ESTABLISHED", "100:100", "SYN_SENT ESTABLISHED", "101:101", "SYN_SENT ESTABLISHED FIN_WAIT_1"}},
		{"behind its FIN a sender has ended only if it sent more, and there", request + clientFIN + "@+20ms < . 201:201(0) ack 102\n", path(analyzer.Client), []string{
			"+1ms > F. 152:152(0) ack 201\n", "SYN_SENT ESTABLISHED FIN_WAIT_1 FIN_WAIT_2?",
			"+1ms > P. 102:152(50) ack 201\n+1ms > F. 150:150(0) ack 201\n", "SYN_SENT ESTABLISHED FIN_WAIT_1 FIN_WAIT_2?",
			"+1ms > P. 102:152(50) ack 201\n+1ms > F. 151:151(0) ack 201\n", "SYN_SENT ESTABLISHED FIN_WAIT_1",
		}},
		{"it is not before its stream", stamped + opened + "+1ms > F. @(0) ack 1\n", path(analyzer.Client),
			[]string{"0:0", "SYN_SENT ESTABLISHED", "1:1", "SYN_SENT ESTABLISHED FIN_WAIT_1"}},
		{"TIME_WAIT answers a SYN until it is over", `
conn again isn 1 77
` + request + `
+1ms  < F.  201:201(0) ack 101
+50us > F.  101:101(0) ack 202
+20ms < .   202:202(0) ack 102
+@    again> S  0:0(0) win 64240 <mss 1460>
+20ms < .   202:202(0) ack 102
+50us > R   102:102(0) win 0
+1s   again> S  0:0(0) win 64240 <mss 1460>
`, says("time-wait-refused"), []string{"59979999us", "warning", "59980ms", "no"}},
		{"by an ACK, and not by anything else", `
conn again isn 1 77
` + request + `
+1ms  < F.  201:201(0) ack 101
+50us > F.  101:101(0) ack 202
+20ms < .   202:202(0) ack 102
+1s   again> S  0:0(0) win 64240 <mss 1460>
+20ms @
+50us > R   102:102(0) win 0
+1s   again> S  0:0(0) win 64240 <mss 1460>
`, says("time-wait-refused"), []string{"< . 202:202(0) ack 102", "warning", "< P. 202:212(10) ack 102", "no", "< R. 202:202(0) ack 102", "no", "again< S. 0:0(0) ack 1", "no"}},
		{"only who is in TIME_WAIT refuses a SYN so", "conn again isn 1 77\n" + request + closed + `
+1s   again> S  0:0(0) win 64240 <mss 1460>
+20ms < .   202:202(0) ack 102
`, says("time-wait-refused"), []string{"", "no"}},
	})
}

func TestOpeningBoundaries(t *testing.T) {
	const again = "+1s < S. 0:0(0) ack 1 win 65160 <mss 1460,sackOK,TS,nop,wscale 7>\n"
	checkEdges(t, []edge{
		{"who was refused, and tried again in vain, had one answer", syn + "+20ms < R. raw 0:0(0) ack @ win 0\n+3s > S 0:0(0) win 64240 <mss 1460>\n+6s > S 0:0(0) win 64240 <mss 1460>\n", detail("no-answer"),
			[]string{"1", "client waited 9.0 s: SYN sent 3 times, 3.0 s and 6.0 s apart; an RST refused it, and it was tried again: nothing else has come back",
				"2", "client waited 9.0 s: SYN sent 3 times, 3.0 s and 6.0 s apart; nothing has come back that it takes"}},
		{"repeated SYN-ACKs that find no place where others wait come behind these: no clock went back", request + closed + "@", says("clock-backwards"),
			[]string{strings.Repeat(again, 8), "no", strings.Repeat(again, 9), "no", strings.Repeat(again, 20), "no"}},
		{"an RST for an ACK of another connection leaves the SYN unanswered (RFC 9293 figure 8)", syn + "+20ms < . 5001:5001(0) ack 77\n+50us > R 77:77(0)\n@", outcome,
			[]string{"", "unanswered", "+1s > S 0:0(0)\n", "unanswered", "+1s > S 0:0(0)\n+20ms < S. 0:0(0) ack 1\n", "half-open", "+1s > S 0:0(0)\n+20ms < R. raw 0:0(0) ack 1 win 0\n", "refused"}},
		{"a FIN with a SYN closes nothing", "+0 > SF 0:0(0) win 1024\n@", outcome, []string{"", "unanswered", "+20ms < S. 0:0(0) ack 1\n", "half-open",
			"+20ms < S. 0:0(0) ack 1\n+50us > . 1:1(0) ack 1\n", "open", "+20ms < R. raw 0:0(0) ack 2 win 0\n", "refused", "+20ms < R. raw 0:0(0) ack 3 win 0\n", "unanswered"}},
		{"an attempt is unanswered until anything shows that the peer took notice", syn + "@\n+1s > R. 1:1(0) raw ack 0\n", outcome,
			[]string{"", "unanswered", "+20ms < S. 0:0(0) ack 1", "reset"}},
		{"an RST of the client that acknowledges anything shows it", syn + "+1s > R. 1:1(0) raw ack @\n", outcome,
			[]string{"0", "unanswered", "1", "reset"}},
		{"but that of another number is of another connection", syn + "+1s > R. @ raw ack 1\n", outcome,
			[]string{"2:2(0)", "unanswered", "1:1(0)", "reset"}},
		{"ports from 32768 on are a client's", "client 10.0.0.1:40000\nserver 10.0.0.2:@\n+0 < P. 1:101(100) ack 1\n+20ms > . 1:1(0) ack 101\n", client,
			[]string{"32767", "10.0.0.1", "32768", "10.0.0.2"}},
		{"ports below 1024 are a server's", "client 10.0.0.1:2000\nserver 10.0.0.2:@\n+0 < P. 1:101(100) ack 1\n+20ms > . 1:1(0) ack 101\n", client,
			[]string{"1023", "10.0.0.1", "1024", "10.0.0.2"}},
	})
}
