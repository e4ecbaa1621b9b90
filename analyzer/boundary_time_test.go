package analyzer_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tcptrace/analyzer/timing"
)

// spent is what the time of a conversation was spent on, and at least 1 ms: the names of the uses, and ms.
func spent(t *testing.T, script string) string {
	t.Helper()
	c := judge(t, script).last
	sum := time.Duration(0)
	var parts []string
	for u, d := range c.Spent {
		if sum += d; d < 0 {
			t.Errorf("%v for %v", d, timing.Use(u))
		}
		if d >= time.Millisecond {
			parts = append(parts, fmt.Sprintf("%s %d", strings.TrimSuffix(timing.Use(u).String(), "_s"), d.Milliseconds()))
		}
	}
	if sum != c.Duration() {
		t.Errorf("the times add up to %v of %v", sum, c.Duration())
	}
	return strings.Join(parts, ", ")
}

// requested opens a connection, seen in its middle: 20 ms to the client and back, 30 ms to the server and back; and asks.
const requested = `
client 10.0.0.1:40000
server 10.0.0.2:80
timestamps 283746100 991827300
+0      > S   0:0(0)        win 64240 <mss 1460,sackOK,TS,nop,wscale 7>
+30ms   < S.  0:0(0)        win 65160 <mss 1460,sackOK,TS,nop,wscale 7>
+20ms   > .   1:1(0)  ack 1 win 502
+0      > P.  1:101(100) ack 1
`

// answered has the answer, and its ACK.
const answered = requested + `
+30ms   < P.  1:201(200) ack 101 win 509
+20ms   > .   101:101(0) ack 201
`

