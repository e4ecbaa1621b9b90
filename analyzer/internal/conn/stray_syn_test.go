package conn

import (
	"fmt"
	"testing"

	"tcptrace/internal/wire"
)

// TestSettleSYN: what shows that who is said to have sent a SYN or a SYN-ACK did not.
func TestSettleSYN(t *testing.T) {
	keeps := func(dir uint8) ask {
		return func(c *Conn, p *FactPool, last *wire.Segment) string {
			if c.Flags.Has(Disputed) {
				c.SettleSYN(p, last)
			}
			return map[bool]string{true: "kept", false: "taken"}[c.Half[dir].Flags.Has(SentSYN|SentSYNACK)] + c.framesWith(p, FactForeign)
		}
	}
	settles := func(dir uint8) ask {
		return func(c *Conn, p *FactPool, last *wire.Segment) string {
			c.SettleSYN(p, last)
			how := "kept"
			if h := &c.Half[dir]; !h.Flags.Has(SentSYN) {
				how = fmt.Sprint("taken", c.framesWith(p, FactForeign), ", placed at ", uint32(h.Start))
			}
			return how + map[bool]string{true: ", disputed", false: ", not disputed"}[c.Flags.Has(Disputed)]
		}
	}
	const (
		syn     = "+0 > S @:@(0) win 64240 <mss 1460>\n+1ms < . 101:101(0) ack 1001\n+1ms > . 1001:1001(0) ack 101\n"
		stray   = "+0 > S 5000000:5000000(0) win 64240 <mss 1460>\n"
		dialed  = "+0 > S 0:0(0) win 64240 <mss 1460>\n"
		fin     = "+1ms > F. 101:101(0) ack 301\n"
		answers = dialed + "+20ms < S. 2000000:2000000(0) ack 1 win 65160 <mss 1460>\n"
	)
	checkEdges(t, []edge{
		{"a SYN in front of which no window reaches to what its sender goes on with", syn, keeps(0), []string{"-1073724440", "kept", "-1073724441", "taken1", "1001", "taken1", "1000", "kept"}},
		{"who goes on acknowledges what its peer has", stray + "+1ms < . 101:101(0) ack 1001\n+1ms > @\n", keeps(0),
			[]string{". 1001:1001(0) ack 101", "taken1", "P 1001:1002(1)", "kept", ". 1001:1001(0) ack -1048475", "taken1", ". 1001:1001(0) ack -1048476", "kept"}},
		{"near to what that acknowledges", stray + "+1ms < . 101:101(0) ack 1001\n+1ms > . @(0) ack 101\n", keeps(0),
			[]string{"1049577:1049577", "taken1", "1049578:1049578", "kept", "-1047575:-1047575", "taken1", "-1047576:-1047576", "kept"}},
		{"an RST refuses, or is neither's", stray + "+1ms < . 101:101(0) ack 1001\n+1ms > @ 1001:1001(0) ack 101\n", keeps(0), []string{".", "taken1", "R.", "kept"}},

		{"a SYN-ACK behind the number that its sender goes on with", dialed + "+20ms < S. @(0) ack 1 win 65160 <mss 1460>\n" + fin + "+20ms < . 301:301(0) ack 102\n", keeps(1),
			[]string{"301:301", "kept", "302:302", "taken2", "300:300", "kept"}},
		{"near to what its peer acknowledged", answers + "+1ms > F. 101:101(0) ack @\n+20ms < . 301:301(0) ack 102\n", keeps(1), []string{"1048877", "taken2", "1048878", "kept", "-1048275", "taken2", "-1048276", "kept"}},
		{"by a segment with ACK, and neither SYN nor RST", answers + fin + "+20ms < @\n", keeps(1),
			[]string{"P. 301:302(1) ack 102", "taken2", "P 301:302(1)", "kept", "R. 301:301(0) ack 102", "kept", "S. 301:301(0) ack 102", "kept", "F. 301:301(0) ack 102", "taken2"}},
		{"of what its peer sends", answers + fin + "+20ms < . 301:301(0) ack @\n", keeps(1), []string{"0", "taken2", "-1", "kept", "1048678", "taken2", "1048679", "kept"}},
		{"if its peer did not acknowledge it", answers + "@" + fin + "+20ms < . 301:301(0) ack 102\n", keeps(1), []string{"", "taken2", "+1ms > . 1:1(0) ack 2000001\n", "kept", "+1ms > . 1:1(0) ack 2000000\n", "taken2"}},
		{"nor it went on behind it", answers + "@" + fin + "+20ms < . 301:301(0) ack 102\n", keeps(1), []string{"+1ms < . 2000001:2000001(0) ack 1\n", "kept", "+1ms < P. 2000001:2000002(1) ack 1\n", "kept", "+1ms < F. 2000001:2000001(0) ack 1\n", "kept"}},
		{"of two SYNs that crossed, that of who goes on elsewhere", stray + "+1ms < S 0:0(0) win 65160 <mss 1460>\n+1ms > . @(0) ack 1\n", settles(0),
			[]string{"1001:1001", "taken1, placed at 1001, not disputed", "5000001:5000001", "kept, not disputed"}},
		{"a SYN-ACK that its peer has acknowledged", stray + "+1ms < . 101:101(0) ack 1001\n+1ms > S. @(0) ack 101 win 64240\n", settles(0),
			[]string{"1000:1000", "taken1, placed at 1001, not disputed", "1001:1001", "kept, disputed", "999:999", "kept, disputed"}},
		{"and not one before that acknowledged anything", stray + "+1ms < S 0:0(0) win 65160 <mss 1460>\n+1ms > S. -1:-1(0) ack 1 win 64240\n", settles(0), []string{"", "kept, not disputed"}},
		{"a SYN again settles it, another does not", stray + "+1ms < . 101:101(0) ack 1001\n+1ms > S @(0) win 64240\n", settles(0),
			[]string{"5000000:5000000", "kept, not disputed", "6000000:6000000", "kept, disputed"}},
		{"its peer's segments leave it disputed", stray + "+1ms < . 101:101(0) ack 1001\n+1ms < . 101:101(0) ack 1001\n", settles(0), []string{"", "kept, disputed"}},
		{"it is not told by its peer's segments", answers + "+1ms > . 1:1(0) ack 1\n+1ms > P. @ ack 1\n", keeps(1), []string{"1:101(100)", "kept"}},
		{"nor if that has not said anything", answers + "@+20ms < . 301:301(0) ack 1\n", keeps(1), []string{"", "kept", "+1ms > . 1:1(0) ack 1\n", "taken2"}},
	})
}

