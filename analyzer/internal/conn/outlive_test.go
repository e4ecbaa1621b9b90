package conn

import (
	"fmt"
	"testing"

	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// TestSentBehind holds the rules on what shows that an endpoint goes on behind an RST in its name. The RST passed at 1 s; the way to the
// endpoint and back takes 20 ms.
func TestSentBehind(t *testing.T) {
	const (
		ms  Time = 1e6
		rst Time = 1000 * ms
	)
	ack := wire.Segment{Flags: wire.ACK, Seq: 201, Ack: 101}
	data := wire.Segment{Flags: wire.ACK, Seq: 201, Ack: 101, Len: 10}
	bare := wire.Segment{Seq: 201, Ack: 151}
	for _, test := range []struct {
		why    string
		at     Time // when the segment passed
		s      wire.Segment
		isNew  bool
		way    Time // to the endpoint and back
		aborts bool // the RST has ACK, and the number 201
		asked  Time // when octets 101 to 150 of the peer passed, 0 if they did not
		want   bool
	}{
		{"what comes before all that was sent before the RST", rst + 20*ms, ack, false, 20 * ms, false, 0, false},
		{"what comes later than that", rst + 20*ms + 1, ack, false, 20 * ms, false, 0, true},
		{"what two taps may have in the wrong order", rst + 10*ms, ack, false, ms, false, 0, false},
		{"what they may not", rst + 10*ms + 1, ack, false, ms, false, 0, true},

		{"something new from the RST's number on", rst + ms, data, true, 20 * ms, true, 0, true},
		{"something new before it", rst + ms, wire.Segment{Flags: wire.ACK, Seq: 200, Ack: 101, Len: 10}, true, 20 * ms, true, 0, false},
		{"an old segment", rst + ms, data, false, 20 * ms, true, 0, false},
		{"something new behind an RST without ACK, of which the number says nothing", rst + ms, data, true, 20 * ms, false, 0, false},
		{"an octet that was not captured, behind the RST's number", rst + ms, wire.Segment{Flags: wire.ACK, Seq: 202, Ack: 101}, true, 20 * ms, true, 0, true},
		{"a FIN with the RST's number", rst + ms, wire.Segment{Flags: wire.FIN | wire.ACK, Seq: 201, Ack: 101}, true, 20 * ms, true, 0, true},

		{"an ACK of what the endpoint may have had when the RST was sent", rst + ms, wire.Segment{Flags: wire.ACK, Seq: 201, Ack: 151}, false, 20 * ms, false, rst - 10*ms, false},
		{"an ACK of what it cannot have had", rst + ms, wire.Segment{Flags: wire.ACK, Seq: 201, Ack: 151}, false, 20 * ms, false, rst - 10*ms + 1, true},
		{"an ACK of less", rst + ms, wire.Segment{Flags: wire.ACK, Seq: 201, Ack: 150}, false, 20 * ms, false, rst, false},
		{"an ACK of as much as was sent", rst + ms, wire.Segment{Flags: wire.ACK, Seq: 201, Ack: 161}, false, 20 * ms, false, rst, true},
		{"an ACK of more", rst + ms, wire.Segment{Flags: wire.ACK, Seq: 201, Ack: 162}, false, 20 * ms, false, rst, false},
		{"a number that is no ACK", rst + ms, bare, false, 20 * ms, false, rst, false},
		{"an ACK when nothing shows what the endpoint had", rst + ms, wire.Segment{Flags: wire.ACK, Seq: 201, Ack: 151}, false, 20 * ms, false, 0, false},
	} {
		h, peer := &Half{Distance: test.way}, &Half{End: 1<<32 + 161}
		if test.asked != 0 {
			peer.Probe, peer.ProbeTime = 1<<32+reassembly.Pos(151), test.asked
		} else {
			peer.ProbeTime = rst
		}
		test.s.Time = int64(test.at)
		if got := h.SentBehind(Ending{Time: rst, Seq: 201, Aborts: test.aborts}, peer, &test.s, test.isNew); got != test.want {
			t.Errorf("%s: sent behind the RST: %v, want %v", test.why, got, test.want)
		}
	}
}

// TestGoesOn holds which RSTs a segment takes from its sender.
func TestGoesOn(t *testing.T) {
	onPath := framesWith(FactOnPath)
	gone := after(func(c *Conn, _ *FactPool) string { return fmt.Sprint(c.Half[1].Flags.Has(mayBeGone)) })
	checkEdges(t, []edge{
		{"of its own direction", request + "+1s < R 201:201(0) win 0\n+30ms @\n", onPath, []string{"< P. 201:301(100) ack 101", "7", "> P. 101:201(100) ack 201", ""}},
		{"and not of the other, be those of a sender that has not gone on", request + "+1s < R 201:201(0) win 0\n+30ms > R 101:101(0) win 0\n+30ms < P. 201:301(100) ack 101\n", onPath, []string{"", "7"}},
		{"of those that came in time before it", request + "+1s < R 201:201(0) win 0\n+@ < R 201:201(0) win 0\n+15ms < . 201:201(0) ack 101\n", onPath, []string{"5ms", "", "6ms", "7"}},
		{"which then are no more to be told from what it sends", request + "+1s < R 201:201(0) win 0\n+@ < . 201:201(0) ack 101\n", gone, []string{"20ms", "true", "20001us", "false"}},
		{"while another may be its own", request + "+1s < R 201:201(0) win 0\n+15ms < R 201:201(0) win 0\n+@ < . 201:201(0) ack 101\n", gone, []string{"10ms", "true", "21ms", "false"}},
		{"but for those that are known not to be its own", request + "+1s < R. 201:201(0) ack 101 win 0\n+@ > R. 101:101(0) ack 201 win 0\n+1ms < . 201:201(0) ack 101\n", gone, []string{"1ms", "false", "11ms", "true"}},
		{"that its receiver took", request + "+1s < R. 201:201(0) ack 101 win 0\n+0 < R. @(0) ack 101 win 0\n+30ms < P. 201:301(100) ack 101\n", onPath, []string{"201:201", "7 8", "301:301", "7"}},
		{"by a FIN, too", request + "+1s < R 201:201(0) win 0\n+30ms @ ack 101\n", onPath, []string{"< F. 201:201(0)", "7", "< F. 101:101(0)", ""}},
		{"by a number of its own", request + "+1s < R 201:201(0) win 0\n+30ms < . @(0) ack 101\n", onPath, []string{"0:0", "7", "-1:-1", ""}},
	})
}

// TestMayGoOn holds the rules on who may go on behind an RST in its name.
func TestMayGoOn(t *testing.T) {
	mayGoOn := after(func(c *Conn, p *FactPool) string { return fmt.Sprint(c.MayGoOn(p)) })
	checkEdges(t, []edge{
		{"who does not know the connection sends a plain RST", request + "+1s < @ win 0\n", mayGoOn, []string{"R 201:201(0)", "true", "R. 201:201(0) ack 101", "false"}},
		{"be it in the client's name", request + "+1s > @ win 0\n", mayGoOn, []string{"R 101:101(0)", "true", "R. 101:101(0) ack 201", "false"}},
		{"the first that was taken counts", request + "+1s < R. @(0) ack 101 win 0\n+1ms < R 201:201(0) win 0\n", mayGoOn, []string{"201:201", "false", "5001:5001", "true"}},
		{"of the same direction", request + "+1s > R. 101:101(0) ack 201 win 0\n+@ < R 201:201(0) win 0\n", mayGoOn, []string{"1s", "true"}},
		{"who has closed may have gone", request + "@+1s < R 202:202(0) win 0\n", mayGoOn, []string{"+1ms < F. 201:201(0) ack 101\n+50us > . 101:101(0) ack 202\n", "false"}},
		{"who was never heard has nothing to go on with", "+0 > P. 1:101(100) ack 1\n@+1ms < R 1:1(0) win 0\n", mayGoOn, []string{"", "false", "+1ms < . 1:1(0) ack 101\n", "true"}},
		{"of an RST that is no fact any more nothing is known", request + resets("<", MaxFacts) + "+1ms < R 201:201(0) win 0\n", mayGoOn, []string{"", "false"}},
		{"a SYN begins another", request + "+1s < R 201:201(0) win 0\n+1s @\n", mayGoOn, []string{"> . 101:101(0) ack 201", "true", "> S 0:0(0) win 64240 <mss 1460>", "false"}},
	})
}

// TestCutsBoth holds the rules on devices that reset both endpoints.
func TestCutsBoth(t *testing.T) {
	const both = "+1s < R. 201:201(0) ack 101 win 0\n+@ > R. 101:101(0) ack 201 win 0\n"
	onPath := framesWith(FactOnPath)
	comesBack := func(c *Conn, p *FactPool, last *wire.Segment) string { // as all does that a socket sends to itself
		c.Half[1].Flags, c.Half[1].Distance = SentACK, 20e6
		back := *last
		back.Dir = 1
		c.Segment(p, last)
		c.Segment(p, &back)
		return c.framesWith(p, FactOnPath)
	}
	checkEdges(t, []edge{
		{"RSTs both ways within half a round trip", request + both, onPath, []string{"10024us", "7 8", "10025us", ""}},
		{"and not two in one direction", request + "+1s < R. 201:201(0) ack 101 win 0\n+1ms @\n", onPath, []string{"< R. 201:201(0) ack 101 win 0", "", "> R. 101:101(0) ack 201 win 0", "7 8"}},
		{"with nothing in between, at the same time", request + "@+1s < R. 201:201(0) ack 101 win 0\n+0 > R. 101:101(0) ack 201 win 0\n", onPath, []string{"", "7 8"}},
		{"behind what both sent last, be that at the same time", request + "+1s > P. 101:151(50) ack 201\n+@ < R. 201:201(0) ack 101 win 0\n+1ms > R. 151:151(0) ack 201 win 0\n", onPath, []string{"0", "8 9"}},
		{"of the client's or the server's", request + "+1s < R. 201:201(0) ack 101 win 0\n+1us @\n+1ms > R. 101:101(0) ack 201 win 0\n", onPath,
			[]string{"> P. 101:151(50) ack 201", "", "< P. 1:201(200) ack 101", "", "> S 9000:9000(0) win 1 <mss 1460>", "7 9"}},
		{"that were open, as far as was captured", "+0 > S 0:0(0) win 64240 <mss 1460>\n@+1ms > R. 1:1(0) ack 1 win 0\n+1ms < R. 1:1(0) ack 1 win 0\n", onPath,
			[]string{"", "", "+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n", "", "+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n+50us > . 1:1(0) ack 1\n", "4 5"}},
		{"whichever comes first", "+0 > S 0:0(0) win 64240 <mss 1460>\n+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n@+1ms < R. 1:1(0) ack 1 win 0\n+1ms > R. 1:1(0) ack 1 win 0\n", onPath,
			[]string{"", "", "+50us > . 1:1(0) ack 1\n", "4 5"}},
		{"of one socket there is nothing between", "client 10.0.0.1:5000\nserver 10.0.0.1:@\n+0 > S 0:0(0) win 65495 <mss 65495>\n+10us > S. 0:0(0) ack 1 win 65495 <mss 65495>\n+1ms > R. 1:1(0) ack 1 win 0\n", comesBack,
			[]string{"5000", "", "5001", "3 3"}},
		{"and none of them closed", request + "@+1s < R. 202:202(0) ack 101 win 0\n+0 > R. 101:101(0) ack 202 win 0\n", onPath,
			[]string{"+1ms < P. 201:202(1) ack 101\n+50us > . 101:101(0) ack 202\n", "9 10", "+1ms < F. 201:201(0) ack 101\n+50us > . 101:101(0) ack 202\n", ""}},
		{"that their receivers took", request + "+1s < R. @(0) ack 101 win 0\n+0 > R. 101:101(0) ack 201 win 0\n", onPath, []string{"201:201", "7 8", "301:301", ""}},
	})
}

// TestAnswersStray: RFC 9293 3.10.7.1 says what a host without a connection answers.
func TestAnswersStray(t *testing.T) {
	withACK := wire.Segment{Flags: wire.ACK, Seq: 500, Ack: 700, Len: 10}
	without := wire.Segment{Flags: wire.SYN, Seq: 500}
	first := wire.Segment{Flags: wire.ACK, Seq: 500}
	for _, test := range []struct {
		why        string
		stray, rst wire.Segment
		want       bool
	}{
		{"one with ACK by an RST with that number", withACK, wire.Segment{Flags: wire.RST, Seq: 700}, true},
		{"by no other number", withACK, wire.Segment{Flags: wire.RST, Seq: 701}, false},
		{"some set ACK", withACK, wire.Segment{Flags: wire.RST | wire.ACK, Seq: 700, Ack: 510}, true},
		{"an ACK of 0 is one", first, wire.Segment{Flags: wire.RST, Seq: 0}, true},
		{"and nothing but its number counts", first, wire.Segment{Flags: wire.RST | wire.ACK, Seq: 1, Ack: 500}, false},
		{"one without ACK by an RST that acknowledges it", without, wire.Segment{Flags: wire.RST | wire.ACK, Ack: 501}, true},
		{"with an ACK of all of it", without, wire.Segment{Flags: wire.RST | wire.ACK, Ack: 500}, false},
		{"with the number 0", without, wire.Segment{Flags: wire.RST | wire.ACK, Seq: 1, Ack: 501}, false},
		{"with ACK", without, wire.Segment{Flags: wire.RST, Ack: 501}, false},
	} {
		c, p := &Conn{}, &IncidentPool{}
		c.NoteStray(p, &test.stray)
		if got := c.Find(p, IncidentStray, 0).AnswersStray(&test.rst); got != test.want {
			t.Errorf("%s: %v, want %v", test.why, got, test.want)
		}
	}
}
