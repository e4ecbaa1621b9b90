package analyzer_test

import (
	"regexp"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/report"
)

// TestInWindowBoundaries holds the rules on RSTs whose number is not the one expected (RFC 5961 3.2).
func TestInWindowBoundaries(t *testing.T) {
	const (
		open  = "SYN_SENT ESTABLISHED"
		ended = open + " CLOSED?"
		alive = "LISTEN? SYN_RCVD ESTABLISHED"
		over  = "+501ms frame ffffffffffff02000000000108060001\n"
		aside = request + "+1s < R 301:301(0) win 0\n"
	)
	client, server := path(analyzer.Client), path(analyzer.Server)
	checkEdges(t, []edge{
		{"one in the window a host from before RFC 5961 takes, one below it nobody", request + "+1s < R @(0) win 0\n" + over, client,
			[]string{"200:200", open, "201:201", ended, "202:202", ended}},
		{"nor one beyond the window that was offered", request + "+1s < R @(0) win 0\n" + over, client, []string{"64456:64456", ended, "64457:64457", open}},
		{"be it the server's", request + "+1s > R @(0) win 0\n" + over, server, []string{"65252:65252", alive + " CLOSED?", "65253:65253", alive}},
		{"a challenge ACK comes at once, or not at all", aside + pause, client, []string{"500ms", open, "500001us", ended}},
		{"one shows that its sender did not take it", aside + "@" + over, client, []string{"", ended, "+1ms > . 101:101(0) ack 201\n", open}},
		{"nor the next, which it need not answer", aside + "@+1ms < R 302:302(0) win 0\n" + over, client, []string{"", ended, "+1ms > . 101:101(0) ack 201\n", open}},
		{"who answers as a host without the connection has taken it", aside + "+1ms < P. 201:301(100) ack 101\n+100ms > @ win 0\n", client,
			[]string{"R 101:101(0)", ended, "R. 101:101(0) ack 201", open + " CLOSED"}},
		{"what nobody saw is said", aside + "@", detail("rst-not-accepted"), []string{
			"", "the RST's number is not the one that the client expected; whether it took it, as before RFC 5961, is not seen",
			over, "the RST's number is not the one that the client expected; whether it took it, as before RFC 5961, is not seen",
			"+1ms > . 101:101(0) ack 201\n", "the client did not take the RST: its number is not the one expected; it went on for 1.0 ms"}},
		{"what nobody takes is", request + "+1s < R @(0) win 0\n", detail("rst-not-accepted"), []string{
			"200:200", "the client did not take the RST: its number is not the one expected",
			"202:202", "the RST's number is not the one that the client expected; whether it took it, as before RFC 5961, is not seen"}},
		{"be there others that nobody takes, before or behind", request + "+1s < R 200:200(0) win 0\n+1ms < R @(0) win 0\n+1ms < R 64457:64457(0) win 0\n", detail("rst-not-accepted"), []string{
			"64456:64456", "the RST's number is not the one that the client expected; whether it took it, as before RFC 5961, is not seen; 3 such RSTs",
			"64457:64457", "the client did not take the RST: its number is not the one expected; 3 such RSTs"}},
		{"so what is left is not known either", request + "+1s < R @(0) win 0\n", remains, []string{
			"202:202", "Whether the client has the connection still is not known.", "64457:64457", "Both sides have the connection still, as far as the capture shows."}},
		{"that it ended the connection is not certain", request + "+1s < R @(0) win 0\n" + over, endedBy, []string{"201:201", "It was ended by", "202:202", "It was probably ended by"}},
		{"one that its receiver outlives ended it at the other end only", request + "+1s < R. 201:201(0) ack 101 win 0\n+@ > P. 101:201(100) ack 201\n", endedBy,
			[]string{"55us", "It was ended by", "55001ns", "It was ended at one end only, by"}},
		{"as does one of a device on the path", request + "+1s > P. 101:151(50) ack 201\n+@ < R 201:201(0) win 0\n", endedBy, []string{"4999999ns", "It was ended at one end only, by", "5ms", "It was ended by"}},
		{"though one with the right number did, whoever sent a SYN into it", request + "+1s < S 9000:9000(0) win 1000\n+1ms > R. @(0) ack 201\n" + over, endedBy,
			[]string{"101:101", "It was ended by", "102:102", "It was probably ended by"}},
		{"one beyond what it may send is not its supposed sender's", request + "+1s < R @(0) win 0\n", server, []string{"64456:64456", alive + " CLOSED?", "64457:64457", alive}},
		{"unless the capture lacks what its peer said", request + "+1ms > . 101:101(0) ack @\n+1s < R 90000:90000(0) win 0\n", server,
			[]string{"201", alive, "202", alive + " CLOSED?"}},
		{"one from before its ISN is of an earlier connection", request + "+1ms < R @(0) win 0\n", server, []string{"-1:-1", alive, "0:0", alive + " CLOSED?"}},
		{"one below what its peer had acknowledged answers nothing if that has said nothing since", request + "+@ < R 200:200(0) win 0\n", server,
			[]string{"500ms", alive + " CLOSED?", "500001us", alive}},
		{"unless the capture lacks what its peer said", request + "+1ms > . 101:101(0) ack @\n+1s < R 200:200(0) win 0\n", server, []string{"201", alive, "202", alive + " CLOSED?"}},
		{"who has acknowledged nothing may not have sent what its peer acknowledges", syn + synack + "@+1s > R 0:0(0) win 0\n", client,
			[]string{"", "SYN_SENT CLOSED?", "+50us > . 1:1(0) ack 1\n", open}},
		{"be it across the end of the numbers", "isn 7 4294967200\n" + request + "+1s < R @(0) win 0\n", server, []string{"200:200", alive, "201:201", alive + " CLOSED?"}},
		{"it ended nothing", request + "+1s < R @(0) win 0\n", outcome, []string{"-1:-1", "open", "200:200", "open", "201:201", "reset", "202:202", "reset"}},
		{"it is hardly proved by its ACK", request + "+1s < R. @(0) ack 101 win 0\n", server, []string{"201:201", alive + " CLOSED", "202:202", alive + " CLOSED?"}},
		{"who does not answer a challenge ACK by an exact RST has the connection", aside + "+1ms > . 101:101(0) ack 201\n" + pause, server,
			[]string{"540ms", alive, "400ms", alive + " CLOSED?"}},
		{"one that was sent before it answers something else", request + "+1s < S 9000:9000(0) win 1000\n+1ms > . 101:101(0) ack 201\n+20ms < P. 201:211(10) ack 101\n+1ms > . 101:101(0) ack 211\n" + "+1s < R 301:301(0) win 0\n@" + over, server,
			[]string{"", alive + " CLOSED?", "+1ms > . 101:101(0) ack 211\n", alive}},
		{"who does has none", aside + "+1ms > . 101:101(0) ack 201\n@" + over, server, []string{"", alive, "+20ms < R 201:201(0) win 0\n", alive + " CLOSED?"}},
		{"in SYN_SENT its ACK counts, not its number", syn + "+20ms < R. 301:301(0) ack @ win 0\n" + over, client, []string{"1", "SYN_SENT CLOSED?", "2", "SYN_SENT"}},
		{"in CLOSE_WAIT it is the same", request + "+1ms < F. 201:201(0) ack 101\n+50us > . 101:101(0) ack 202\n+1s < R @(0) win 0\n" + over, entered(analyzer.Client, fsm.Closed),
			[]string{"64457:64457", "9", "64458:64458", "never"}},
	})
}

