package analyzer_test

import (
	"fmt"
	"strings"
	"testing"

	"tcptrace/analyzer"
)

// conversations asks how many there are.
func conversations(t *testing.T, script string) string {
	return fmt.Sprint(len(judge(t, script).closes))
}

// spurious asks how many retransmissions of the client were not needed.
func spurious(t *testing.T, script string) string {
	return fmt.Sprint(judge(t, script).last.Sent[analyzer.Client].SpuriousPackets)
}

// TestOlderThanSYNACK: SYN_SENT takes nothing without a SYN, so that what comes in front of the SYN-ACK, and is not behind it, is of an older
// connection; its sender's numbers begin anew.
func TestOlderThanSYNACK(t *testing.T) {
	const (
		syn   = "+0 > S 0:0(0) win 64240 <mss 1460>\n"
		open  = "+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n+50us > . 1:1(0) ack 1\n"
		close = "+1ms > F. 1:1(0) ack 1\n+20ms < F. 1:1(0) ack 2\n+50us > . 2:2(0) ack 2\n"
	)
	const closed, holed = "SYN_SENT ESTABLISHED FIN_WAIT_1 TIME_WAIT", "SYN_SENT ESTABLISHED FIN_WAIT_1 FIN_WAIT_2?"
	checkEdges(t, []edge{
		{"data up to the SYN-ACK's number, or behind it", syn + "+20ms < P. @ ack 1\n+1s > S 0:0(0) win 64240 <mss 1460>\n" + open + close, path(analyzer.Client),
			[]string{"-9:91(100)", closed, "0:100(100)", closed, "1:101(100)", holed}},
		{"or farther behind it than what a server sends at once", syn + "+20ms < P. @ ack 1\n+1s > S 0:0(0) win 64240 <mss 1460>\n" + open + close, path(analyzer.Client),
			[]string{"1048577:1048677(100)", holed, "1048578:1048678(100)", closed}},
		{"of a client that had taken it", syn + "+20ms < P. 0:100(100) ack 1\n@" + open + close, path(analyzer.Client),
			[]string{"", closed, "+1ms > . 1:1(0) ack 100\n", holed}},
		{"by an RST, behind which it sends its SYN again", syn + "+20ms < P. -90:-40(50) ack 301\n+50us > R 301:301(0)\n@", outcome,
			[]string{"+1s > S 0:0(0) win 64240 <mss 1460>\n", "open", "", "reset"}},
	})
	const fast = "+0 > S 0:80(80) win 64240 <mss 1460>\n+20ms < P. -9:91(100) ack 1\n+1s > S 0:80(80) win 64240 <mss 1460>\n+20ms < S. 0:0(0) ack @ win 65160 <mss 1460>\n" +
		"+50us > . 81:81(0) ack 1\n+1ms > F. 81:81(0) ack 1\n+20ms < F. 1:1(0) ack 82\n+50us > . 82:82(0) ack 2\n"
	checkEdges(t, []edge{
		{"also if the SYN had data, of which the SYN-ACK acknowledges some", fast, path(analyzer.Client), []string{"1", closed, "81", closed}},
		{"and nothing else", strings.SplitAfter(fast, "65160 <mss 1460>\n")[0], path(analyzer.Client), []string{"81", "SYN_SENT ESTABLISHED?", "82", "SYN_SENT"}},
		{"a SYN that comes again behind an RST was not acknowledged before, one that comes without may be a late copy", "+0 > S 0:0(0) win 64240 <mss 1460>\n+20ms < . 72777:72777(0) ack 86888\n@+1s > S 0:0(0) win 64240 <mss 1460>\n",
			spurious, []string{"+50us > R 86888:86888(0)\n", "0", "", "1"}},
	})
	for _, fin := range []string{"-1:-1(0)", "0:0(0)"} {
		if m := judge(t, syn+"+20ms < F. "+fin+" ack 900\n+50us > R 900:900(0)\n+1s > S 0:0(0) win 64240 <mss 1460>\n"+open+close); strings.Contains(strings.Join(m.lines, "\n"), "suspected-injection") {
			t.Errorf("FIN %s: %q", fin, m.lines)
		}
	}
}

