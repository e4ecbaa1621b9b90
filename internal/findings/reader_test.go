package findings_test

import (
	"fmt"
	"strings"
	"testing"

	"tcptrace/internal/testutil/scripts"
)

// TestSlowReader: who leaves no room for another segment for a second does not read, although its window is never quite closed; one whose window
// is small, and opens with each ACK, reads what it can get.
func TestSlowReader(t *testing.T) {
	scripts.Edge(t, "no room", "@", []string{
		download("win 100", "+400ms > . ack N win 5840"), "limited-by-client", // 800 ms of 3 s
		download("win 100", "+1 > . ack N win 5840"), "slow-client-reader",
		download("win 5840", "+1 > . ack N win 5840"), "limited-by-client",
	}, idsOf)
}

// download is limitedTransfer with a pause twice, in which the window that is open is the one of the ACK, until another opens it.
func download(ack, opens string) string {
	var b strings.Builder
	b.WriteString("+0 > S 0:0(0) win 5840 <mss 1460,sackOK>\n+100us < S. 0:0(0) ack 1 win 65160 <mss 1460,sackOK>\n+100ms > . 1:1(0) ack 1 win 5840\n+90us > P. 1:201(200) ack 1\n+100us < . 1:1(0) ack 201\n")
	at := 1
	for turn := range 20 {
		for i := range 4 {
			fmt.Fprintf(&b, "+%dus < . %d:%d(1460) ack 201\n", 10+i, at, at+1460)
			at += 1460
		}
		if turn%10 == 5 {
			fmt.Fprintf(&b, "+100ms > . 201:201(0) ack %d %s\n%s\n", at, ack, strings.ReplaceAll(opens, "N", fmt.Sprint(at)))
			continue
		}
		fmt.Fprintf(&b, "+100ms > . 201:201(0) ack %d win 5840\n", at)
	}
	fmt.Fprintf(&b, "+3ms < F. %d:%d(0) ack 201\n+100ms > F. 201:201(0) ack %d\n+100us < . %d:%d(0) ack 202\n", at, at, at+1, at+1, at+1)
	return b.String()
}
