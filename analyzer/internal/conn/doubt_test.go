package conn

import (
	"fmt"
	"testing"

	"tcptrace/internal/wire"
)

// Parts of scripts. Of what the client acknowledges here the server was not seen to send anything.
const (
	handshake = "+0 > S 0:0(0) win 64240 <mss 1460>\n+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n"
	doubtful  = request + "+1ms > . 101:101(0) ack 301 forged\n"
)

// TestPremature holds the rules on ACKs that come too soon.
func TestPremature(t *testing.T) {
	premature := func(c *Conn, _ *FactPool, last *wire.Segment) string { return fmt.Sprint(c.Premature(last)) }
	checkEdges(t, []edge{
		{"sooner than three quarters of the way there and back", handshake + "+@ > . 1:1(0) ack 501\n", premature, []string{"14999999ns", "true", "15ms", "false"}},
		{"if it sent nothing else", handshake + "@+1ms > . 1:1(0) ack 501\n", premature, []string{"", "true", "+1ms < . 1:1(0) ack 1\n", "false", "+1ms < P. 1:101(100) ack 1\n", "false"}},
		{"and of which the data, if it had any, were not taken (fast open)", "+0 > S 0:10(10) win 64240 <mss 1460,tfo>\n+20ms < S. 0:0(0) ack @ win 65160 <mss 1460>\n+1ms > . 11:11(0) ack 501\n", premature,
			[]string{"11", "false"}},
		{"nor data of the server's with its SYN-ACK", "+0 > S 0:0(0) win 64240 <mss 1460>\n+20ms < S. @ ack 1 win 65160 <mss 1460>\n+1ms > . 1:1(0) ack 501\n", premature, []string{"0:0(0)", "true", "0:1(1)", "false"}},
		{"behind a FIN there is nothing", request + "+1ms < F. 201:201(0) ack 101\n@+1s > . 101:101(0) ack 303\n", premature, []string{"", "true", "+1ms < . 302:302(0) ack 101\n", "false"}},
		{"whose number is known to be one of the connection", "@+1ms < F. 201:201(0) ack 101\n+1s > . 101:101(0) ack 303\n", premature, []string{request, "true", "", "false"}},
	})
}

// TestDeclines: SYN_RCVD answers an ACK that is not of its SYN-ACK by an RST with the number of that, and goes on (RFC 9293 3.10.7.4).
func TestDeclines(t *testing.T) {
	declines := func(c *Conn, _ *FactPool, last *wire.Segment) string { return fmt.Sprint(c.Half[1].declines(last)) }
	checkEdges(t, []edge{
		{"after such an ACK", handshake + "@+20ms < R 7777:7777(0) win 0\n", declines, []string{"+50us > . 1:1(0) ack 7777\n", "true", "", "false"}},
		{"without ACK", handshake + "+50us > . 1:1(0) ack 7777\n+20ms < @ win 0\n", declines, []string{"R 7777:7777(0)", "true", "R. 7777:7777(0) ack 1", "false"}},
		{"if it sent nothing else", handshake + "+50us > . 1:1(0) ack 7777\n@+20ms < R 7777:7777(0) win 0\n", declines,
			[]string{"", "true", "+1ms < . 1:1(0) ack 1\n", "false", "+1ms < P. 1:101(100) ack 1\n", "false", "+1ms < F. 1:1(0) ack 1\n", "false"}},
		{"who sent no SYN-ACK is not in SYN_RCVD", request + "+1ms > S 7000:7000(0) win 1 <mss 1460>\n+20ms < R 7777:7777(0) win 0\n", declines, []string{"", "false"}},
	})
}

