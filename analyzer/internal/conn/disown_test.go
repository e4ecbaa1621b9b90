package conn

import (
	"fmt"
	"testing"

	"tcptrace/internal/wire"
)

// goesOnBehindFIN asks whether the client has sent the FIN in its name.
func goesOnBehindFIN(c *Conn, p *FactPool, last *wire.Segment) string {
	c.DisownFIN(p, last)
	return map[bool]string{true: "ended", false: "goes on"}[c.Half[0].Flags.Has(SentFIN)]
}

// TestDisownFIN: what an endpoint sends behind a FIN in its name, and the least of it that shows that it did not send that.
func TestDisownFIN(t *testing.T) {
	ended := goesOnBehindFIN
	checkEdges(t, []edge{
		{"data at the FIN's number", opened + `
+1ms > P. 1:101(100) ack 1
+20ms < P. 1:101(100) ack 101
+1ms > F. 101:101(0) ack 101
+1ms > P. @ ack 101`, ended, []string{"101:102(1)", "ended", "101:103(2)", "goes on", "102:152(50)", "ended", "91:101(10)", "ended", "91:102(11)", "goes on"}},
		{"the peer has acknowledged the FIN", opened + `
+1ms > P. 1:101(100) ack 1
+20ms < P. 1:101(100) ack 101
+1ms > F. 101:101(0) ack 101
+1ms < .  101:101(0) ack @
+1ms > P. 101:151(50) ack 101`, ended, []string{"101", "goes on", "102", "ended"}},
		{"with ACK, and no RST", request + "+1ms > F. 101:101(0) ack 201\n+1ms > @\n", ended, []string{"P. 101:151(50) ack 201", "goes on", "P 101:151(50)", "ended", "R. 101:151(50) ack 201", "ended"}},
		{"a FIN in front of a FIN ahead of missing bytes", opened + `
+1ms > P. 1:101(100) ack 1
+20ms < P. 1:101(100) ack 101
+1ms > F. 151:151(0) ack 101
+1ms > F. @ ack 101`, ended, []string{"100:100(0)", "ended", "101:101(0)", "goes on", "151:151(0)", "ended"}},
		{"a FIN where the peer expects it, in front of one that nothing leads up to", opened + `
+1ms > P. 1:101(100) ack 1
+20ms < P. 1:101(100) ack 101
+1ms > P. 151:201(50) ack 101
+1ms < .  101:101(0) ack 201
+1ms > F. 301:301(0) ack 101
+1ms > F. @ ack 101`, ended, []string{"200:200(0)", "ended", "201:201(0)", "goes on", "202:202(0)", "ended"}},
		{"turns in front of a FIN ahead of missing bytes", opened + `
+1ms > P. 1:101(100) ack 1
+20ms < P. 1:101(100) ack 101
+1ms > F. 1101:1101(0) ack 101
+1ms > P. 101:111(10) ack 101
+1ms < P. 101:111(10) ack 111
+1ms > P. 111:121(10) ack 111
+1ms < P. 111:121(10) ack @
+1ms > P. 121:131(10) ack 121`, ended, []string{"111", "ended", "121", "goes on"}},
		{"answers, of which one is a duplicate ACK", opened + `
+1ms > P. 1:101(100) ack 1
+20ms < P. 1:101(100) ack 101
+1ms > F. 1101:1101(0) ack 101
+1ms < .  101:101(0) ack 101
+1ms > P. 101:111(10) ack 101
+1ms < .  101:101(0) ack 111
+1ms > P. 111:121(10) ack 101
+1ms < P. @ ack 121
+1ms > P. 121:131(10)`, ended, []string{"101:101(0)", "ended", "101:102(1)", "ended"}},
		{"answers that bring nothing", opened + `
+1ms > P. 1:101(100) ack 1
+20ms < P. 1:101(100) ack 101
+1ms > F. 1101:1101(0) ack 101
+1ms > P. 101:111(10) ack 101
+1ms < .  101:101(0) ack 111
+1ms > P. 111:121(10) ack 101
+1ms < .  101:101(0) ack @
+1ms > P. 121:131(10) ack 101`, ended, []string{"111", "ended", "121", "goes on"}},
		{"a FIN that the window does not allow", opened + `
+1ms > P. 1:101(100) ack 1
+20ms < P. 1:101(100) ack 101 win 1000
+1ms > F. @ ack 101
+1ms > P. 101:111(10) ack 101`, ended, []string{"1101:1101(0)", "ended", "101000:101000(0)", "goes on"}},
		{"a pure ACK of what came behind the FIN", opened + `
+1ms > P. 1:101(100) ack 1
+20ms < P. 1:101(100) ack 101
+1ms > F. 101:101(0) ack 101
+1ms < P. 101:201(100) ack 101
+20ms > . @`, ended, []string{"101:101(0) ack 101", "ended", "101:101(0) ack 201", "goes on", "102:102(0) ack 201", "ended"}},
		{"a socket that is connected to itself", "client 10.0.0.1:40000\nserver @\n" + opened + `
+1ms > F. 1:1(0) ack 1
+1ms > P. 1:51(50) ack 1`, ended, []string{"10.0.0.1:40001", "goes on", "10.0.0.1:40000", "ended"}},
	})
}