// TestFINOfSYN: a FIN that the SYN-ACK does not acknowledge was not taken with its SYN.
func TestFINOfSYN(t *testing.T) {
	const (
		syns  = "+0 > S 0:0(0) win 64240 <mss 1460>\n+7ms < SF 0:30(30) win 65160 <mss 1460>\n"
		again = "+50us > S. 0:0(0) ack @ win 64240 <mss 1460>\n+20ms < . 32:32(0) ack 1\n+1ms > F. 1:1(0) ack @\n+20ms < . 32:32(0) ack 2\n"
	)
	checkEdges(t, []edge{
		{"by its number", syns + again, path(analyzer.Client),
			[]string{"31", "SYN_SENT SYN_RCVD ESTABLISHED FIN_WAIT_1? FIN_WAIT_2?", "32", "SYN_SENT SYN_RCVD ESTABLISHED CLOSE_WAIT LAST_ACK CLOSED?"}},
		{"it counts when it comes again", syns + "+50us > S. 0:0(0) ack 1 win 64240 <mss 1460>\n+20ms < . 31:31(0) ack 1\n+1ms > F. 1:1(0) ack 31\n@+50us > . 2:2(0) ack 32\n", path(analyzer.Client),
			[]string{"+20ms < F. 31:31(0) ack 2\n", "SYN_SENT SYN_RCVD ESTABLISHED? FIN_WAIT_1 TIME_WAIT"}},
		{"its sender takes it back by a SYN without", syns + "+1s > S 0:0(0) win 64240 <mss 1460>\n+20ms < @ win 65160 <mss 1460>\n+50us > . 1:1(0) ack 1\n+1ms > F. 1:1(0) ack 1\n+20ms < F. 1:1(0) ack 2\n+50us > . 2:2(0) ack 2\n", path(analyzer.Client),
			[]string{"S. 0:0(0) ack 1", "SYN_SENT ESTABLISHED FIN_WAIT_1 TIME_WAIT", "SF. 0:30(30) ack 1", "SYN_SENT ESTABLISHED FIN_WAIT_1 FIN_WAIT_2?"}},
	})
}

// TestStranger: who does nothing but to reset what acknowledges that number, as soon as an answer comes, has no connection.
func TestStranger(t *testing.T) {
	const data = "+0 > P. 1:51(50) ack 201 win 501\n"
	const stranger, member = "CLOSED?", "ESTABLISHED? CLOSED?"
	checkEdges(t, []edge{
		{"by its number", data + "+20ms < R @(0)\n", path(analyzer.Server), []string{"201:201", stranger, "202:202", member}},
		{"and no ACK", data + "+20ms < @ 201:201(0)\n", path(analyzer.Server), []string{"R", stranger, "R.", "ESTABLISHED? CLOSED"}},
		{"as soon as an answer", data + "+@ < R 201:201(0)\n", path(analyzer.Server), []string{"500ms", stranger, "501ms", member}},
		{"and nothing else", data + "@+20ms < R 201:201(0)\n", path(analyzer.Server), []string{"", stranger, "+20ms < . 201:201(0) ack 51\n+1s > P. 51:61(10) ack 201\n", "ESTABLISHED? CLOSED"}},
	})
}

// TestRSTInTimeWait: Linux takes an RST in TIME_WAIT; who offers a window scale in front of SACK is another, which follows RFC 1337.
func TestRSTInTimeWait(t *testing.T) {
	const closed = "+0 > S 0:0(0) win 64240 <@>\n+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n+50us > . 1:1(0) ack 1\n+1ms > F. 1:1(0) ack 1\n+20ms < F. 1:1(0) ack 2\n+50us > . 2:2(0) ack 2\n+1s < R 2:2(0)\n"
	const stays, ended = "SYN_SENT ESTABLISHED FIN_WAIT_1 TIME_WAIT", "SYN_SENT ESTABLISHED FIN_WAIT_1 TIME_WAIT CLOSED?"
	checkEdges(t, []edge{{"by the order of the options", closed, path(analyzer.Client), []string{
		"mss 1460,nop,wscale 6,sackOK", stays,
		"mss 1460,sackOK,nop,wscale 6", ended,
		"mss 1460,nop,wscale 6", ended,
		"mss 1460,sackOK", ended,
	}}})
}

// TestChallenged: an ACK with the next numbers of a connection is of that, be it that it would acknowledge the SYN-ACK that came into it.
func TestChallenged(t *testing.T) {
	const closed = "+0 > S 0:0(0) win 64240 <mss 1460>\n+0.1ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n+20ms > . 1:1(0) ack 1\n+1ms < F. 1:1(0) ack 1\n+20ms > F. 1:1(0) ack 2\n+0.1ms < . 2:2(0) ack 2\n"
	const challenge = closed + "+40ms > S. 1:1(0) ack @ win 1024 <mss 1460> forged\n+0.1ms < . 2:2(0) ack 2\n"
	checkEdges(t, []edge{
		{"unless it has the number that the SYN-ACK says", challenge, conversations, []string{"9000", "1"}},
		{"by its number", closed + "+40ms > S. 1:1(0) ack 9000 win 1024 <mss 1460> forged\n+0.1ms < . @(0) ack 2\n", conversations, []string{"2:2", "1", "9000:9000", "2"}},
		{"nobody has listened who sent the SYN", closed + "+40ms > S. 101:101(0) ack 1 win 1024 <mss 1460> forged\n+0.1ms < . 2:2(0) ack 2\n@", path(analyzer.Client),
			[]string{"", "SYN_SENT ESTABLISHED CLOSE_WAIT LAST_ACK CLOSED?"}},
	})
}
