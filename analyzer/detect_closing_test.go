package analyzer_test

import (
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/internal/testutil/scripts"
	"tcptrace/report"
)

const clientFIN = "+1ms > F. 101:101(0) ack 201\n"

func TestClosingAnomalies(t *testing.T) {
	checkCases(t, []detectCase{
		{"FIN at the end", request + clientFIN + "+20ms < F. 201:201(0) ack 102\n", []string{
			"0 missing-final-ack server 8: server left in LAST_ACK: its FIN is the last packet",
		}},
		{"FIN given up", request + clientFIN + "+200ms > F. 101:101(0) ack 201\n+400ms > F. 101:101(0) ack 201\n", []string{
			"0 fin-retransmit client 8: client waited 600.0 ms: FIN sent 3 times, 200.0 ms and 400.0 ms apart, from FIN_WAIT_1",
			"0 missing-final-ack client 9: left in FIN_WAIT_1: client waited 600.0 ms: FIN sent 3 times, 200.0 ms and 400.0 ms apart",
		}},
		{"again and again", request + clientFIN + strings.Repeat("+1s > F. 101:101(0) ack 201\n", 100) + "+20ms < . 201:201(0) ack 102\n+1ms < F. 201:201(0) ack 102\n+50us > . 102:102(0) ack 202\n", []string{
			"0 fin-retransmit client 8: client waited 100 s: FIN sent at least 28 times, 1.0 s (6 times) ... apart, from FIN_WAIT_1",
		}},
		{"in TIME_WAIT", request + closed + "+220ms < F. 201:201(0) ack 102\n+50us > . 102:102(0) ack 202\n", []string{
			"0 fin-retransmit-in-time-wait server 10: the server's FIN came again 220.1 ms later (once): the final ACK was lost or late; the client holds TIME_WAIT for 60.0 s more",
		}},
		{"simultaneous", request + clientFIN + "+1ms < F. 201:201(0) ack 101\n+50us > . 102:102(0) ack 202\n+20ms < . 202:202(0) ack 102\n", []string{
			"0 simultaneous-close both 8: the FINs passed the tap 1.0 ms apart; both sides hold TIME_WAIT for 60.0 s",
		}},
		{"half-close", request + clientFIN + `
+20ms < .   201:201(0)    ack 102
+1s   < P.  201:1201(1000) ack 102
+50us > .   102:102(0)    ack 1201
+1ms  < F.  1201:1201(0)  ack 102
+50us > .   102:102(0)    ack 1202
`, []string{
			"0 half-close client 7: the server sent 1,000 bytes more in the 1.0 s after the client's FIN",
		}},
		{"lingering to the end", request + clientFIN + "+20ms < . 201:201(0) ack 102\n+90s frame ffffffffffff02000000000108060001\n", []string{
			"0 close-wait-lingering server 7: the server has been silent in CLOSE_WAIT for 90.0 s: its application has not closed",
		}},
		{"lingering", request + clientFIN + "+20ms < . 201:201(0) ack 102\n+9s < F. 201:201(0) ack 102\n+50us > . 102:102(0) ack 202\n", []string{
			"0 close-wait-lingering server 7: the server was silent in CLOSE_WAIT for 9.0 s before it went on",
		}},
		{"FIN_WAIT_2 timed out", request + clientFIN + "+20ms < . 201:201(0) ack 102\n+75s < F. 201:201(0) ack 102\n+50us > R 102:102(0) win 0\n", []string{
			"0 close-wait-lingering server 7: the server was silent in CLOSE_WAIT for 75.0 s before it went on",
			"0 fin-wait-2-timeout client 10: the client was in FIN_WAIT_2 for 75.0 s; then the server's FIN met an RST",
		}},
		{"aborted", request + "+1s < R. 201:201(0) ack 101\n", []string{
			"0 abortive-close client 7: RST from the server after 1.0 s and 300 bytes: without a FIN: unread data, SO_LINGER 0, or a process that ended",
		}},
		{"unknown to its sender", request + "+1h > P. 101:151(50) ack 201\n+20ms < R 201:201(0) win 0\n", []string{
			"0 abortive-close client 8: RST from the server after 3600 s and 350 bytes: its sender did not know the connection (any more)",
		}},
		{"injected", request + "+1s < R 201:201(0) win 0 ttl 47 forged\n+5s < P. 201:301(100) ack 101\n+50us > R 101:101(0) win 0\n", []string{
			"0 suspected-injection server 7: the segment is hardly from the server: its TTL is 47, that one's 64; that one goes on as if it had not sent it",
			"0 abortive-close client 7: RST from the server after 1.0 s and 300 bytes: somebody else sent it in its supposed sender's name",
		}},
		{"FIN answered by RST", request + clientFIN + "+20ms < R. 201:201(0) ack 102\n", []string{
			"0 rst-after-fin client 8: the server answered the FIN by an RST after 20.0 ms: unread data, or SO_LINGER 0",
		}},
		{"FIN followed by RST", request + clientFIN + "+5ms > R. 102:102(0) ack 201\n", []string{
			"0 rst-after-fin server 8: the client sent an RST 5.0 ms after its FIN",
		}},
		{"write to a closed socket", request + clientFIN + `
+20ms < .   201:201(0)    ack 102
+1s   < P.  201:1201(1000) ack 102
+50us > R   102:102(0) win 0
`, []string{
			"0 write-after-close server 10: the server sent data (1 segment, the first 1.0 s after the client's FIN, although it had acknowledged that); an RST came back",
		}},
		{"write that crossed the FIN", request + clientFIN + `
+1ms   < P.  201:1201(1000) ack 101
+50us  > R   102:102(0) win 0
+20ms  < P.  1201:1301(100) ack 102
`, []string{
			"0 write-after-close server 9: the server sent data (2 segments, the first 1.0 ms after the client's FIN); an RST came back",
		}},
		{"data behind a FIN", request + clientFIN + "+1ms > P. 102:152(50) ack 201\n+20ms < F. 201:201(0) ack 102\n+50us > . 102:102(0) ack 202\n", []string{
			"0 data-after-fin client 8: the client sent 50 bytes beyond its own FIN",
		}},
		{"TIME_WAIT killed", request + closed + "+300ms > . 102:102(0) ack 202\n+20ms < R 202:202(0) win 0\n", []string{
			"0 time-wait-assassination client 11: an RST of the server probably ended the client's TIME_WAIT after 320.1 ms instead of 60.0 s",
		}},
	})
}