// TestBoundariesOfTime holds each rule for where the time goes on both sides.
func TestBoundariesOfTime(t *testing.T) {
	checkEdges(t, []edge{
		{why: "the handshake is complete with the client's ACK", ask: spent, script: `
client 10.0.0.1:40000
server 10.0.0.2:80
+0      > S   0:0(0)        win 64240 <mss 1460>
+30ms   < S.  0:0(0)        win 65160 <mss 1460>
+20ms   > @
+10ms   > P.  1:101(100) ack 1`, at: []string{
			".   1:1(0) ack 1", "opening 50, client_thinking 10",
			"S   0:0(0) win 64240 <mss 1460>", "opening 60",
		}},
		{why: "where both open at once, with the second SYN-ACK", ask: spent, script: `
client 10.0.0.1:40000
server 10.0.0.2:80
+0      > S   0:0(0)        win 64240 <mss 1460>
+10ms   < S   0:0(0)        win 65160 <mss 1460>
+10ms   > S.  0:0(0) ack 1  win 64240 <mss 1460>
+10ms   < @ win 65160 <mss 1460>
+500ms  > P.  1:101(100) ack 1`, at: []string{
			"S.  0:0(0) ack 1", "opening 30, network 10, client_thinking 490",
			"S   0:0(0)", "opening 530",
		}},
		{why: "SYNs that are sent again are part of the opening", ask: spent, script: `
client 10.0.0.1:40000
server 10.0.0.2:80
+0      > S   0:0(0)        win 64240 <mss 1460>
+1s     > S   0:0(0)        win 64240 <mss 1460>
+30ms   < @`, at: []string{"S. 0:0(0) ack 1 win 65160 <mss 1460>", "opening 1030", "R. 0:0(0) ack 1", "opening 1030"}},
		{why: "so is one that comes again behind an RST to an older connection, with its number", ask: spent, script: `
client 10.0.0.1:40000
server 10.0.0.2:80
+0      > S   0:0(0)        win 64240 <mss 1460>
+20ms   < .   72777:72777(0) ack 86888
+0      > R   86888:86888(0)
+1s     > @        win 64240 <mss 1460>`, at: []string{"S 0:0(0)", "opening 1020", "S. 0:0(0) ack 72777", "opening 20, closing 1000"}},
		{why: "the way to the server and back is network, what is longer its thought", ask: spent, script: requested + "+@ < P. 1:201(200) ack 101 win 509", at: []string{
			"30ms", "opening 50, network 30",
			"32ms", "opening 50, network 30, server_thinking 2",
			"5s", "opening 50, network 30, server_thinking 4970",
		}},
		{why: "an RST closes, unless its sender goes on behind it", ask: spent, script: answered + "+300ms < R. 201:201(0) ack 101 win 0\n+500ms @\n+20ms > . 101:101(0) ack 211\n", at: []string{
			"< P. 201:211(10) ack 101", "opening 50, network 100, server_thinking 270, unknown 500",
			"> P. 101:111(10) ack 201", "opening 50, network 80, server_thinking 270, closing 520",
		}},
		{why: "what is lost behind it is repaired, then", ask: spent, script: answered + "+300ms < R. 201:201(0) ack 101 win 0\n@+20ms > . 101:101(0) ack 211\n+1ms < P. 211:221(10) ack 101\n+300ms < P. 211:221(10) ack 101\n+20ms > . 101:101(0) ack 221\n", at: []string{
			"+500ms < P. 201:211(10) ack 101\n", "opening 50, network 101, server_thinking 270, loss_repair 320, unknown 500",
			"", "opening 50, network 80, server_thinking 270, loss_repair 320, unknown 21",
		}},
		{why: "until another does, or a FIN", ask: spent, script: answered + "+300ms < R. 201:201(0) ack 101 win 0\n+500ms < P. 201:211(10) ack 101\n+20ms > . 101:101(0) ack 211\n+1s @\n+500ms > . 101:101(0) ack 212\n", at: []string{
			"< R. 211:211(0) ack 101 win 0", "opening 50, network 130, server_thinking 1240, closing 500, unknown 500",
			"< F. 211:211(0) ack 101", "opening 50, network 130, server_thinking 1240, closing 500, unknown 500",
		}},
		{why: "or its peer sent one, too", ask: spent, script: answered + "+300ms < R. 201:201(0) ack 101 win 0\n+100ms @\n+500ms < P. 201:211(10) ack 101\n", at: []string{
			"> R. 101:101(0) ack 201 win 0", "opening 50, network 80, server_thinking 270, closing 600",
			"> . 101:101(0) ack 201", "opening 50, network 80, server_thinking 270, unknown 600",
		}},
		{why: "an ACK before the answer does not make it the network's time", ask: spent, script: requested + "+30ms < . 1:1(0) ack 101 win 509\n+@ < P. 1:201(200) ack 101", at: []string{
			"1ms", "opening 50, network 30, server_thinking 1",
			"2s", "opening 50, network 30, server_thinking 2000",
		}},
		{why: "a client thinks for a second at most", ask: spent, script: answered + "+@ > P. 101:201(100) ack 201", at: []string{
			"0.4s", "opening 50, network 50, client_thinking 400",
			"1s", "opening 50, network 50, client_thinking 1000",
			"1.001s", "opening 50, network 50, idle 1001",
		}},
		{why: "keep-alives do not divide a silence", ask: spent, script: answered + "+@ > . 100:100(0) ack 201\n+30ms < . 201:201(0) ack 101 win 509\n+0.6s > P. 101:201(100) ack 201", at: []string{
			"0.3s", "opening 50, network 50, client_thinking 930",
			"0.4s", "opening 50, network 50, idle 1030",
		}},
		{why: "a server that answered may pause for a second, too", ask: spent, script: answered + "+@ < P. 201:401(200) ack 101", at: []string{
			"0.5s", "opening 50, network 80, server_thinking 470",
			"1.03s", "opening 50, network 80, server_thinking 1000",
			"1.031s", "opening 50, network 80, idle 1001",
		}},
		{why: "what is sent as soon as an ACK is heard is the network's time", ask: spent, script: requested + `
+30ms   < .   1:1449(1448) ack 101 win 509
+20ms   > .   101:101(0) ack 1449
+@      < P.  1449:1549(100) ack 101`, at: []string{
			"30ms", "opening 50, network 80", "160ms", "opening 50, network 210", "161ms", "opening 50, network 80, server_thinking 131",
		}},
		{why: "a segment is sent again", ask: spent, script: requested + "+230ms > P. @ ack 1\n+30ms < . 1:1(0) ack 201 win 509", at: []string{
			"1:101(100)", "opening 50, loss_repair 260", "101:201(100)", "opening 50, network 260",
		}},
		{why: "until what was in flight when it was sent again is acknowledged", ask: spent, script: requested + `
+230ms  > P.  1:101(100) ack 1
+30ms   < .   1:1(0) ack @ win 509
+40ms   < P.  1:201(200) ack 101`, at: []string{
			"101", "opening 50, server_thinking 40, loss_repair 260", "100", "opening 50, loss_repair 300",
		}},
		{why: "a window that is closed holds up who goes on as soon as it opens", ask: spent, script: requested + `
+30ms   < .   1:1449(1448) ack 101 win 509
+0      < .   1449:2897(1448) ack 101 win 509
+20ms   > .   101:101(0) ack 2897 win @
+700ms  > .   101:101(0) ack 2897 win 502
+30ms   < .   2897:4345(1448) ack 101`, at: []string{
			"0", "opening 50, network 80, closed_window 700", "502", "opening 50, network 80, server_thinking 700",
		}},
		{why: "bytes that probe a closed window are in flight for as long as it is closed, and others are not", ask: spent, script: requested + `
+30ms   < .   1:1449(1448) ack 101 win 509
+20ms   > .   101:101(0) ack 1449 win @
+300ms  < .   1449:1450(1) ack 101
+20ms   > .   101:101(0) ack 1449 win @
+600ms  < .   1449:1450(1) ack 101
+20ms   > .   101:101(0) ack 1450 win 502
+30ms   < .   1450:2898(1448) ack 101`, at: []string{
			"0", "opening 50, network 80, closed_window 940", "12", "opening 50, network 130, server_thinking 270, loss_repair 620",
		}},
		{why: "a window that was filled and has room for another segment", ask: spent, script: `
client 10.0.0.1:40000
server 10.0.0.2:80
+0      > S   0:0(0)        win 64240 <mss 1460>
+30ms   < S.  0:0(0)        win 65160 <mss 1460>
+20ms   > .   1:1(0)  ack 1 win 2920
+0      > P.  1:101(100) ack 1
+30ms   < .   1:1461(1460) ack 101
+0      < .   1461:2921(1460) ack 101
+20ms   > .   101:101(0) ack 2921 win @
+700ms  > .   101:101(0) ack 2921 win 2920
+30ms   < .   2921:4381(1460) ack 101`, at: []string{
			"1459", "opening 50, network 80, closed_window 700", "1460", "opening 50, network 80, server_thinking 700",
		}},
		{why: "the first FIN begins to close", ask: spent, script: answered + "+100ms > @ 101:101(0) ack 201\n+300ms < F. 201:201(0) ack 102", at: []string{
			"F.", "opening 50, network 50, client_thinking 100, closing 300", ".", "opening 50, network 80, server_thinking 370",
		}},
		{why: "an RST closes", ask: spent, script: answered + "+100ms > @ 101:101(0) ack 201\n+300ms < R. 201:201(0) ack 101", at: []string{
			"R.", "opening 50, network 50, client_thinking 100, closing 300", ".", "opening 50, network 80, server_thinking 370",
		}},
		{why: "data behind the other side's FIN is no close", ask: spent, script: requested + `
+0      > F.  101:101(0) ack 1
+30ms   < .   1:1(0) ack 102 win 509
+2s     < @ ack 102`, at: []string{
			"P. 1:201(200)", "opening 50, network 30, server_thinking 2000", "F. 1:1(0)", "opening 50, network 30, closing 2000",
		}},
		{why: "a side that was not heard", ask: spent, script: `
client 10.0.0.1:40000
server 10.0.0.2:80
+0      > P.  1:101(100) ack 1 win 502
+300ms  @
+100ms  > P.  201:301(100) ack 201`, at: []string{
			"> P. 101:201(100) ack 201", "unknown 400", "< P. 1:201(200) ack 101 win 509", "unknown 400",
		}},
		{why: "the way that was not measured is no longer than half a second", ask: spent, script: `
client 10.0.0.1:40000
server 10.0.0.2:80
+0      > P.  1:101(100) ack 1 win 502
+@      < P.  1:201(200) ack 101 win 509`, at: []string{"500ms", "unknown 500", "502ms", "server_thinking 2, unknown 500"}},
		{why: "the silence at the end", ask: spent, script: `
client 10.0.0.1:40000
server 10.0.0.2:80
+0      > S   0:0(0)        win 64240 <mss 1460>
+30ms   < S.  0:0(0)        win 65160 <mss 1460>
+0      > .   1:1(0)        ack 1
+0      > P.  1:101(100)    ack 1
+30ms   < .   1:1(0)        ack 101
@
+2s     > .   100:100(0)
+30ms   < .   (0)`, at: []string{
			"", "opening 30, network 30, server_thinking 2030", "+0 < P. 1:201(200) ack 101\n+0 > . 101:101(0) ack 201", "opening 30, network 30, idle 2030",
		}},
	})
}