// TestDoubts holds what segments tell of an ACK of what was not captured.
func TestDoubts(t *testing.T) {
	verdict := func(c *Conn, p *FactPool, last *wire.Segment) string {
		tx := &c.Half[last.Dir]
		return [...]string{Undecided: "undecided", SentUnseen: "sent", NotSent: "not sent"}[c.Doubts(&p.Incidents, 0, last, tx.Acked, tx.End)]
	}
	checkEdges(t, []edge{
		{"where there is one", request + "@+20ms < . 201:201(0) ack 101\n", verdict, []string{"+1ms > . 101:101(0) ack 301 forged\n", "not sent", "", "undecided"}},
		{"and nothing has told yet", doubtful + "+1ms < P. @(100) ack 101\n+20ms < . 401:401(0) ack 101\n", verdict, []string{"301:401", "undecided"}},
		{"SYN and RST tell nothing", doubtful + "+20ms < @ 301:301(0) ack 101\n", verdict, []string{".", "sent", "R.", "undecided", "S.", "undecided"}},

		{"who denies it acknowledges less", doubtful + "+1s > P. 101:201(100) ack @\n", verdict, []string{"300", "not sent", "301", "undecided"}},
		{"with something new", doubtful + "+1s > P. @ ack 201\n", verdict, []string{"101:201(100)", "not sent", "101:101(0)", "undecided", "100:200(100)", "undecided", "102:202(100)", "undecided"}},
		{"and with ACK", doubtful + "+1s > @\n", verdict, []string{"P. 101:201(100) ack 201", "not sent", "P 101:201(100)", "undecided"}},

		{"who sends what is behind it had sent it", doubtful + "+20ms < . @(0) ack 101\n", verdict, []string{"300:300", "undecided", "301:301", "sent"}},
		{"as has who did so before", doubtful + "+1ms < F. 300:300(0) ack 101\n+1ms < . @(0) ack 101\n", verdict, []string{"300:300", "sent"}},
		{"who closes before its end never will", doubtful + "+1ms < F. @(0) ack 101\n", verdict, []string{"299:299", "not sent", "300:300", "undecided"}},
		{"who goes on where it was had not, if that cannot have crossed it", doubtful + "+@ < . 201:201(0) ack 101\n", verdict, []string{"9999999ns", "undecided", "10ms", "not sent"}},
		{"and nothing else", doubtful + "+20ms < . @(0) ack 101\n", verdict, []string{"200:200", "undecided", "201:201", "not sent", "202:202", "undecided"}},
		{"sooner than a timer can have it sent again", doubtful + "+@ < P. 201:211(10) ack 101\n", verdict, []string{"198949999ns", "not sent", "198950us", "undecided"}},
		{"which the server's segments start", doubtful + "+150ms @ ack 101\n+150ms < P. 201:211(10) ack 101\n", verdict, []string{"< . 191:191(0)", "not sent", "> . 101:101(0)", "undecided"}},
		{"an ACK has that number whenever it comes", doubtful + "+300ms < @ ack 101\n", verdict, []string{". 201:201(0)", "not sent", "P. 201:202(1)", "undecided"}},
		{"what was taken back already is no more denied", request + "+1s > . 101:101(0) ack 202 forged\n+300ms < F. 201:201(0) ack 101\n+1s > P. 101:201(100) ack 200\n", verdict, []string{"", "undecided"}},
		{"or behind an RST with its number", doubtful + "+20ms < R @(0) win 0\n+300ms < P. 201:211(10) ack 101\n", verdict, []string{"300:300", "undecided", "301:301", "not sent", "302:302", "undecided"}},
		{"that was captured, be it 0", "isn 0 4294966995\n" + doubtful + "@+320ms < P. 201:211(10) ack 101\n", verdict, []string{"", "undecided", "+20ms < R 301:301(0) win 0\n", "not sent"}},
		{"of an ACK from the client alone", request + "+1ms < . 201:201(0) ack 301 forged\n+20ms > . 101:101(0) ack 201\n", verdict, []string{"", "undecided"}},
	})
}