// again is a second connection of the same sockets, %s later.
const again = `
TIME  again> S   0:0(0)   win 64240 <mss 1460,sackOK,TS,nop,wscale 7>
+20ms again< S.  0:0(0)   ack 1 win 65160 <mss 1460,sackOK,TS,nop,wscale 7>
+50us again> .   1:1(0)   ack 1 win 502
`

func TestTimeWaitAnomalies(t *testing.T) {
	later := func(isn, wait string) string {
		return "timestamps 1000 9000\nconn again isn " + isn + " 77\n" + strings.TrimPrefix(request, stamped) + closed + strings.ReplaceAll(again, "TIME", wait)
	}
	checkCases(t, []detectCase{
		{"reused by its holder", later("1012539900", "+5s"), []string{
			"1 time-wait-reuse client 10: the client held TIME_WAIT for another 55.0 s; the SYN has a larger ISN and a later timestamp",
			"1 port-reused client 10: the connection before on these sockets was last heard of 5.0 s earlier, closed",
		}},
		{"with a later timestamp", later("1", "+5s"), []string{
			"1 time-wait-reuse client 10: the client held TIME_WAIT for another 55.0 s; the SYN has a later timestamp",
			"1 port-reused client 10: the connection before on these sockets was last heard of 5.0 s earlier, closed",
		}},
		{"after 2 MSL", later("1", "+61s"), nil},
		{"refused", "conn again isn 1 77\n" + request + `
+1ms  < F.  201:201(0) ack 101
+50us > F.  101:101(0) ack 202
+20ms < .   202:202(0) ack 102
+3s   again> S  0:0(0) win 64240 <mss 1460>
+20ms < .   202:202(0) ack 102
+50us > R   102:102(0) win 0
+1s   again> S  0:0(0) win 64240 <mss 1460>
+20ms again< S. 0:0(0) ack 1 win 65160 <mss 1460>
+50us again> .  1:1(0) ack 1 win 502
`, []string{
			"1 time-wait-refused client 10: the client's SYN met TIME_WAIT of the connection before, last heard of 3.0 s earlier: an ACK of that came back after 20.0 ms; a SYN was let in 1.0 s after the first",
			"1 port-reused client 10: the connection before on these sockets was last heard of 3.0 s earlier, closed",
			"1 syn-retransmit client 13: client waited 1.0 s: SYN sent twice, 1.0 s apart; an ACK of the connection before had answered the first",
		}},
	})
}

// TestTakenOver: an endpoint that is used for another connection has left the one before, also if nothing of that was captured.
func TestTakenOver(t *testing.T) {
	before := "timestamps 1000 9000\nconn again isn 900000000 77\n" + strings.TrimPrefix(request, stamped) + clientFIN + "+20ms < . 201:201(0) ack 102\n"
	checkCases(t, []detectCase{
		{"lingering until then", before + strings.ReplaceAll(again, "TIME", "+90s"), []string{
			"0 close-wait-lingering server 7: the server was silent in CLOSE_WAIT for 90.0 s, or for less: then another connection took the sockets, and what ended this one was not captured",
			"1 port-reused client 9: the connection before on these sockets was last heard of 90.0 s earlier, not closed",
		}},
	})
}

// stories keeps the story of every conversation.
type stories struct {
	j    analyzer.Judgment
	told []string
}