// limited is what limited the transfers of a conversation, for how many ms.
func limited(t *testing.T, script string) string {
	t.Helper()
	side, limits := judge(t, script).last.Limit()
	f, _ := limits.Most()
	if f == timing.NoFactor {
		return "nothing"
	}
	return fmt.Sprintf("%v %v %d", side, f, limits.Total().Milliseconds())
}

// half is half of an initial window and a byte, and its ACK, 50 ms later than what came before.
const half = `
+30ms   < .   (1460)
+0      < .   (1460)
+0      < .   (1460)
+0      < .   (1460)
+0      < P.  (1461)
+20ms   > .   (0)`

// TestBoundariesOfTransfers holds what a transfer is on both sides: more than an initial window, in one turn.
func TestBoundariesOfTransfers(t *testing.T) {
	checkEdges(t, []edge{
		{why: "an initial window", ask: limited, script: requested + half + `
+30ms   < .   (1460)
+0      < .   (1460)
+0      < .   (1460)
+0      < .   (1460)
+0      < P.  (@)
+20ms   > .   (0)`, at: []string{"1459", "nothing", "1460", "server slow-start 20"}},
		{why: "an answer is a turn of its own", ask: limited, script: requested + half + "\n+1ms > @" + half, at: []string{
			"P. (100)", "nothing", ". (0)", "server slow-start 20",
		}},
		{why: "what comes before the request can be heard goes on with the turn", ask: limited, script: requested + half + "\n+1ms > P. (100)" +
			strings.Replace(half, "+30ms", "+@", 1), at: []string{"22ms", "server slow-start 20", "23ms", "nothing"}},
		{why: "both directions must be there", ask: limited, script: `
client 10.0.0.1:40000
server 10.0.0.2:80
@
+1ms    < .   1:1461(1460) ack 1` + strings.Repeat("\n+1ms < . (1460)", 12), at: []string{
			"+0 > . 1:1(0) ack 1 win 64240", "server slow-start 2", "+0 < . 1:1(0) ack 1 win 64240", "nothing",
		}},
	})
}