// TestUnheard: whether a SYN or a SYN-ACK is all that was sent, and was not acknowledged.
func TestUnheard(t *testing.T) {
	for _, test := range []struct {
		why           string
		h, peer       Half
		syn, answered bool // Unheard, unheardAnswer
	}{
		{"a SYN", Half{Flags: SentSYN, Start: 100, End: 200}, Half{}, true, false},
		{"acknowledged below it", Half{Flags: SentSYN, Start: 100, End: 200}, Half{Acked: 99}, true, false},
		{"acknowledged", Half{Flags: SentSYN, Start: 100, End: 200}, Half{Acked: 100}, false, false},
		{"with all that came with it", Half{Flags: SentSYN, Start: 100, End: 200}, Half{Acked: 200}, false, false},
		{"acknowledged beyond it", Half{Flags: SentSYN, Start: 100, End: 200}, Half{Acked: 201}, true, false},
		{"answered by a SYN-ACK", Half{Flags: SentSYN, Start: 100, End: 200}, Half{Flags: SentSYNACK, Acked: 201}, false, false},
		{"its sender went on", Half{Flags: SentSYN | SentACK, Start: 100, End: 200}, Half{}, false, false},
		{"its sender answered one", Half{Flags: SentSYN | SentSYNACK, Start: 100, End: 200}, Half{}, false, false},
		{"no SYN", Half{Start: 100, End: 200}, Half{}, false, false},

		{"a SYN-ACK", Half{Flags: ISNKnown | SentSYNACK, Start: 100}, Half{Acked: 99}, false, true},
		{"acknowledged SYN-ACK", Half{Flags: ISNKnown | SentSYNACK, Start: 100}, Half{Acked: 100}, false, false},
		{"a SYN-ACK that is not its sender's", Half{Flags: SentSYNACK, Start: 100}, Half{}, false, false},
		{"data behind it", Half{Flags: ISNKnown | SentSYNACK | SentData, Start: 100}, Half{}, false, false},
		{"a FIN behind it", Half{Flags: ISNKnown | SentSYNACK | SentFIN, Start: 100}, Half{}, false, false},
	} {
		if got := test.h.Unheard(&test.peer); got != test.syn {
			t.Errorf("%s: unheard SYN %v, want %v", test.why, got, test.syn)
		}
		if got := test.h.unheardAnswer(&test.peer); got != test.answered {
			t.Errorf("%s: unheard SYN-ACK %v, want %v", test.why, got, test.answered)
		}
	}
}

