package analyzer_test

import (
	"fmt"
	"strings"
	"testing"
)

// pieces is a client that writes a request in two pieces some times: the ACK of the first comes after ack, the second, of so many bytes, after that, and the
// answer a round trip of 1 ms later.
func pieces(times int, ack, second string, bytes int) string {
	b := strings.Builder{}
	b.WriteString(`
+0      > S   0:0(0)       win 64240 <mss 1460,sackOK,nop,wscale 7>
+1ms    < S.  0:0(0) ack 1 win 65160 <mss 1460,sackOK,nop,wscale 7>
+50us   > .   1:1(0) ack 1 win 502
`)
	at, answered := 1, 1
	for range times {
		fmt.Fprintf(&b, "+2ms > P. %d:%d(40) ack %d\n", at, at+40, answered)
		fmt.Fprintf(&b, "+%s < . %d:%d(0) ack %d win 509\n", ack, answered, answered, at+40)
		fmt.Fprintf(&b, "+%s > P. %d:%d(%d) ack %d\n", second, at+40, at+40+bytes, bytes, answered)
		at += 40 + bytes
		fmt.Fprintf(&b, "+1ms < P. %d:%d(50) ack %d win 509\n+50us > . %d:%d(0) ack %d\n", answered, answered+50, at, at, at, answered+50)
		answered += 50
	}
	return b.String()
}

func TestNagleDelay(t *testing.T) {
	told := func(n, all, most string) []string {
		return []string{"0 nagle-delay client 6: the client sent small segments only when a delayed ACK had come, " + n + ": they waited " + all + " longer than a round trip in all, " + most + " at most"}
	}
	checkCases(t, []detectCase{
		{"three times", pieces(3, "41ms", "100us", 60), told("3 times", "120.0 ms", "40.0 ms")},
		{"twice may be chance", pieces(2, "41ms", "100us", 60), nil},
		{"an ACK just late enough", pieces(3, "26ms", "100us", 60), told("3 times", "75.0 ms", "25.0 ms")},
		{"an ACK not so late", pieces(3, "25900us", "100us", 60), nil},
		{"an ACK as late as any that is delayed", pieces(3, "501ms", "100us", 60), told("3 times", "1.5 s", "500.0 ms")},
		{"an ACK later than any that is delayed", pieces(3, "501100us", "100us", 60), nil},
		{"a segment that is sent as soon as the ACK is heard", pieces(3, "41ms", "5ms", 60), told("3 times", "120.0 ms", "40.0 ms")},
		{"a segment that comes later", pieces(3, "41ms", "5100us", 60), nil},
		{"a segment that is not small", pieces(3, "41ms", "100us", 1420), nil},
		{"a segment that is just small", pieces(3, "41ms", "100us", 1419), told("3 times", "120.0 ms", "40.0 ms")},
		{"sent before the ACK", strings.ReplaceAll(pieces(3, "1ms", "41ms", 60), "+41ms > P.", "+2ms > P."), nil},
		{"as often as not", pieces(3, "41ms", "100us", 60) + paused(3), told("3 times", "120.0 ms", "40.0 ms")},
		{"more often not", pieces(3, "41ms", "100us", 60) + paused(4), nil},
	})
}

// paused is what may follow three requests in pieces: data whose ACK is delayed, and which others follow only later.
func paused(times int) string {
	b := strings.Builder{}
	at := 301
	b.WriteString("+2ms > P. 301:341(40) ack 151\n")
	for range times {
		at += 40
		fmt.Fprintf(&b, "+41ms < . 151:151(0) ack %d win 509\n+300ms > P. %d:%d(40) ack 151\n", at, at, at+40)
	}
	return b.String()
}
