package analyzer_test

import (
	"fmt"
	"strings"
	"testing"

	"tcptrace/analyzer"
)

func TestPacketLoss(t *testing.T) {
	checkCases(t, []detectCase{
		{"before the tap", request + `
+1ms    < P.  401:601(200) ack 101
+50us   > .   101:101(0)   ack 201
+20ms   < P.  201:401(200) ack 101
+50us   > .   101:101(0)   ack 601
`, []string{
			"0 packet-loss server 9: 1 of 4 packets of the server with data was lost before the tap; sent again after 20.1 ms, because of duplicate ACKs or SACK",
		}},
		{"sent again in pieces: one packet", request + `
+1ms   > .   101:1101(1000)  ack 201
+300ms > .   101:601(500)    ack 201
+20ms  < .   201:201(0)      ack 601
+50us  > .   601:1101(500)   ack 201
+20ms  < .   201:201(0)      ack 1101
`, []string{
			"0 retransmission-timeout client 8: nothing of the client's was acknowledged for 321.1 ms; its timer fired once",
			"0 packet-loss client 10: 1 of 4 packets of the client with data was lost behind the tap; sent again after 320.1 ms, because of its timer",
		}},
		{"two in one", request + `
+1ms   > .   101:601(500)    ack 201
+10us  > .   601:1101(500)   ack 201
+300ms > .   101:1101(1000)  ack 201
+20ms  < .   201:201(0)      ack 1101
`, []string{
			"0 packet-loss client 9: 2 of 4 packets of the client with data were lost behind the tap; sent again after 300.0 ms at most, because of a tail probe",
		}},
		{"one D-SACK for three copies: one was lost", request + `
+1ms   > P.  101:201(100)    ack 201
+300ms > P.  101:201(100)    ack 201
+600ms > P.  101:201(100)    ack 201
+20ms  < .   201:201(0)      ack 201
+5ms   < .   201:201(0)      ack 201 <nop,nop,TS,nop,nop,sack 101:201>
`, []string{
			"0 packet-loss client 8: 1 of 4 packets of the client with data was lost behind the tap; sent again after 900.0 ms, because of a tail probe and its timer",
			"0 retransmission-timeout client 9: nothing of the client's was acknowledged for 921.0 ms; its timer fired once",
			"0 spurious-retransmission client 9: 1 retransmission of the client was not needed: a D-SACK says that the bytes came twice",
		}},
		{"all of them came: none was lost", request + `
+1ms   > P.  101:201(100)    ack 201
+300ms > P.  101:201(100)    ack 201
+20ms  < .   201:201(0)      ack 201 <nop,nop,TS,nop,nop,sack 101:201>
`, []string{
			"0 spurious-retransmission client 8: 1 retransmission of the client was not needed: a D-SACK says that the bytes came twice",
		}},
	})
}

func TestVanishing(t *testing.T) {
	const (
		full  = " < .  201:1649(1448) ack 101\n"
		sack  = "+50us > . 101:101(0) ack 201 <nop,nop,TS,nop,nop,sack 1649:1749>\n"
		small = "+10us < P. 1649:1749(100) ack 101\n"
	)
	waits := func(lost, times string, more ...string) []string {
		return append([]string{"0 packet-loss server 10: " + lost, "0 retransmission-timeout server 10: " + times}, more...)
	}
	checkCases(t, []detectCase{
		{"the small one behind it arrives", request + "+1ms" + full + small + sack + "+400ms" + full + "+800ms" + full, waits(
			"2 of 5 packets of the server with data were lost behind the tap; 1 of them not repaired so far; sent again after 1.2 s at most, because of its timer",
			"nothing of the server's was acknowledged for 1.2 s; its timer fired twice, backing off once",
			"0 mtu-black-hole server 10: segments of the server with 1,448 bytes never arrive, sent 3 times; smaller ones behind them do")},
		{"once may be chance", request + "+1ms" + full + small + sack + "+400ms" + full, waits(
			"1 of 4 packets of the server with data was lost behind the tap; not repaired so far; sent again after 400.1 ms, because of its timer",
			"nothing of the server's was acknowledged for 401.1 ms; its timer fired once")},
		{"one got through before", request + "+1ms < . 201:1649(1448) ack 101\n+50us > . 101:101(0) ack 1649\n+1ms < . 1649:3097(1448) ack 101\n" +
			"+10us < P. 3097:3197(100) ack 101\n+50us > . 101:101(0) ack 1649 <nop,nop,TS,nop,nop,sack 3097:3197>\n" +
			"+400ms < . 1649:3097(1448) ack 101\n+800ms < . 1649:3097(1448) ack 101\n", []string{
			"0 packet-loss server 12: 2 of 6 packets of the server with data were lost behind the tap; 1 of them not repaired so far; sent again after 1.2 s at most, because of its timer",
			"0 retransmission-timeout server 12: nothing of the server's was acknowledged for 1.2 s; its timer fired twice, backing off once"}},
	})
}

