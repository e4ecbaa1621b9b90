package analyzer_test

import (
	"fmt"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/internal/testutil/scripts"
	"tcptrace/internal/truth/invariant"
	"tcptrace/report"
)

// judged keeps what the anomalies of every conversation say, in a line each, and how it closed.
type judged struct {
	j      analyzer.Judgment
	lines  []string
	closes []string
	last   analyzer.Conversation
}

func (s *judged) Conversation(c *analyzer.Conversation) error {
	s.j.Judge(c)
	c.CopyTo(&s.last)
	for i := range s.j.Anomalies {
		a := &s.j.Anomalies[i]
		who := "both"
		if a.HasSide {
			who = a.Side.String()
		}
		s.lines = append(s.lines, fmt.Sprintf("%d %s %s %d: %s", c.Stream, a.Kind.ID, who, a.Frame, a.Detail()))
	}
	s.closes = append(s.closes, s.j.Close.String())
	return nil
}

// judge analyzes a script's capture.
func judge(t *testing.T, text string) *judged {
	t.Helper()
	frames := scripts.Frames(t, text)
	s := &judged{}
	a := analyzer.New(analyzer.Options{}, invariant.Sink(t, s, report.Story))
	scripts.Feed(t, a, frames)
	if _, err := a.Close(); err != nil {
		t.Fatal(err)
	}
	return s
}

// Parts of scripts. The round trip is 20 ms, seen at the client.
const (
	stamped = "timestamps 1000 9000\n"
	opened  = `
+0      > S   0:0(0)   win 64240 <mss 1460,sackOK,TS,nop,wscale 7>
+20ms   < S.  0:0(0)   ack 1 win 65160 <mss 1460,sackOK,TS,nop,wscale 7>
+50us   > .   1:1(0)   ack 1 win 502
`
	asked = `
+1ms    > P.  1:101(100)   ack 1
+20ms   < P.  1:201(200)   ack 101 win 509
+50us   > .   101:101(0)   ack 201
`
	request = stamped + opened + asked
	closed  = `
+1ms    > F.  101:101(0)   ack 201
+20ms   < F.  201:201(0)   ack 102
+50us   > .   102:102(0)   ack 202
`
)

type detectCase struct {
	name   string
	script string
	want   []string // lines of judged
}

func checkCases(t *testing.T, cases []detectCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := judge(t, c.script).lines
			if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
				t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

func TestNoAnomaly(t *testing.T) {
	checkCases(t, []detectCase{
		{"three segments", request + closed, nil},
		{"four segments", request + `
+1ms    < F.  201:201(0) ack 101
+50us   > .   101:101(0) ack 202
+1ms    > F.  101:101(0) ack 202
+20ms   < .   202:202(0) ack 102
`, nil},
		{"open", request, nil},
		{"SYN at the end of the capture", stamped + "+0 > S 0:0(0) win 64240 <mss 1460,sackOK,TS,nop,wscale 7>\n", nil},
		{"in mid-connection", `
+0    > P. 1:101(100) ack 1
+20ms < .  1:1(0)     ack 101
`, nil},
		{"duplicate ACKs are no copies", request + strings.Repeat("+10us < . 201:201(0) ack 101\n", 3), nil},
		{"same IP ID, other bytes", request + `
+10us > P. 101:151(50)  ack 201 ipid 7
+10us > P. 151:201(50)  ack 201 ipid 7
`, nil},
		{"checksums left to the card", strings.ReplaceAll(request+closed, "ack 202", "ack 202 partialsum"), nil},
		{"checksums left out by one sender", `
+0      > S   0:0(0)   win 64240 <mss 1460> badsum
+20ms   < S.  0:0(0)   ack 1 win 65160 <mss 1460>
+50us   > .   1:1(0)   ack 1 win 502
+1ms    > F.  1:1(0)   ack 1 badsum
+20ms   < F.  1:1(0)   ack 2
+50us   > .   2:2(0)   ack 2
`, nil},
	})
}

func TestCaptureAnomalies(t *testing.T) {
	checkCases(t, []detectCase{
		{"copies", stamped + strings.ReplaceAll(opened+asked, "ack 1 win", "ack 1 win") + "+1ms > P. 101:201(100) ack 201 dup 5us\n+20ms < . 201:201(0) ack 201\n", []string{
			"0 capture-duplicates both 8: 1 of 9 frames are copies of others; they are not analyzed",
		}},
		{"copies without IP ID", `
+0      > S   0:0(0)   win 64240 <mss 1460> ipid 0 dup 3us
+20ms   < S.  0:0(0)   ack 1 win 65160 <mss 1460> ipid 0 dup 3us
+50us   > .   1:1(0)   ack 1 win 502 ipid 0 dup 3us
`, []string{
			"0 capture-duplicates both 2: 3 of 6 frames are copies of others; they are not analyzed",
		}},
		{"ACK before its data", request + `
+1ms    > .   101:101(0)   ack 301
+20us   < P.  201:301(100) ack 101
`, []string{
			"0 capture-reordered both 8: data captured behind its ACK once",
		}},
		{"ACK before the data of a hole", request + `
+1ms    < P.  301:401(100) ack 101
+1us    > .   101:101(0)   ack 401
+20us   < P.  201:301(100) ack 101
`, []string{
			"0 capture-reordered both 9: data captured behind its ACK once",
		}},
		{"SYN-ACK before SYN", `
+0      < S.  0:0(0)   ack 1 win 65160 <mss 1460>
+100us  > S   0:0(0)   win 64240 <mss 1460>
+50us   > .   1:1(0)   ack 1 win 502
+20ms   < P.  1:2(1)   ack 1
`, []string{
			"0 capture-reordered both 2: the SYN-ACK was captured 100 us before the SYN that it answers",
		}},
		{"loss at the end", request + `
+1ms    < P.  201:1401(1200) ack 101 unseen
+50us   > .   101:101(0)   ack 1401
`, []string{
			"0 capture-loss server 7: 1,200 bytes of the server acknowledged but not captured",
		}},
		{"loss in the middle", request + `
+1ms    < .   201:1401(1200) ack 101 unseen
+1ms    < P.  1401:1501(100) ack 101
+50us   > .   101:101(0)   ack 1501
`, []string{
			"0 capture-loss server 8: 1,200 bytes of the server acknowledged but not captured",
		}},
		{"clock", request + "-5s > P. 101:102(1) ack 201 <nop,nop,TS val 1100 ecr 9021>\n", []string{
			"0 clock-backwards both 7: the clock went back once, by 5.0 s or more",
		}},
		{"one side", `
+0      > S   0:0(0)   win 64240 <mss 1460>
+20ms   < S.  0:0(0)   ack 1 win 65160 <mss 1460> unseen
+50us   > .   1:1(0)   ack 1 win 502
+1ms    > P.  1:101(100)   ack 1
`, []string{
			"0 one-sided client 2: all 3 segments are from the client; the server's are not captured",
		}},
		{"cut options", `
+0      > S   0:0(0)   win 64240 <mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7> cap 60
+20ms   < S.  0:0(0)   ack 1 win 65160 <mss 1460>
`, []string{
			"0 truncated-header both 1: the options of 1 of 2 segments were cut",
		}},
		{"RST with a wrong checksum", request + "+1ms < R. 201:201(0) ack 101 badsum\n+1s > P. 101:201(100) ack 201\n+20ms < . 201:201(0) ack 201\n", []string{
			"0 bad-checksum server 7: 1 segment of the server with a wrong checksum; other checksums of its are right",
		}},
	})
}