// TestForgedAnswerBoundaries: what a SYN-ACK proves that comes when a connection on its sockets is over.
func TestForgedAnswerBoundaries(t *testing.T) {
	const (
		over  = request + "+1ms > F. 101:101(0) ack 201\n+20ms < F. 201:201(0) ack 102\n+50us > . 102:102(0) ack 202\n"
		alive = "LISTEN? SYN_RCVD ESTABLISHED CLOSE_WAIT LAST_ACK CLOSED?"
		first = "< S. 9000000:9000000(0) ack 1 win 1000 <mss 1460>\n"
		later = "+5 < S. 9000000:9000000(0) ack 500001 win 1000 <mss 1460>\n"
	)
	server := path(analyzer.Server)
	checkEdges(t, []edge{
		{"one that answers an old duplicate of the SYN has that in front of it", over + "@+10ms " + first, server,
			[]string{"", alive + " SYN_RCVD?", "+5 > S 0:0(0) win 64240 <mss 1460>\n", alive + " SYN_RCVD"}},
		{"the SYN of the connection is none", over + "+5 " + first + "@", server,
			[]string{"", alive + " SYN_RCVD?", "+50us > . 102:102(0) ack 202\n", alive + " SYN_RCVD?"}},
		{"one of a connection of which nothing else was captured proves nothing either", over + later + "@", server,
			[]string{"", "LISTEN? SYN_RCVD?", "+50us > . 500001:500001(0) ack 9000001 win 502\n", "LISTEN? SYN_RCVD ESTABLISHED?"}},
		{"an RST with the number that it acknowledges shows that it came, not whose it was", over + later + "+50us > @ win 0\n", server,
			[]string{"R 500001:500001(0)", "LISTEN? SYN_RCVD? LISTEN?", "R. 500001:500001(0) ack 9000001", "LISTEN? SYN_RCVD? LISTEN?",
				"R 500000:500000(0)", "LISTEN? SYN_RCVD?", "R 500002:500002(0)", "LISTEN? SYN_RCVD?", "R. 500001:500001(0) ack 9000002", "LISTEN? SYN_RCVD?"}},
		{"which into a connection that is open begins none", "@" + later + "+50us > R 500001:500001(0) win 0\n+1s > P. 101:151(50) ack 201\n+20ms < . 201:201(0) ack 151\n", conversations,
			[]string{request, "1", over, "2"}},
		{"where nothing was captured before it is its supposed sender's", "@", server,
			[]string{"+0 < S. 0:0(0) ack 1 win 1000 <mss 1460>\n", "LISTEN? SYN_RCVD", over + later, "LISTEN? SYN_RCVD?"}},
	})
}

