package conn

import (
	"fmt"
	"testing"
)

// TestTakesRST: RFC 5961 3.2 wants an RST's number to be RCV.NXT, which is between what its receiver last acknowledged and the end of what
// was sent to it; SYN_SENT wants its ACK to be of the SYN (RFC 9293 3.10.7.3).
func TestTakesRST(t *testing.T) {
	const (
		some    = opened + "+1ms > P. 1:101(100) ack 1\n+20ms < . 1:1(0) ack 51\n"
		lacking = opened + "+1ms > P. 1:101(100) ack 1\n+20ms < . 1:1(0) ack 201\n" // 100 bytes were not captured
		data    = "+0 > P. 1:101(100) ack 1\n"
		syn     = "+0 > S 0:0(0) win 64240 <mss 1460>\n"
		tfo     = "+0 > S 0:10(10) win 64240 <mss 1460,tfo>\n"
	)
	takes := after(func(c *Conn, p *FactPool) string { return fmt.Sprint(!c.Facts.Newest(p).Bits.Has(FactOutside)) })
	checkEdges(t, []edge{
		{"from what its receiver acknowledged", some + "+1ms > R @(0) win 0\n", takes, []string{"50:50", "false", "51:51", "true"}},
		{"to the end of what was sent to it", some + "+1ms > R @(0) win 0\n", takes, []string{"101:101", "true", "102:102", "false"}},
		{"of what was sent if nothing was acknowledged, from its beginning", data + "+1ms > R @(0) win 0\n", takes, []string{"0:0", "false", "1:1", "true"}},
		{"to its end", data + "+1ms > R @(0) win 0\n", takes, []string{"101:101", "true", "102:102", "false"}},
		{"what its receiver acknowledged may be beyond what was captured of that", lacking + "+1ms > R @(0) win 0\n", takes, []string{"100:100", "false", "101:101", "true", "201:201", "true", "202:202", "false"}},
		{"or a little beyond, if what it acknowledges is, too: the capture lacks what both sent", request + "+1ms > R. @(0) ack 202 win 0\n", takes, []string{"102:102", "true", "1048677:1048677", "true", "1048678:1048678", "false"}},
		{"which is more than was captured, and not much more", request + "+1ms > R. 102:102(0) ack @ win 0\n", takes, []string{"201", "false", "202", "true", "1048777", "true", "1048778", "false"}},
		{"and said, whatever number is in the field", "isn 0 4294967000\n" + request + "+1ms > @ win 0\n", takes, []string{"R. 102:102(0) ack 202", "true", "R 102:102(0)", "false"}},
		{"SYN_SENT takes one that acknowledges its SYN", syn + "+20ms < R. 0:0(0) ack @ win 0\n", takes, []string{"0", "false", "1", "true", "2", "false"}},
		{"and at most the data with it", tfo + "+20ms < R. 0:0(0) ack @ win 0\n", takes, []string{"11", "true", "12", "false"}},
		{"by the ACK flag", "isn 4294967295 0\n" + syn + "+20ms < @ win 0\n", takes, []string{"R. 5:5(0) ack 1", "true", "R 5:5(0)", "false"}}, // both with the number 0
		{"and no other", syn + "+20ms < @ win 0\n", takes, []string{"R. 5:5(0) ack 1", "true", "R 1:1(0)", "false"}},
	})
}

// TestWindowScale: a scale beyond 14 is 14 (RFC 7323 2.3).
func TestWindowScale(t *testing.T) {
	scale := after(func(c *Conn, _ *FactPool) string { return fmt.Sprint(c.Half[0].Wscale) })
	checkEdges(t, []edge{{"of a SYN", "+0 > S 0:0(0) win 64240 <mss 1460,nop,wscale @>\n", scale, []string{"13", "13", "14", "14", "15", "14"}}})
}

// TestDue: who asks at even intervals asks again after one, give or take a quarter.
func TestDue(t *testing.T) {
	const last Time = 100e9
	for _, test := range []struct {
		n     uint32
		after Time
		want  bool
	}{{1, 4e9, false}, {2, 3e9 - 1, false}, {2, 3e9, true}, {2, 5e9, true}, {2, 5e9 + 1, false}} {
		m := &Incident{Last: last}
		m.Run.Since, m.Run.N = last-4e9, test.n
		if got := m.Due(last + test.after); got != test.want {
			t.Errorf("asked %d times, %d ns later: due %v, want %v", test.n, test.after, got, test.want)
		}
	}
}