// TestVanishingWithoutSACK: duplicate ACKs show that smaller segments arrive, if nothing else can have called for them.
func TestVanishingWithoutSACK(t *testing.T) {
	const (
		opens = "+0 > S 0:0(0) win 64240 <mss 1460@>\n+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460,sackOK>\n+50us > . 1:1(0) ack 1 win 64240\n"
		plain = "+0 > S 0:0(0) win 64240 <mss 1460>\n+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460,sackOK>\n+50us > . 1:1(0) ack 1 win 64240\n"
		again = "+400ms > . 1:1461(1460) ack 1\n"
		lost  = "+1ms > . 1:1461(1460) ack 1\n+10us > P. 1461:1561(100) ack 1\n+20ms < . 1:1(0) ack 1\n" + again
	)
	checkEdges(t, []edge{
		{"a duplicate ACK is for the small one behind it", plain + "+1ms > . 1:1461(1460) ack 1\n+10us > P. @ ack 1\n+20ms < . 1:1(0) ack 1\n" + again + "+800ms > . 1:1461(1460) ack 1\n", says("mtu-black-hole"),
			[]string{"1461:2880(1419)", "error", "1461:2881(1420)", "no"}},
		{"of several none may be full, nor may any lack", plain + "+1ms > . 1:1461(1460) ack 1\n@+10us > P. (100) ack 1\n+20ms < . 1:1(0) ack 1\n" + again + "+800ms > . 1:1461(1460) ack 1\n", says("mtu-black-hole"),
			[]string{"", "error", "+10us > . (1460) ack 1\n", "no", "+10us > . (100) ack 1 unseen\n", "no"}},
		{"without it nothing arrived", plain + "+1ms > . 1:1461(1460) ack 1\n+10us > P. 1461:1561(100) ack 1\n@" + again + "+800ms > . 1:1461(1460) ack 1\n", says("mtu-black-hole"),
			[]string{"", "no", "+20ms < . 1:1(0) ack 1\n", "error"}},
		{"once may be chance", plain + lost + "@", says("mtu-black-hole"), []string{"", "no", "+800ms > . 1:1461(1460) ack 1\n", "error"}},
		{"where both use SACK it would say what arrived", opens + lost + "+800ms > . 1:1461(1460) ack 1\n", says("mtu-black-hole"), []string{"", "error", ",sackOK", "no"}},
	})
}

func TestSACKOfUnsent(t *testing.T) {
	block := func(edges string) string {
		return request + "+1ms < . 201:1649(1448) ack 101\n+50us > . 101:101(0) ack 201 <nop,nop,TS,nop,nop,sack " + edges + ">\n"
	}
	checkCases(t, []detectCase{
		{"far beyond", block("900000201:900001649"), []string{
			"0 sack-of-unsent client 8: 1 segment of the client with SACK blocks for what the server has not sent, 900,000,000 bytes beyond the ACK",
		}},
		{"before the stream", block("-5000:-4000"), []string{
			"0 sack-of-unsent client 8: 1 segment of the client with SACK blocks for what the server has not sent, 5,201 bytes before the ACK",
		}},
		{"the window allows it", block("64000:64457"), nil},
		{"the window does not", block("64000:64458"), []string{
			"0 sack-of-unsent client 8: 1 segment of the client with SACK blocks for what the server has not sent, 63,799 bytes beyond the ACK",
		}},
	})
}

// TestPacketLossSeverity: of so many packets one is lost behind the tap, and sent again after so long.
func TestPacketLossSeverity(t *testing.T) {
	for _, c := range []struct {
		packets int
		after   string
		want    analyzer.Severity
	}{
		{201, "60ms", analyzer.SeverityNote},
		{201, "200ms", analyzer.SeverityNote},
		{201, "200.1ms", analyzer.SeverityWarning},
		{100, "60ms", analyzer.SeverityWarning},
		{101, "60ms", analyzer.SeverityNote},
	} {
		var b strings.Builder
		b.WriteString(stamped + opened)
		at := 1
		for range c.packets - 2 {
			fmt.Fprintf(&b, "+1ms > . %d:%d(100) ack 1\n+20ms < . 1:1(0) ack %d\n", at, at+100, at+100)
			at += 100
		}
		fmt.Fprintf(&b, "+1ms > P. %d:%d(100) ack 1\n+%s > P. %[1]d:%[2]d(100) ack 1\n+20ms < . 1:1(0) ack %[2]d\n", at, at+100, c.after)
		s := judge(t, b.String())
		if len(s.j.Anomalies) == 0 || s.j.Anomalies[0].Kind.ID != "packet-loss" || s.j.Anomalies[0].Kind.Severity != c.want {
			t.Errorf("one of %d packets lost, sent again after %s: %v, want a %v", c.packets, c.after, s.lines, c.want)
		}
	}
}

// TestRepeatedBytes: bytes that were sent often count once.
func TestRepeatedBytes(t *testing.T) {
	for _, c := range []struct {
		script string
		want   uint64
	}{
		{"", 0},
		{"+300ms > P. 101:201(100) ack 201\n+600ms > P. 101:201(100) ack 201\n", 100},
		{"+300ms > P. 101:151(50) ack 201\n+600ms > P. 121:201(80) ack 201\n", 100},
		{"+300ms > P. 101:301(200) ack 201\n", 100},
		{"+300ms > P. 101:201(100) ack 201\n+20ms < . 201:201(0) ack 201\n+1ms > P. 101:201(100) ack 201\n", 100},
	} {
		s := judge(t, request+"+1ms > P. 101:201(100) ack 201\n"+c.script)
		if got := s.last.Sent[analyzer.Client].RepeatedBytes; got != c.want {
			t.Errorf("%q: %d bytes more than once, want %d", c.script, got, c.want)
		}
	}
}
