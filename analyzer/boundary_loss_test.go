package analyzer_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"tcptrace/analyzer"
)

func TestLossBoundaries(t *testing.T) {
	const asks = `
+0  > .  100:101(1) ack 1 win 500
+10 > .  100:101(1) ack 1
`
	const late = request + `
+1ms  > F.  101:101(0) ack 201 ipid 900 <nop,nop,TS val 1500 ecr 9020>
+20ms < F.  201:201(0) ack 102
+50us > .   102:102(0) ack 202 ipid 901
+30ms > F.  101:101(0) ack 201 @
`
	const (
		dupACK = "+10us < . 201:201(0) ack 101\n"
		hole   = request + "+1ms > . 101:1549(1448) ack 201\n+0 > . 1549:2849(1300) ack 201\n+20ms < . 201:201(0) ack 101\n"
	)
	const sent3 = request + "+1ms > . 101:1549(1448) ack 201\n+0 > . 1549:2997(1448) ack 201\n+0 > . 2997:4445(1448) ack 201\n"
	const queue = stamped + `
+0      > S   0:0(0)   win 64240 <mss 1460,sackOK,TS,nop,wscale 7>
+@      < S.  0:0(0)   ack 1 win 65160 <mss 1460,sackOK,TS,nop,wscale 7>
+1ms    > .   1:1(0)   ack 1 win 502
+1ms    > P.  1:101(100) ack 1
1.1     < S.  0:0(0)   ack 1 win 65160 <mss 1460,sackOK,TS,nop,wscale 7>
+1ms    > P.  1:101(100) ack 1
+1ms    < .   1:1(0)   ack 101 win 509
`
	checkEdges(t, []edge{
		{"a server that has the ACK and repeats its SYN-ACK takes no data either: at its own tap once is enough", queue, says("accept-queue-overflow"),
			[]string{"399999ns", "warning", "400us", "no"}},
		{"or behind data that the client's timer sent again twice", strings.Replace(strings.Replace(queue, "+@", "+20ms", 1), "1.1 ", "0.3 > P. 1:101(100) ack 1\n@ > P. 1:101(100) ack 1\n1.1 ", 1),
			says("accept-queue-overflow"), []string{"0.301", "no", "0.7", "warning"}},
		{"the first of them 400 ms before", strings.Replace(strings.Replace(queue, "+@", "+20ms", 1), "1.1 ", "@ > P. 1:101(100) ack 1\n1.05 > P. 1:101(100) ack 1\n1.1 ", 1),
			says("accept-queue-overflow"), []string{"0.701", "no", "0.7", "warning"}},
		{"and none is lost then", queue, says("packet-loss"), []string{"399999ns", "no", "400us", "warning"}},
		{"if it was its timer", strings.Replace(strings.Replace(queue, "+@", "+60us", 1), "1.1 ", "@", 1), says("packet-loss"), []string{"200059999ns", "warning", "200060us", "no"}},
		{"who asks three times for what is missing does not have it", hole + "@", says("packet-loss"),
			[]string{"", "no", dupACK, "no", dupACK + dupACK, "warning"}},
		{"or who asks for longer than two round trips", hole + dupACK + "+@ > P. 2849:2949(100) ack 201\n", says("packet-loss"), []string{"40ms", "no", "41ms", "warning"}},
		{"unless it comes", hole + dupACK + dupACK + dupACK + "+@", says("packet-loss"),
			[]string{"1ms < . 201:201(0) ack 101", "warning", "1ms < . 201:201(0) ack 2949", "no"}},
		{"what its receiver has, as it says, nobody needs once more", sent3 + "+20ms < . 201:201(0) ack 101 <nop,nop,sack @>\n+1ms > . 1549:2997(1448) ack 201\n", reads(0),
			[]string{"1549:2997", "retransmission/fast!", "1549:2996", "retransmission/fast", "1550:2997", "retransmission/fast", "1549:4445", "retransmission/fast!"}},
		{"and it was not lost", sent3 + "+20ms < . 201:201(0) ack 101 <nop,nop,sack @>\n+1ms > . 1549:2997(1448) ack 201\n", lost, []string{"1549:2997", "0", "1549:2996", "1"}},
		{"what is not acknowledged in order is needed", sent3 + "+20ms < . 201:201(0) ack 101 <nop,nop,sack 1549:2997>\n+1ms > . @ ack 201\n", reads(0),
			[]string{"101:1549(1448)", "retransmission/fast", "1549:2997(1448)", "retransmission/fast!"}},
		{"of a hole as many segments are missing as its bytes take", request + "+1ms > . @ ack 201 unseen\n+0 > P. (100) ack 201\n+20ms < . 201:201(0) ack 101\n" + dupACK + dupACK, lost,
			[]string{"101:1561(1460)", "1", "101:1562(1461)", "2"}},
		{"a SYN with a wrong checksum tells something if it could have been answered", syn[:len(syn)-1] + " badsum\n+@ frame ffffffffffff02000000000108060001\n", says("bad-checksum"),
			[]string{"999999999ns", "no", "1s", "warning"}},
		{"nothing if it is, since then it is left to a network card", syn[:len(syn)-1] + " badsum\n+1s > S 0:0(0) win 64240 <mss 1460> badsum\n@", says("bad-checksum"),
			[]string{"", "warning", synack, "no"}},
		{"a SYN with a wrong checksum that came again was not lost if its sender gets others right", syn[:len(syn)-1] + " badsum\n+1s > S 0:0(0) win 64240 <mss 1460> @\n" + synack, lost,
			[]string{"", "0", "badsum", "1"}},
		{"a FIN with the IP ID and the timestamp of the one before is that, and the network doubled it", late, says("fin-retransmit"),
			[]string{"ipid 900 <nop,nop,TS val 1500 ecr 9020>", "no", "ipid 902 <nop,nop,TS val 1500 ecr 9020>", "warning", "ipid 900 <nop,nop,TS val 1501 ecr 9020>", "warning"}},
		{"which has one name", late, reads(0),
			[]string{"ipid 900 <nop,nop,TS val 1500 ecr 9020>", "capture-duplicate stale-ack", "ipid 902 <nop,nop,TS val 1530 ecr 9020>", "retransmission/tail-probe! stale-ack"}},
		{"who may have been answered gave up if its RST came when it would ask again, give or take a quarter", asks + "+10 > . 100:101(1) ack 1\n+@ > R. 101:101(0) ack 1 win 0\n", cause,
			[]string{"7499999999ns", "aborted", "7500ms", "keep-alive-timeout", "12500ms", "keep-alive-timeout", "12500000001ns", "aborted"}},
		{"and that is said", asks + "+@ > R. 101:101(0) ack 1 win 0\n", says("keep-alive-timeout"), []string{"7", "no", "8", "error"}},
		{"once tells no interval", "+0 > . 100:101(1) ack 1 win 500\n+@ > R. 101:101(0) ack 1 win 0\n", cause, []string{"10", "aborted"}},
	})
}