// TestLeftSYNRCVD: a server that has left SYN_RCVD does not send its SYN-ACK again.
func TestLeftSYNRCVD(t *testing.T) {
	const (
		again  = "+@ < S. 0:0(0) ack 1 win 65160 <mss 1460,sackOK,TS,nop,wscale 7>\n"
		heard  = stamped + opened + "+1ms > P. 1:101(100) ack 1\n+20ms < . 1:1(0) ack @ win 509\n+1 < S. 0:0(0) ack 1 win 65160 <mss 1460,sackOK,TS,nop,wscale 7>\n"
		answer = "+1 < S. 0:0(0) ack @ win 65160 <mss 1460,sackOK,TS,nop,wscale 7>\n"
	)
	checkEdges(t, []edge{
		{"RCV.NXT does not go back", heard, says("syn-ack-retransmit"), []string{"1", "warning", "2", "no"}},
		{"in one number or the other", request + answer, says("syn-ack-retransmit"), []string{"100", "no", "101", "warning"}},
		{"nor does it acknowledge what was not sent", request + answer, says("syn-changed"), []string{"101", "no", "102", "warning"}},
		{"nothing is missing for that", request + answer, says("capture-loss"), []string{"101", "no", "102", "no"}},
		{"be it across the end of the numbers", "isn 4294967195 4294967290\n" + request + answer, says("syn-ack-retransmit"), []string{"101", "warning", "102", "no"}},
		{"which is not known of a client whose SYN was not captured", "@" + synack + lastACK + "+1ms > P. 1:101(100) ack 1\n+20ms < P. 1:201(200) ack 101\n+50us > . 101:101(0) ack 201\n+1 < S. 0:0(0) ack 102 win 65160 <mss 1460>\n",
			says("capture-loss"), []string{syn, "no", "", "warning"}},
		{"nor of what had been acknowledged before", syn + "+1ms > P. 1:101(100) ack 1 unseen\n" + synack + lastACK + "+20ms < . 1:1(0) ack @ win 509\n+1 < S. 0:0(0) ack 101 win 65160 <mss 1460>\n",
			says("syn-ack-retransmit"), []string{"100", "no", "101", "warning"}},
		{"what is said is that it is none", heard, detail("syn-changed"), []string{"1", "", "2",
			"the SYN-ACK of the connection, once more, 1.0 s after the first segment: the server had acknowledged more by then, so it did not send that again; " +
				"a copy came late, or its host has forgotten the connection"}},
		{"sooner than a timer it may have been sent before, and overtaken", request + again, reads(0), []string{"199949us", "retransmission/timeout! stale-ack", "199950us", "unacceptable"}},
		{"what answers it is a challenge ACK", heard + "+50us > . 101:101(0) ack 1 win 502\n", says("challenge-ack"), []string{"1", "no", "2", "note"}},
		{"who opens at the same time may send it as it was", "@" + "+1ms > P. 1:101(100) ack 1 win 502\n+20ms < . 1:1(0) ack 101 win 509\n+1 < S. 0:0(0) ack 1 win 65160 <mss 1460>\n", says("syn-ack-retransmit"),
			[]string{syn + synack + lastACK, "no", syn + "+1ms < S 0:0(0) win 65160 <mss 1460>\n+20ms > S. 0:0(0) ack 1 win 64240 <mss 1460>\n+1ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n", "warning"}},
		{"of one that was captured", "@" + "+1ms > P. 1:101(100) ack 1 win 502\n+20ms < . 1:1(0) ack 101 win 509\n+1 < S. 0:0(0) ack 1 win 65160 <mss 1460>\n", reads(0),
			[]string{syn + synack + lastACK, "unacceptable", "", "syn-ack stale-ack"}},
		{"across the end of the numbers", "isn 4294967290 4294967290\n" + heard, says("syn-ack-retransmit"), []string{"1", "warning", "2", "no"}},
	})
}

// TestLadderLeavesOpen: a ladder says of an RST that it was not accepted only where that is known.
func TestLadderLeavesOpen(t *testing.T) {
	label := func(t *testing.T, script string) string {
		s := judge(t, script)
		var b strings.Builder
		ladder := report.NewLadder(&b, &s.last, &s.j, report.TimelineOptions{})
		ladder.Segment(&analyzer.SegmentView{Frame: 7, Time: s.last.End, From: analyzer.Server, Flags: "R", Kind: analyzer.KindUnacceptable})
		if err := ladder.Finish(); err != nil {
			t.Fatal(err)
		}
		return regexp.MustCompile("(perhaps )?not accepted").FindString(b.String())
	}
	checkEdges(t, []edge{{"off the number expected", request + "+1s < R @(0) win 0\n", label, []string{"200:200", "not accepted", "202:202", "perhaps not accepted"}}})
}
