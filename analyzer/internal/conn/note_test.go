package conn

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tcptrace/internal/wire"
)

// since is how long after the first segment t is.
func (c *Conn) since(t Time) string {
	if t == 0 {
		return "never"
	}
	return t.Sub(c.First).String()
}

// resets are n RSTs of one side, each with another number.
func resets(from string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "+1ms %s R %d:%d(0) win 0\n", from, 5001+i, 5001+i)
	}
	return b.String()
}

// TestNoteOrdinary holds which segments with neither SYN, FIN nor RST are facts.
func TestNoteOrdinary(t *testing.T) {
	const (
		again = "+1ms > . 1:1(0) ack 1\n"
		reset = "+1ms < R 9000:9000(0) win 0\n"
		fin   = request + "+1ms < F. 201:201(0) ack 101\n" // frame 7
	)
	facts, skips, dsack := framesWith(0), framesWith(FactSkips), framesWith(FactDSACK)
	number := after(func(c *Conn, p *FactPool) string { return fmt.Sprint(c.Facts.N, p.Dropped) })
	newest := after(func(c *Conn, p *FactPool) string { return fmt.Sprint(c.Facts.Newest(p).Ahead + 1) })
	watched := after(func(c *Conn, _ *FactPool) string { return fmt.Sprint(c.Flags.Has(Watching)) })
	checkEdges(t, []edge{
		{"the first of each side, and ACKs before the other's", opened + "@+20ms < . 1:1(0) ack 1\n+1ms > . 1:1(0) ack 1\n", facts, []string{"", "1 2 3 4", again, "1 2 3 4 5", "+1ms > P. 1:101(100) ack 1\n", "1 2 3 5"}},
		{"but of the opening no more than 16", opened + "@" + again, number, []string{strings.Repeat(again, 12), "16 0", strings.Repeat(again, 13), "16 1"}},
		{"that leave room for the close", opened + strings.Repeat(again, 13) + "+1ms < F. 1:1(0) ack 1\n+1ms > . 1:1(0) ack 2\n@", number, []string{"", "18 0", "+1ms > . 1:1(0) ack 2\n", "19 0"}},
		{"and 48 in all", opened + "@+1ms > . 500:500(0) ack 2\n", number, []string{resets("<", 45) + "+1ms < F. 1:1(0) ack 1\n+1ms > . 1:1(0) ack 2\n", "48 3"}},
		{"of which those beyond 32 are none that came before", opened + resets("<", 27) + reset + "@+1ms < F. 1:1(0) ack 1\n", number,
			[]string{"", "32 0", reset, "33 0", reset + reset, "33 1", reset + "+1ms < R 5001:5001(0) win 0\n", "33 1", reset + "+1ms < R 9001:9001(0) win 0\n", "34 0"}},
		{"from the same side, with the same flags and numbers", opened + "+1ms < R. 9000:9000(0) ack 1 win 0\n" + resets("<", 28) + "@", number,
			[]string{"+1ms < R. 9000:9000(0) ack 1 win 0\n", "32 1", "+1ms > R. 9000:9000(0) ack 1 win 0\n", "33 0", "+1ms < R 9000:9000(0) win 0\n", "33 0", "+1ms < R. 9000:9000(0) ack 2 win 0\n", "33 0",
				"+1ms < R. 9000:9001(1) ack 1 win 0\n", "33 0"}},
		{"but the latest in a row", opened + resets("<", 28) + reset + "@" + reset, newest, []string{"", "33", reset, "34", "+1ms < R 5001:5001(0) win 0\n", "34"}},
		{"and of a row alone", opened + resets("<", 28) + reset + "@", newest, []string{reset, "33", "+1ms < R 5001:5001(0) win 0\n", "32"}},
		{"an old one is, but is not the first", handshake + "+50us > . @(0) ack 1\n+1ms > P. 1:101(100) ack 1\n", facts, []string{"-1:-1", "1 2 3 4", "0:0", "1 2 3 4", "1:1", "1 2 3"}},
		{"of a stream of which the beginning is known", "+0 < . 1:1(0) ack 5000\n+1ms > P. 4901:5101(200) ack 1\n+1ms > P. 5101:5201(100) ack 1\n", facts, []string{"", "1 2"}},
		{"while nobody closes", handshake + "@+1us > P. -50:-40(10) ack 1\n+1us > P. 1:101(100) ack 1\n", facts, []string{"", "1 2 3 4", "+1ms < F. 1:1(0) ack 1\n", "1 2 3 4"}},
		{"when each side has one no more are wanted", handshake + "@+50us > . 1:1(0) ack 1\n+1ms < . 2:2(0) ack 1\n", watched, []string{"", "false", "+1ms < F. 1:1(0) ack 1\n", "true"}},
		{"one that contradicts a doubted ACK is", opened + "@+1ms > P. 101:201(100) ack 1\n", facts, []string{"", "1 2 3", "+20ms > . 1:1(0) ack 101 forged\n", "1 2 3 4 5"}},
		{"by acknowledging less", opened + "+20ms > . 1:1(0) ack 101 forged\n+1ms > P. 101:201(100) ack @\n", facts, []string{"100", "1 2 3 4 5", "101", "1 2 3 4"}},
		{"and nothing else is by that", opened + "+1ms > P. 101:201(100) ack @\n", facts, []string{"1", "1 2 3", "2", "1 2 3"}},
		{"within the bound", opened + "@+20ms > . 1:1(0) ack 101 forged\n+1ms > P. 101:201(100) ack 1\n", number, []string{strings.Repeat(again, 11), "16 0", strings.Repeat(again, 12), "16 0"}},
		{"the first ACK of a FIN, be it with data", fin + "+50us > P. 101:201(100) ack @\n", facts, []string{"201", "1 2 3 5 7", "202", "1 2 3 5 7 8"}},
		{"and the others without", fin + "+50us > . 101:101(0) ack 202\n+1ms > @ ack 202\n", facts, []string{". 101:101(0)", "1 2 3 5 7 8 9", "P. 101:201(100)", "1 2 3 5 7 8"}},
		{"and the first that shows that its sender did not receive the FIN in time", fin + "+@ > P. 101:201(100) ack 201\n+1ms > P. 201:301(100) ack 201\n+1ms > P. 301:401(100) ack 201\n", facts,
			[]string{"55us", "1 2 3 5 7 9", "55001ns", "1 2 3 5 7 8"}},
		{"which is the peer's", fin + "+1s > F. 101:101(0) ack 201\n+@ > . 102:102(0) ack 201\n", facts, []string{"30us", "1 2 3 5 7 8 9"}},
		{"and no other segment of the peer's", fin + "+1s < R 5001:5001(0) win 0\n+@ > P. 101:201(100) ack 201\n", facts, []string{"30us", "1 2 3 5 7 8 9"}},
		{"who has closed alone hears none", request + "+1ms > F. 101:101(0) ack 201\n+1s > . 102:102(0) ack 201\n", facts, []string{"", "1 2 3 5 7"}},
		{"one in front of which octets are missing is known", handshake + "+1ms > . @(0) ack 1\n", skips, []string{"1:1", "", "2:2", "3"}},
		{"but the first of its sender", "+0 < . 1:1(0) ack 5000\n+1ms > . @(0) ack 1\n", skips, []string{"6000:6000", ""}},
		{"a D-SACK is below the ACK (RFC 2883)", handshake + "+50us > . 1:1(0) ack 1 <nop,nop,sack @>\n", dsack, []string{"0:1", "3", "1:101", ""}},
		{"and an RST has none", handshake + "+50us > @ ack 1 <nop,nop,sack 0:1>\n", dsack, []string{". 1:1(0)", "3", "R. 1:1(0)", ""}},
		{"a timestamp is kept", handshake + "+50us > . 1:1(0) ack 1 <@>\n", framesWith(FactTimestamps), []string{"nop,nop,TS val 7 ecr 8", "3", "nop,nop,nop,nop", ""}},
	})
}