// TestDenyACK holds what is taken back when an ACK turns out to be of what had not been sent.
func TestDenyACK(t *testing.T) {
	const (
		first = handshake + "+16ms > . 1:1(0) ack 101 forged\n" // is a fact
		long  = request + "+1ms > P. 101:1101(1000) ack 201\n+1ms > . 1101:1101(0) ack 301 forged\n"
	)
	foreign := framesWith(FactForeign)
	watched := after(func(c *Conn, _ *FactPool) string { return fmt.Sprint(c.Flags.Has(Watching)) })
	checkEdges(t, []edge{
		{"the ACK goes back to where it was", long + "+20ms < . 201:201(0) ack 1101\n", acked(0), []string{"", "201"}},
		{"as does a second", request + "+1ms > . 101:101(0) ack 301 forged\n+1ms > . 101:101(0) ack 401 forged\n+20ms < . 201:201(0) ack 101\n", acked(0), []string{"", "201"}},
		{"or to what its sender says", handshake + "+50us > . 1:1(0) ack 1\n+20ms < P. 1:201(200) ack 1\n+50us > . 1:1(0) ack 101\n+1ms > . 1:1(0) ack 301 forged\n+1s > P. 1:101(100) ack @\n", acked(0),
			[]string{"50", "101", "150", "150"}},
		{"a fact that acknowledges more than was sent is none", first + "+11ms < P. @ ack 1\n", foreign, []string{"1:51(50)", "3", "1:101(100)", "3"}},
		{"and one that acknowledges as much is", handshake + "+50us > . 1:1(0) ack 1\n+1ms > . 1:1(0) ack 101 forged\n+20ms < . 1:1(0) ack 1\n", foreign, []string{"", ""}},
		{"by what had been sent when its sender denied it", handshake + "+16ms > P. 1:201(200) ack 101 forged\n+1s > P. 201:301(100) ack 1\n", foreign, []string{"", "3"}},
		{"in its direction", handshake + "+50us > P. 1:501(500) ack 1\n+20ms < . 1:1(0) ack 501\n+1ms > . 501:501(0) ack 101 forged\n+20ms < . 1:1(0) ack 501\n", foreign, []string{"", ""}},
		{"an RST stays what it was", request + "+1ms > R. @(0) ack 400 win 0\n+1ms > . 101:101(0) ack 301 forged\n+20ms < . 201:201(0) ack 101\n", foreign, []string{"5001:5001", ""}},
		{"and a FIN", request + "+1ms > F. 101:101(0) ack 301\n+20ms < . 201:201(0) ack 102\n", foreign, []string{"", ""}},
		{"if it was the first the next is the first", first + "+11ms < . 1:1(0) ack 1\n", watched, []string{"", "true"}},
		{"else it was before", handshake + "+50us > . 1:1(0) ack 1\n+20ms < . 1:1(0) ack 1\n+1ms > . 1:1(0) ack 101 forged\n+20ms < . 1:1(0) ack 1\n", watched, []string{"", "false"}},
	})
}

// TestDisregard: who sends its first FIN does not know of an ACK of it that passed some time ago.
func TestDisregard(t *testing.T) {
	const (
		fin   = request + "+1s > . 101:101(0) ack 202 forged\n+@ < F. 201:201(0) ack 101\n"
		close = "+0 > S 0:0(0) win 64240 <mss 1460>\n+1ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n+50us > . 1:1(0) ack 1\n+1s > . 1:1(0) ack 2 forged\n"
	)
	checkEdges(t, []edge{
		{"it comes, by the way there and back and a tenth, too late for that", fin, acked(0), []string{"22ms", "202", "22000001ns", "201"}},
		{"or for the order of two taps", close + "+@ < F. 1:1(0) ack 1\n", acked(0), []string{"10ms", "2", "10000001ns", "1"}},
		{"with data they were not sent either", request + "+1s > . 101:101(0) ack @ forged\n+300ms < FP. 201:301(100) ack 101\n", acked(0), []string{"301", "301", "302", "201"}},
		{"unless they were sent before", request + "+1s > . 101:101(0) ack @ forged\n+300ms < FP. 101:201(100) ack 101\n", acked(0), []string{"202", "201"}},
		{"the second was sent before", request + "+1s > . 101:101(0) ack 202 forged\n+300ms < F. 201:201(0) ack 101\n+1ms > . 101:101(0) ack 202\n+300ms < F. 201:201(0) ack 101\n", acked(0), []string{"", "202"}},
		{"the first of a stream of which the beginning was not captured is not doubted", "+0 < P. 1:101(100) ack 1\n+1ms > . 1:1(0) ack 202\n+1ms < . 101:101(0) ack 301 forged\n+1s < F. 101:101(0) ack 1\n", acked(0), []string{"", "202"}},
		{"an ACK of what was captured is another matter", request + "+1ms < . 201:201(0) ack 301 forged\n+1s < F. @(0) ack 101\n", acked(0), []string{"200:200", "201", "201:201", "201"}},
	})
}