// lost asks how many segments of the client were lost.
func lost(t *testing.T, script string) string {
	return strconv.FormatUint(judge(t, script).last.Sent[analyzer.Client].Lost, 10)
}

// TestSYNTwice: a SYN-ACK that is sent again before a timer could fire answers a SYN that came twice. It was not lost, and is no more than worth a note, unless
// a timer sends it, too.
func TestSYNTwice(t *testing.T) {
	const (
		opened = "+50us > . 1:1(0) ack 1 win 502\n+1ms > P. 1:101(100) ack 1\n+20ms < . 1:1(0) ack 101 win 509\n"
		synack = "< S. 0:0(0) ack 1 win 65160 <mss 1460> ipid @\n"
		script = "+0 > S 0:0(0) win 64240 <mss 1460>\n+20ms " + synack
	)
	times := func(waits ...string) string {
		text := strings.ReplaceAll(script, "@", "1")
		for i, wait := range waits {
			text += "+" + wait + " " + strings.ReplaceAll(synack, "@", strconv.Itoa(2+i))
		}
		return text + opened
	}
	ofServer := func(t *testing.T, script string) string {
		of := &judge(t, script).last.Sent[analyzer.Server]
		return fmt.Sprint(of.Lost, " lost, ", of.Retransmitted(), " again, ", of.SpuriousPackets, " in vain")
	}
	checkEdges(t, []edge{
		{"it was not lost", "@", ofServer, []string{times("199999us"), "0 lost, 1 again, 1 in vain", times("200ms"), "1 lost, 1 again, 0 in vain"}},
		{"it is a note", "@", says("syn-ack-retransmit"), []string{times("199999us"), "note", times("200ms"), "warning", times("1ms", "1s"), "warning", times("1ms", "198ms"), "note"}},
	})
}

// TestSilentPeer: of who sends again to the end of the capture and hears nothing more it is said that nobody may be there; not of a loss.
func TestSilentPeer(t *testing.T) {
	const tries = request + "+1s > P. 101:201(100) ack 201\n+220ms > P. 101:201(100) ack 201\n+440ms > P. 101:201(100) ack 201\n+880ms > P. 101:201(100) ack 201\n+1760ms > P. 101:201(100) ack 201\n"
	const last = "+3520ms > P. 101:201(100) ack 201\n"
	silent := func(t *testing.T, script string) string {
		return fmt.Sprint(strings.Contains(detail("retransmission-timeout")(t, script), "nothing came back since: the server or the path may be gone"))
	}
	checkEdges(t, []edge{
		{"four timers in a row, at least", tries + "@", silent, []string{"", "false", last, "true"}},
		{"and nothing more from the peer", tries + last + "@", silent, []string{"", "true", "+20ms < . 201:201(0) ack 201\n", "false"}},
		{"be it an ACK of nothing new", tries + "@" + last, silent, []string{"", "true", "+20ms < . 201:201(0) ack 101\n", "false"}},
		{"who gave up is told of apart", tries + last + "@", silent, []string{"+7s frame ffffffffffff02000000000108060001\n", "true", "+1s > R. 201:201(0) ack 201 win 0\n", "false", "+900s frame ffffffffffff02000000000108060001\n", "false"}},
	})
}