// TestNoteAdvance holds what is kept of the ACKs of one side, of which the other was not captured: the first, and the latest advance.
func TestNoteAdvance(t *testing.T) {
	facts := framesWith(0)
	const two = "+0 > . 1:1(0) ack 1\n+1ms > . 1:1(0) ack 101\n"
	checkEdges(t, []edge{
		{"the first and the second", two, facts, []string{"", "1 2"}},
		{"the first and the last", two + "+1ms > . 1:1(0) ack @\n", facts, []string{"101", "1 2", "102", "1 3"}},
		{"and what lies between", two + "+1ms > R 5001:5001(0) win 0\n+1ms > . 1:1(0) ack @\n", facts, []string{"101", "1 2 3", "102", "1 2 3 4"}},
		{"while the other is not captured", two + "@+1ms > . 1:1(0) ack 102\n", facts, []string{"", "1 3", "+1ms < . 102:102(0) ack 1\n", "1 2 3"}},
		{"and there is room", two + "+1ms > . 1:1(0) ack 102\n@+1ms > . 1:1(0) ack 103\n", after(func(c *Conn, p *FactPool) string { return fmt.Sprint(c.Facts.N, p.Dropped) }),
			[]string{"", "2 0", resets(">", 46), "48 1"}},
	})
}

// TestMeasure holds how the way to an endpoint and back is measured, and who does not hear.
func TestMeasure(t *testing.T) {
	distance := after(func(c *Conn, _ *FactPool) string { return time.Duration(c.Half[1].Distance).String() })
	deaf := after(func(c *Conn, _ *FactPool) string { return fmt.Sprint(c.Half[0].deaf) })
	const data = opened + "+1ms > P. 1:101(100) ack 1\n"
	checkEdges(t, []edge{
		{"the shortest counts", data + "+@ < . 1:1(0) ack 101\n", distance, []string{"15ms", "15ms", "25ms", "20ms"}},
		{"to what acknowledges all of the segment", data + "+5ms < . 1:1(0) ack @\n", distance, []string{"100", "20ms", "101", "5ms"}},
		{"and of nothing that was not captured: that may be forged", data + "+5ms < . 1:1(0) ack @\n", distance, []string{"101", "5ms", "102", "20ms"}},
		{"be there others behind it", data + "+1ms > @ ack 1\n+5ms < . 1:1(0) ack 101\n", distance, []string{". 101:101(0)", "6ms", "P. 101:201(100)", "6ms"}},
		{"but not the same again: which of them is acknowledged is not known", data + "+1ms > P. @ ack 1\n+5ms < . 1:1(0) ack 101\n", distance, []string{"1:101(100)", "20ms", "51:101(50)", "20ms"}},
		{"what it has sent before, and asks, an endpoint does not hear an answer to", data + "+1ms > @ ack 1\n", deaf, []string{"P. 1:101(100)", "1", ". 100:100(0)", "1", ". 101:101(0)", "0", "P. 101:201(100)", "0"}},
		{"up to 255 of them", data + "@+1ms > P. 1:101(100) ack 1\n", deaf, []string{strings.Repeat("+1ms > P. 1:101(100) ack 1\n", 253), "254", strings.Repeat("+1ms > P. 1:101(100) ack 1\n", 300), "255"}},
	})
}