// TestFirstACK: the first acknowledgment of a direction takes a SYN from it that is not its own, or disputes its peer's.
func TestFirstACK(t *testing.T) {
	placed := after(func(c *Conn, _ *FactPool) string {
		h := &c.Half[0]
		return fmt.Sprint(h.Flags.Has(ISNKnown), uint32(h.Start), uint32(h.End))
	})
	disputed := after(func(c *Conn, _ *FactPool) string { return fmt.Sprint(c.Flags.Has(Disputed)) })
	checkEdges(t, []edge{
		{"who goes on elsewhere is placed there", "+0 > S 5000000:5000000(0) win 64240 <mss 1460>\n+1ms < . 101:101(0) ack 1001\n+1ms > P. @ ack 101\n", placed,
			[]string{"1001:1011(10)", "false 1001 1011", "1011:1021(10)", "false 1001 1021", "991:1001(10)", "false 991 1001", "5000001:5000011(10)", "true 5000001 5000011"}},
		{"an ACK of a SYN, or of what is not there", "+0 > S 0:0(0) win 64240 <mss 1460>\n+1ms < . 101:101(0) ack @\n", disputed, []string{"0", "true", "1", "false", "2", "true"}},
		{"and of its data", "+0 > S 0:10(10) win 64240 <mss 1460>\n+1ms < . 101:101(0) ack @\n", disputed, []string{"0", "true", "1", "false", "11", "false", "12", "true"}},
		{"of more than was captured of one that goes on", "+0 > P. 1:11(10) ack 101\n+1ms < . 101:101(0) ack @\n", disputed, []string{"11", "false", "500", "false"}},
	})
}

// TestDisownSYN: what is left of a connection without its SYN or SYN-ACK.
func TestDisownSYN(t *testing.T) {
	left := func(dir uint8) ask {
		return after(func(c *Conn, _ *FactPool) string {
			c.DisownSYN(dir)
			client, how := c.Client()
			return fmt.Sprint(c.Seen&SawSYN != 0, c.Seen&SawSYNACK != 0, c.Half[1-dir].Flags.Has(ISNKnown), client, how == RolesHandshake)
		})
	}
	checkEdges(t, []edge{
		{"a SYN-ACK, of which the SYN was captured or not", "@+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n", left(1), []string{"+0 > S 0:0(0) win 64240 <mss 1460>\n", "true false true 0 true", "", "false false false 0 false"}},
		{"one of two that crossed", "+0 > S 0:0(0) win 64240 <mss 1460>\n+1ms < S 0:0(0) win 65160 <mss 1460>\n@+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n", left(1),
			[]string{"", "true false true 0 true", "+1ms > S. 0:0(0) ack 1 win 64240 <mss 1460>\n", "true true true 0 true"}},
		{"a SYN, of which the SYN-ACK was captured or not", "+0 > S 0:0(0) win 64240 <mss 1460>\n@", left(0), []string{"", "false false false 0 false", "+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n", "false true true 0 false"}},
	})
}

// TestZeekClosed: a FIN with a SYN is one when the handshake is done.
func TestZeekClosed(t *testing.T) {
	const all = FinOnSYN | SentFIN | SentACK
	for _, test := range []struct {
		why  string
		h    Half
		want bool
	}{
		{"a FIN behind the SYN", Half{zeek: zeekClosed}, true},
		{"none", Half{zeek: zeekEstablished, Flags: SentFIN | SentACK, Acked: 100}, false},
		{"it acknowledged the SYN", Half{Flags: all, Acked: 100}, true},
		{"it did not", Half{Flags: all, Acked: 99}, false},
		{"its ACK is out of reach", Half{Flags: all}, true},
		{"its peer did not take the FIN", Half{Flags: FinOnSYN | SentACK, Acked: 100}, false},
		{"it did not finish the handshake", Half{Flags: FinOnSYN | SentFIN, Acked: 100}, false},
	} {
		if got := test.h.closed(&Half{Start: 100}); got != test.want {
			t.Errorf("%s: closed %v, want %v", test.why, got, test.want)
		}
	}
}
