package findings_test

import (
	"strings"
	"testing"

	"tcptrace/internal/testutil/scripts"
)

// TestDoubled: copies of a tenth of the packets are the capture's doing; the network doubles fewer.
func TestDoubled(t *testing.T) {
	var (
		request = open + "+20ms < P. 1:501(500) ack 201 dup +4us\n+60us > . 201:201(0) ack 501\n" // 6 packets and a copy
	)
	scripts.Edge(t, "one copy of 10 packets, of 11", request+"@", []string{
		strings.Repeat("+1ms > . 201:201(0) ack 501\n", 3), "duplicates",
		strings.Repeat("+1ms > . 201:201(0) ack 501\n", 4), "",
	}, idsOf)
}

// TestDoubledOnPath: what is captured twice and answered twice was doubled on its way: a SYN by another SYN-ACK, before a timer would send it, data by D-SACK,
// once for chance and what is sent again.
func TestDoubledOnPath(t *testing.T) {
	const (
		syn    = "+0 > S 0:0(0) win 64240 <mss 1460,sackOK,nop,wscale 7> dup +4us\n"
		synack = "< S. 0:0(0) ack 1 win 65160 <mss 1460,sackOK,nop,wscale 7>\n"
		rest   = "+60us > . 1:1(0) ack 1 win 502\n+1ms > P. 1:201(200) ack 1 dup +4us\n+20ms < . 1:1(0) ack 201 win 509\n@+1ms > P. 201:301(100) ack 1\n+20ms < . 1:1(0) ack 301 win 509\n"
		dsack  = "+4us < . 1:1(0) ack 201 win 509 <nop,nop,sack 1:201>\n"
		again  = "+400ms > P. 1:201(200) ack 1\n"
	)
	scripts.Edge(t, "SYN", syn+"+20ms "+synack+"@ "+synack+strings.ReplaceAll(rest, "@", ""), []string{
		"+11ms", "doubled-on-path",
		"+199ms", "doubled-on-path",
		"+200ms", "duplicates slow-opening",
	}, idsOf)
	scripts.Edge(t, "data", strings.ReplaceAll(syn, "dup +4us", "")+"+20ms "+synack+rest, []string{
		dsack, "duplicates",
		dsack + dsack, "doubled-on-path",
		dsack + again + dsack, "",
		dsack + dsack + again + dsack, "doubled-on-path",
	}, idsOf)
}