// TestBusy holds since when an endpoint has had data in flight without a break, and what may have waited behind them. The client's own way
// is 50 µs, the server's 20 ms.
func TestBusy(t *testing.T) {
	busy := func(dir uint8) ask {
		return after(func(c *Conn, _ *FactPool) string { return c.since(c.Half[dir].BusySince) })
	}
	idle := func(dir uint8) ask {
		return after(func(c *Conn, _ *FactPool) string { return c.since(c.Half[dir].idleSince) })
	}
	waits := func(dir uint8) ask { // at the time of the last segment
		return after(func(c *Conn, _ *FactPool) string {
			since, landed := c.Half[dir].busy(&c.Half[1-dir], c.Last)
			return c.since(since) + " " + c.since(landed)
		})
	}
	waited := func(c *Conn, p *FactPool, last *wire.Segment) string {
		c.Count(&c.Half[0], last)
		return c.since(c.Half[0].waited(Time(last.Time), last.Len > 0, c.Half[0].Flags))
	}
	const (
		acknowledged = request // the client's data at 21.05 ms, acknowledged at 41.05; the server's then, acknowledged at 41.1
		shut         = opened + "+1ms > P. 1:101(100) ack 1\n+20ms < . 1:1(0) ack 101 win 0\n"
	)
	checkEdges(t, []edge{
		{"from the first data on", opened + "+50us > @ ack 1\n", busy(0), []string{". 1:1(0)", "never", "P. 1:101(100)", "20.1ms"}},
		{"while some are in flight", opened + "+1ms > P. 1:101(100) ack 1\n+19ms > P. 101:201(100) ack 1\n", busy(0), []string{"", "21.05ms"}},
		{"or are sent as soon as others have arrived", acknowledged + "+@ > P. 101:201(100) ack 201\n", busy(0), []string{"1005us", "21.05ms", "1005001ns", "42.105001ms"}},
		{"where the endpoint is far, with a queue on the way, too", acknowledged + "+@ < P. 201:301(100) ack 101\n", busy(1), []string{"120ms", "41.05ms", "120000001ns", "161.100001ms"}},
		{"nothing but data", acknowledged + "+1s > @ ack 201\n", busy(0), []string{"F. 101:101(0)", "21.05ms", "FP. 101:102(1)", "1.0411s"}},
		{"a closed window keeps them back", shut + "@+1s > P. 101:201(100) ack 1\n", busy(0), []string{"+1ms < . 1:1(0) ack 101 win 500\n", "21.05ms"}},
		{"nothing is in flight since all was acknowledged", acknowledged + "+1ms < . 201:201(0) ack 101\n", idle(0), []string{"", "41.05ms"}},
		{"all of it", opened + "+1ms > P. 1:101(100) ack 1\n+20ms < . 1:1(0) ack @\n", idle(0), []string{"100", "20ms", "101", "41.05ms"}},
		{"and a window offered", shut + "@", idle(0), []string{"", "20ms", "+1ms < . 1:1(0) ack 101 win 500\n", "42.05ms"}},
		{"unless more was under way then", acknowledged + "+@ < P. 201:301(100) ack 101\n", idle(1), []string{"14999999ns", "never", "15ms", "41.1ms"}},

		{"which what follows does not tell", "+0 > P. 1:101(100) ack 1\n+10ms < P. 1:101(100) ack 1\n+1ms > . 101:101(0) ack 101\n+1ms < P. 101:201(100) ack 1\n+1ms < P. 201:301(100) ack 101\n+1ms < P. 301:401(100) ack 101\n", idle(1),
			[]string{"", "11ms"}},

		{"a FIN may wait behind what is in flight", opened + "+1ms > P. 1:101(100) ack 1\n+20ms < . 1:1(0) ack @\n+1s < . 1:1(0) ack @\n", waits(0), []string{"100", "21.05ms never", "101", "never never"}},
		{"behind a closed window", shut + "@+1s < . 1:1(0) ack 101 win 500\n", waits(0), []string{"", "21.05ms never"}},
		{"behind what was not captured", acknowledged + "+1ms < . 201:201(0) ack @\n+1s < . 201:201(0) ack 101\n", waits(0), []string{"101", "never never", "102", "21.05ms never"}},
		{"or may not know yet that nothing is", acknowledged + "+@ > . 101:101(0) ack 201\n", waits(1), []string{"120ms", "41.05ms 41.1ms", "120000001ns", "never never"}},
		{"who sent something else later knew", acknowledged + "+@ < . 201:201(0) ack 101\n+10ms > . 101:101(0) ack 201\n", waits(1), []string{"22ms", "41.05ms 41.1ms", "22000001ns", "never never"}},

		{"a FIN that comes behind data waited for them", acknowledged + "+1s > @ ack 201\n", waited, []string{"F. 101:101(0)", "never", "FP. 101:201(100)", "21.05ms"}},
		{"or while others are in flight", opened + "+1ms > P. 1:101(100) ack 1\n+1s > F. 101:101(0) ack 1\n", waited, []string{"", "21.05ms"}},
		{"or as soon as the window opens", shut + "+1ms < . 1:1(0) ack 101 win 500\n+@ > F. 101:101(0) ack 1\n", waited, []string{"1055us", "21.05ms", "1055001ns", "never"}},
		{"which was shut", acknowledged + "+10us > F. 101:101(0) ack 201\n", waited, []string{"", "never"}},
	})
}