// TestUnprovedFIN: a FIN that lies ahead of missing bytes is proved by the bytes that end in front of it.
func TestUnprovedFIN(t *testing.T) {
	unproved := func(c *Conn, p *FactPool, last *wire.Segment) string {
		c.DisownFIN(p, last)
		c.Segment(p, last)
		return fmt.Sprint(c.Half[0].Flags.Has(finUnproved))
	}
	checkEdges(t, []edge{
		{"it lies ahead", opened + "+1ms > @ ack 1\n+1ms > . 1:1(0) ack 1\n", unproved, []string{"F. 1:1(0)", "false", "F. 2:2(0)", "true", "FP. 2:12(10)", "false"}},
		{"of what was captured", "@+1ms > F. 101:101(0) ack 1\n+1ms > . 101:101(0) ack 1\n", unproved, []string{opened, "true", "", "false"}},
		{"the bytes in front of it come", opened + "+1ms > F. 101:101(0) ack 1\n+1ms > @ ack 1\n", unproved,
			[]string{"P. 1:101(100)", "false", "P. 51:101(50)", "false", "P. 1:100(99)", "true", ". 101:101(0)", "true", "P. 1:102(101)", "false"}},
	})
}

// TestDisownFINByACK: what a pure ACK shows of a FIN that came before it.
func TestDisownFINByACK(t *testing.T) {
	shrunk := func(c *Conn, p *FactPool, last *wire.Segment) string {
		c.Note(&p.Incidents, IncidentShrunk, 1, last, 0)
		return goesOnBehindFIN(c, p, last)
	}
	const ended = "+0 > S 0:0(0) win 64240 <mss 1460>\n+20ms < S. 0:0(0) ack 1 win 10 <mss 1460>\n+50us > . 1:1(0) ack 1\n+1ms > P. 1:101(100) ack 1\n+20ms < P. 1:101(100) ack 101 win @\n+1ms > F. 101:101(0) ack 101\n+1ms < P. 101:201(100) ack 101 win @\n+20ms > . 101:101(0) ack 201\n"
	checkEdges(t, []edge{
		{"its peer's window may not have allowed the FIN", ended, goesOnBehindFIN, []string{"0", "ended", "1", "goes on"}},
		{"or had been taken back", ended, shrunk, []string{"509", "ended"}},
		{"what it acknowledges was acknowledged before", request + "+1ms > F. 101:101(0) ack 201\n+20ms > . 101:101(0) ack @\n", goesOnBehindFIN, []string{"201", "ended", "202", "ended"}},
		{"its number is not behind the FIN", request + "+1ms > F. 101:101(0) ack 201\n+1ms < P. 201:301(100) ack 101\n+20ms > . @(0) ack 301\n", goesOnBehindFIN,
			[]string{"100:100", "goes on", "101:101", "goes on", "102:102", "ended"}},
		{"it acknowledges what was captured", request + "+1ms > F. 101:101(0) ack 201\n+1ms < P. 201:301(100) ack 101\n+20ms > . 101:101(0) ack @\n", goesOnBehindFIN, []string{"301", "goes on", "302", "ended", "202", "goes on"}},
	})
}

// TestDisownFINBySYN: a FIN that alone gave its sender a place is not of who then sends a SYN with its number or a later one.
func TestDisownFINBySYN(t *testing.T) {
	const fin = "+0 > F. 101:101(0) ack 1\n"
	checkEdges(t, []edge{
		{"its number, or one that a window reaches", fin + "+1ms > S. @(0) ack 1 win 1 <mss 1460>\n", goesOnBehindFIN,
			[]string{"100:100", "ended", "101:101", "goes on", "1073725541:1073725541", "goes on", "1073725542:1073725542", "ended"}},
		{"nothing else gave it one", "@+1ms > S. 201:201(0) ack 1 win 1 <mss 1460>\n", goesOnBehindFIN,
			[]string{fin, "goes on", "+0 > . 101:101(0) ack 1\n" + fin, "ended", "+0 > P 91:101(10)\n" + fin, "ended", "+0 > S 100:100(0) win 1 <mss 1460>\n" + fin, "ended"}},
	})
}

// TestDisownedLoss: what was sent in front of a disowned FIN was sent for the first time, and no loss was repaired.
func TestDisownedLoss(t *testing.T) {
	for _, test := range []struct {
		why  string
		kind IncidentKind
		fin  string
		at   Time // since the FIN
		left bool
	}{
		{"a loss behind the FIN", IncidentLoss, "151:151(0)", 1, false},
		{"as late segments", IncidentLate, "151:151(0)", 1, false},
		{"one as early as the FIN was before it", IncidentLoss, "151:151(0)", 0, true},
		{"nothing was missing in front of the FIN", IncidentLoss, "101:101(0)", 1, true},
	} {
		c, p, last := pass(t, opened+"+1ms > P. 1:101(100) ack 1\n+20ms < P. 1:101(100) ack 101\n+1ms > F. "+test.fin+" ack 101\n+1ms > FP. 101:121(20) ack 101\n")
		fin := c.Facts.Find(p, IsFIN)
		at := *last
		at.Time = int64(fin.Time + test.at)
		c.Note(&p.Incidents, test.kind, 0, &at, 0)
		if got := goesOnBehindFIN(c, p, last); got != "goes on" {
			t.Errorf("%s: %s", test.why, got)
		}
		if left := c.Find(&p.Incidents, test.kind, 0) != nil; left != test.left {
			t.Errorf("%s: left %v, want %v", test.why, left, test.left)
		}
	}
}