func (s *stories) Conversation(c *analyzer.Conversation) error {
	s.j.Judge(c)
	s.told = append(s.told, strings.Join(report.Story(c, &s.j), " "))
	return nil
}

// TestTakenOverStory: nobody is left with a connection, the sockets of which are used again, unless in TIME_WAIT.
func TestTakenOverStory(t *testing.T) {
	const over = "The client began another connection on the same sockets"
	for before, want := range map[string]bool{
		"": true,
		clientFIN + "+20ms < . 201:201(0) ack 102\n":  true,
		clientFIN + "+20ms < F. 201:201(0) ack 102\n": true, // the last ACK was not captured
		closed:                          false,
		"+1s < R. 201:201(0) ack 101\n": false,
	} {
		s := &stories{}
		a := analyzer.New(analyzer.Options{}, s)
		scripts.Feed(t, a, scripts.Frames(t, "timestamps 1000 9000\nconn again isn 1012539900 77\n"+strings.TrimPrefix(request, stamped)+before+strings.ReplaceAll(again, "TIME", "+5s")))
		if _, err := a.Close(); err != nil {
			t.Fatal(err)
		}
		if got := len(s.told) == 2 && strings.Contains(s.told[0], over); got != want {
			t.Errorf("%q: %q, want that another took over: %v", before, s.told, want)
		}
	}
}

func TestClose(t *testing.T) {
	for script, want := range map[string]string{
		request:          "not closed",
		request + closed: "client closed first; graceful, in 3 segments",
		request + "+1ms < F. 201:201(0) ack 101\n+50us > . 101:101(0) ack 202\n+1ms > F. 101:101(0) ack 202\n+20ms < . 202:202(0) ack 102\n": "server closed first; graceful, in 4 segments",
		request + clientFIN + "+1ms < F. 201:201(0) ack 101\n+50us > . 102:102(0) ack 202\n+20ms < . 202:202(0) ack 102\n":                   "both closed at once; graceful, in 4 segments",
		request + clientFIN + "+20ms < . 201:201(0) ack 102\n":                                                                               "client closed first; not complete",
		syn + "+20ms < R. raw 0:0(0) ack 1 win 0\n":                                                                                          "RST from the server: it answers the SYN",
		syn + synack + "+50us > R 1:1(0) win 0\n":                                                                                            "RST from the client in SYN_SENT: it answers the SYN-ACK at once, as a half-open scan does, or a connect() that was given up",
		request + "+1s < R. 201:201(0) ack 101\n":                                                                                            "RST from the server in ESTABLISHED: without a FIN: unread data, SO_LINGER 0, or a process that ended",
		request + clientFIN + "+20ms < R. 201:201(0) ack 102\n":                                                                              "RST from the server in CLOSE_WAIT: it answers a FIN, as close() does with unread data or SO_LINGER 0",
		request + "+1h > P. 101:151(50) ack 201\n+20ms < R 201:201(0) win 0\n":                                                               "RST from the server in CLOSED: its sender did not know the connection (any more)",
		request + "60 > S 90000:90000(0) win 64240\n+20ms < . 201:201(0) ack 101\n+50us > R 101:101(0)\n":                                    "RST from the client in CLOSED: it answers a challenge ACK; not closed",
		request + clientFIN + "+20ms < . 201:201(0) ack 102\n+1s < P. 201:301(100) ack 102\n+50us > R 102:102(0)\n":                          "RST from the client in FIN_WAIT_2: it answers data that came after its sender had closed",
	} {
		if got := strings.Join(judge(t, script).closes, "; "); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", script, got, want)
		}
	}
}

// TestBehindReset: what passes behind the RST that ended a connection is not told as if it had passed before. What repeats bytes is nothing new,
// and of what passed before it nothing is.
func TestBehindReset(t *testing.T) {
	const rst = "+1ms > R. 101:101(0) ack 201\n"
	for _, c := range []struct {
		name, script string
		want         [2]uint64
	}{
		{"before", request + "+1ms < . 201:1201(1000) ack 101\n+10us > R. 101:101(0) ack 201\n", [2]uint64{}},
		{"behind", request + rst + "+1ms < . 201:1201(1000) ack 101\n+1ms < . 1201:1301(100) ack 101\n", [2]uint64{0, 1100}},
		{"half of it again", request + "+1ms < . 201:1201(1000) ack 101\n" + rst + "+1ms < . 201:1301(1100) ack 101\n", [2]uint64{0, 100}},
		{"all of it again", request + "+1ms < . 201:1201(1000) ack 101\n" + rst + "+300ms < . 201:1201(1000) ack 101\n", [2]uint64{}},
		{"of its sender", request + "+1s < R. 201:201(0) ack 101\n+1ms < P. 201:301(100) ack 101\n", [2]uint64{0, 100}},
		{"behind an RST that is not taken", request + "+1ms < R. 1201:1201(0) ack 101\n+1ms < . 201:1201(1000) ack 101\n", [2]uint64{}},
	} {
		if got := judge(t, c.script).j.Close.Behind; got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}
