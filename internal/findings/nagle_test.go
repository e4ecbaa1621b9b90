package findings_test

import (
	"fmt"
	"strings"
	"testing"
)

// pieces is a side that writes so many messages in two pieces: its peer, which a millisecond is between, acknowledges the first after 41 ms, the second is sent
// then, and the peer answers it.
func pieces(writer, peer string, times int) string {
	var b strings.Builder
	b.WriteString("+0 > S 0:0(0) win 64240 <mss 1460,sackOK,nop,wscale 7>\n+1ms < S. 0:0(0) ack 1 win 65160 <mss 1460,sackOK,nop,wscale 7>\n+50us > . 1:1(0) ack 1 win 502\n")
	at, answered := 1, 1
	for range times {
		fmt.Fprintf(&b, "+2ms %s P. %d:%d(40) ack %d\n+41ms %s . %d:%d(0) ack %d\n", writer, at, at+40, answered, peer, answered, answered, at+40)
		fmt.Fprintf(&b, "+1100us %s P. %d:%d(60) ack %d\n", writer, at+40, at+100, answered)
		at += 100
		fmt.Fprintf(&b, "+1ms %s P. %d:%d(50) ack %d\n+50us %s . %d:%d(0) ack %d\n", peer, answered, answered+50, at, writer, at, at, answered+50)
		answered += 50
	}
	return b.String()
}

// TestNagle: whoever writes its messages in small pieces is told of, on either side, if it was kept waiting more than twice.
func TestNagle(t *testing.T) {
	for _, c := range []struct {
		writer, peer, want string
		times              int
	}{{">", "<", "nagle-client", 3}, {"<", ">", "nagle-server", 3}, {"<", ">", "", 2}} {
		if got := idsOf(t, pieces(c.writer, c.peer, c.times)); got != c.want {
			t.Errorf("%s %d times: found %q, want %q", c.writer, c.times, got, c.want)
		}
	}
}
