package scripts

import (
	"fmt"
	"strings"
	"testing"
)

// Talk is the body of a script in which the sides of a conversation speak by turns, over a round trip of 20 ms between the tap, at the client, and the
// server. Each turn of the list says who, behind which pause in milliseconds, and how many bytes, if not 100: "c10 s1200/36". What it says is acknowledged
// before the next pause begins. "cF10" is a FIN behind such a pause, and "cR10" an RST.
func Talk(t testing.TB, turns string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("+0 > S 0:0(0) win 64240 <mss 1460,sackOK,nop,wscale 7>\n+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460,sackOK,nop,wscale 7>\n+50us > . 1:1(0) ack 1 win 502\n")
	at := map[byte]int{'c': 1, 's': 1}
	way := map[byte]string{'c': ">", 's': "<"}
	delay := map[byte]string{'c': "20ms", 's': "60us"} // of the ACK that comes back
	for turn := range strings.FieldsSeq(turns) {
		who, peer, what := turn[0], byte('c'), turn[1:]
		if who == 'c' {
			peer = 's'
		}
		kind := strings.TrimLeft(what[:1], "0123456789")
		pause, bytes := "", 100
		if _, err := fmt.Sscanf(strings.Replace(what[len(kind):], "/", " ", 1), "%s %d", &pause, &bytes); pause == "" {
			t.Fatalf("%s: %v", turn, err)
		}
		flags := "P."
		switch kind {
		case "F":
			flags, bytes = "F.", 0
		case "R":
			flags, bytes = "R.", 0
		}
		fmt.Fprintf(&b, "+%sms %s %s %d:%d(%d) ack %d\n", pause, way[who], flags, at[who], at[who]+bytes, bytes, at[peer])
		if at[who] += bytes; kind == "F" {
			at[who]++
		}
		if kind != "R" {
			fmt.Fprintf(&b, "+%s %s . %d:%d(0) ack %d\n", delay[who], way[peer], at[peer], at[peer], at[who])
		}
	}
	return b.String()
}