// TestUnplace holds the rules on an ACK that gave a place to a peer of which nothing was captured.
func TestUnplace(t *testing.T) {
	const (
		alone = "+0 > . 1:1(0) ack 30000\n"
		less  = "+1ms > P. 1:101(100) ack 1\n"
	)
	unplaces := func(c *Conn, p *FactPool, last *wire.Segment) string { return fmt.Sprint(c.Unplace(p, last)) }
	start := func(c *Conn, p *FactPool, last *wire.Segment) string {
		c.Unplace(p, last)
		return fmt.Sprint(uint32(c.Half[1].Start), uint32(c.Half[0].Acked))
	}
	foreign := func(c *Conn, p *FactPool, last *wire.Segment) string {
		c.Unplace(p, last)
		return c.framesWith(p, FactForeign)
	}
	checkEdges(t, []edge{
		{"by something new", alone + "+1ms > P. @ ack 1\n", unplaces, []string{"1:101(100)", "true", "1:1(0)", "false", "0:100(100)", "false", "2:102(100)", "false"}},
		{"with ACK, and neither SYN nor RST", alone + "+1ms > @\n", unplaces, []string{". 1:101(100) ack 1", "true", "P 1:101(100)", "false", "S. 1:101(100) ack 1", "false", "R. 1:101(100) ack 1", "false"}},
		{"there was an ACK", "+0 > @\n+1ms > P. 1:101(100) ack -5\n", unplaces, []string{". 1:1(0) ack 30000", "true", "P 0:1(1)", "false"}},
		{"of what nobody was seen to send", "@" + alone + less, unplaces, []string{"", "true", "+0 < P 1:101(100)\n", "false", "+0 < . 1:1(0) ack 1\n", "false", "+0 < R 5001:5001(0) win 0\n", "true"}},
		{"or to acknowledge", "@" + "+1ms > P. 1:101(100) ack 0\n", unplaces, []string{"+0 > S. 0:0(0) ack 1 win 1 <mss 1460>\n", "false"}},
		{"then the segment gives the place", alone + "+1ms > P. 1:101(100) ack @\n", start, []string{"29999", "29999 0", "1", "1 0"}},
		{"if the stream was not known to begin before", alone + "+1ms > . 1:1(0) ack 30100\n+1ms > P. 1:101(100) ack @\n", start, []string{"30000", "30000 30000", "30001", "30000 30001", "29999", "29999 0"}},
		{"facts that acknowledge more are none", "+0 > . 1:1(0) ack 1000\n+1ms > . 1:1(0) ack 30000\n+1ms > P. 1:101(100) ack @\n", foreign, []string{"999", "1 2", "1000", "2"}},
		{"but FIN and RST", alone + "+1ms > @ ack 30000\n+1ms > P. (100) ack 1\n", foreign, []string{"F. 1:1(0)", "1", "R. 1:1(0)", "1"}},
		{"nor RSTs that answer them", alone + "+1ms < R @(0) win 0\n" + less, foreign, []string{"1:1", "1", "2:2", "1 2"}},
		{"which have no ACK", alone + "+1ms < R. @(0) ack 1 win 0\n" + less, foreign, []string{"30000:30000", "1"}},
		{"and are of the peer", alone + "+1ms > R @(0) win 0\n" + less, foreign, []string{"40000:40000", "1"}},
	})
}
