package segment_test

import (
	"fmt"
	"slices"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/internal/testutil/scripts"
)

// edge is the boundary of a rule. In its script @ stands for a value; at lists values on both sides of the boundary,
// each with what is then said.
type edge struct {
	why    string
	script string
	ask    func(t *testing.T, script string) string
	at     []string // value, answer, value, answer...
}

func checkEdges(t *testing.T, edges []edge) {
	t.Helper()
	for _, e := range edges {
		scripts.Edge(t, e.why, e.script, e.at, e.ask)
	}
}

// reading is what is said of a script's frames, and of its last conversation.
type reading struct {
	frames map[uint64]string // kind, cause and notes
	last   analyzer.Conversation
	n      uint64 // frames
}

func (r *reading) Conversation(c *analyzer.Conversation) error {
	c.CopyTo(&r.last)
	return nil
}

func read(t *testing.T, text string) *reading {
	t.Helper()
	frames := scripts.Frames(t, text)
	r := &reading{frames: map[uint64]string{}, n: uint64(len(frames))}
	notes := map[uint64]string{}
	a := analyzer.New(analyzer.Options{}, r)
	a.Watch(func(x *analyzer.Reading) {
		frame, said := x.Segment.Frame, x.Kind.String()
		if x.Amends != 0 {
			frame = x.Amends
		}
		for name := range x.Notes.All() {
			notes[frame] += " " + name
		}
		if x.Cause != analyzer.CauseNone {
			said += "/" + x.Cause.String()
		}
		r.frames[frame] = said
	})
	scripts.Feed(t, a, frames)
	if _, err := a.Close(); err != nil {
		t.Fatal(err)
	}
	for frame, names := range notes {
		r.frames[frame] += names
	}
	return r
}

// reads asks what a frame is, the last one if n is 0.
func reads(n uint64) func(*testing.T, string) string {
	return func(t *testing.T, script string) string {
		r := read(t, script)
		if n == 0 {
			return r.frames[r.n]
		}
		return r.frames[n]
	}
}

// triples asks for how often a side sent three duplicate ACKs in a row.
func triples(side analyzer.Side) func(*testing.T, string) string {
	return func(t *testing.T, script string) string {
		return fmt.Sprint(read(t, script).last.Sent[side].TripleDuplicateACKs)
	}
}

// missed asks for how many bytes of the client's were acknowledged and not captured.
func missed(t *testing.T, script string) string {
	return fmt.Sprint(read(t, script).last.Sent[analyzer.Client].MissedBytes)
}

// strange asks whether SACK blocks are said to be of bytes that were never sent.
func strange(t *testing.T, script string) string {
	var j analyzer.Judgment
	j.Judge(&read(t, script).last)
	return fmt.Sprint(slices.ContainsFunc(j.Anomalies, func(a analyzer.Anomaly) bool { return a.Kind.ID == "sack-of-unsent" }))
}

// Parts of scripts. The round trip is 20 ms, seen at the client.
const (
	request = `
timestamps 1000 9000
+0      > S   0:0(0)   win 64240 <mss 1460,sackOK,TS,nop,wscale 7>
+20ms   < S.  0:0(0)   ack 1 win 65160 <mss 1460,sackOK,TS,nop,wscale 7>
+50us   > .   1:1(0)   ack 1 win 502
+1ms    > P.  1:101(100)   ack 1
+20ms   < P.  1:201(200)   ack 101 win 509
+50us   > .   101:101(0)   ack 201
`
	handshake = `
client 10.0.0.1:40000
server 10.0.0.2:80
timestamps 283746100 991827300
+0      > S   0:0(0)        win 64240 <mss 1460,sackOK,TS,nop,wscale 7>
+50ms   < S.  0:0(0)        win 65160 <mss 1460,sackOK,TS,nop,wscale 7>
+50us   > .   1:1(0)  ack 1 win 502
`
	// unscaled opens a connection without any option but the segment size. The server's windows are small.
	unscaled = `
+0      > S   0:0(0)        win 64240 <mss 1460>
+20ms   < S.  0:0(0)  ack 1 win 1000  <mss 1460>
+50us   > .   1:1(0)  ack 1
`
)

func TestReadingBoundaries(t *testing.T) {
	const (
		dup   = "+1ms < . 201:201(0) ack 101 win 509\n"
		three = request + "+1ms > . 101:1101(1000) ack 201\n+0 > . 1101:2101(1000) ack 201\n+0 > . 2101:3101(1000) ack 201\n+20ms < . 201:201(0) ack 101 win 509\n"
	)
	checkEdges(t, []edge{
		{"three duplicate ACKs tell of a loss, without SACK blocks, too", three + "@+30us > . 101:1101(1000) ack 201\n", reads(0),
			[]string{dup, "retransmission/unknown", dup + dup, "retransmission/fast"}},
		{"a segment is far off by the window or by what was sent, whatever is farther", "+0 > S 0:0(0) win 1000 <mss 1460>\n+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n+50us > . 1:1(0) ack 1 win 1000\n" +
			"+1ms < P. 60001:60101(100) ack 1\n+1ms < P. @(100) ack 1\n", reads(0),
			[]string{"125637:125737", "data previous-segment-missing window-exceeded", "125638:125738", "unacceptable"}},
		{"PAWS drops an older timestamp only if all before it was acknowledged: else it may be the one that was late", request + `
+1ms    > P.  101:201(100) ack 201 <nop,nop,TS val 2000 ecr 9021>
+20ms   < .   201:201(0)   ack @ win 509
+1ms    > P.  201:301(100) ack 201 <nop,nop,TS val 1999 ecr 9021>
`, reads(9), []string{"201", "unacceptable paws", "200", "data"}},
		{"PAWS takes the same timestamp again (RFC 7323 5.3)", request + `
+1ms    > P.  101:201(100) ack 201 <nop,nop,TS val 2000 ecr 9021>
+20ms   < .   201:201(0)   ack 201 win 509
+1ms    > P.  201:301(100) ack 201 <nop,nop,TS val @ ecr 9021> ttl 63
`, reads(9), []string{"1999", "unacceptable paws", "2000", "data"}},
		{"a window may have been opened by 64 KiB unseen, be those seen ever so small", unscaled + `
+1ms    < .   1:1(0)  ack 1 win 900
+1ms    > .   @(100)  ack 1
`, reads(5), []string{"66537:66637", "data previous-segment-missing window-exceeded", "66538:66638", "unacceptable"}},
		{"and by as much as was ever offered", `
+0      > S   0:0(0)        win 64240 <mss 1460,wscale 2>
+20ms   < S.  0:0(0)  ack 1 win 1000  <mss 1460,wscale 2>
+50us   > .   1:1(0)  ack 1
+1ms    < .   1:1(0)  ack 1 win 50000
+1ms    > .   @(100)  ack 1
`, reads(5), []string{"400001:400101", "data previous-segment-missing window-exceeded", "400002:400102", "unacceptable"}},
		{"where one SYN was not captured the scale, and so the window, is not known", `
+0      > S   0:0(0)        win 64240 <mss 1460,wscale 2>
+20ms   < S.  0:0(0)  ack 1 win 1000  <mss 1460,wscale 2>@
+50us   > .   1:1(0)  ack 1
+1ms    < .   1:1(0)  ack 1 win 1000
+1ms    > .   9000001:9000101(100)  ack 1
`, reads(0), []string{"", "unacceptable", " unseen", "data previous-segment-missing", " cap 60", "data previous-segment-missing"}},
		{"be it the SYN or the SYN-ACK", `
+0      > S   0:0(0)        win 64240 <mss 1460,wscale 2>@
+20ms   < S.  0:0(0)  ack 1 win 1000  <mss 1460,wscale 2>
+50us   > .   1:1(0)  ack 1
+1ms    < .   1:1(0)  ack 1 win 1000
+1ms    > .   9000001:9000101(100)  ack 1
`, reads(0), []string{"", "unacceptable", " cap 60", "data previous-segment-missing"}},
		{"unless the other has none, for then neither has (RFC 7323 1.3)", `
+0      > S   0:0(0)        win 64240 <@>
+20ms   < S.  0:0(0)  ack 1 win 1000  <mss 1460> unseen
+50us   > .   1:1(0)  ack 1
+1ms    < .   1:1(0)  ack 1 win 1000
+1ms    > .   9000001:9000101(100)  ack 1
`, reads(0), []string{"mss 1460,wscale 2", "data previous-segment-missing", "mss 1460", "unacceptable"}},
		{"a window scale beyond 14 is 14 (RFC 7323 2.3)", `
+0      > S   0:0(0)        win 64240 <mss 1460,wscale 0>
+20ms   < S.  0:0(0)  ack 1 win 65160 <mss 1460,wscale 15>
+50us   > .   1:1(0)  ack 1
+1ms    < .   1:1(0)  ack 1 win 1
+1ms    > .   1:@     ack 1
`, reads(5), []string{"16385(16384)", "data window-full super-segment", "16386(16385)", "data window-exceeded super-segment"}},
		{"and one of 14 is not less", `
+0      > S   0:0(0)        win 64240 <mss 1460,wscale 0>
+20ms   < S.  0:0(0)  ack 1 win 65160 <mss 1460,wscale 14>
+50us   > .   1:1(0)  ack 1
+1ms    < .   1:1(0)  ack 1 win 1
+1ms    > .   1:@     ack 1
`, reads(5), []string{"16385(16384)", "data window-full super-segment", "16386(16385)", "data window-exceeded super-segment"}},
		{"a number is of another connection if no window reaches it (65,535 x 2^14)", `
+0      > P.  1:101(100) ack 1
+20ms   < .   1:1(0)     ack 101
+1ms    > P.  @(100)     ack 1
`, reads(3), []string{"1073725541:1073725641", "data previous-segment-missing", "1073725542:1073725642", "unacceptable"}},
		{"nor does any reach back so far", `
+0      > P.  1:101(100) ack 1
+20ms   < .   1:1(0)     ack 101
+1ms    > P.  @(100)     ack 1
`, reads(3), []string{"-1073725339:-1073725239", "out-of-order after-its-ack", "-1073725340:-1073725240", "unacceptable"}},
		{"nor is there an acknowledgment of that", `
+0      > P.  1:101(100) ack 1
+20ms   < .   1:1(0)     ack 101
+1ms    < .   1:1(0)     ack @
`, reads(3), []string{"1073725541", "ack ack-of-unseen", "1073725542", "unacceptable ack-not-accepted"}},
		{"counted from the last number sent, not from the last acknowledged", `
+0      > P.  1:101(100)   ack 1
+20ms   < .   1:1(0)       ack 101
+1ms    > P.  101:201(100) ack 1
+1ms    < .   1:1(0)       ack @
`, reads(4), []string{"1073725641", "ack ack-of-unseen", "1073725642", "unacceptable ack-not-accepted"}},
		{"an ACK is too old below the largest window, which may be that of the SYN (RFC 5961 5.2)", `
+0      > S   0:0(0)        win 64240 <mss 1460>
+20ms   < S.  0:0(0)  ack 1 win 65160 <mss 1460>
+50us   > .   1:1(0)  ack 1
+1ms    > .   1:60001(60000)     ack 1
+1ms    > .   60001:70001(10000) ack 1
+20ms   < .   1:1(0)  ack 70001 win 500
+1ms    < .   1:1(0)  ack @ win 500
`, reads(7), []string{"4841", "ack stale-ack", "4840", "unacceptable ack-not-accepted"}},
		{"or that of any segment since", unscaled + `
+1ms    < .   1:1(0)  ack 1 win 2000
+1ms    > .   1:2001(2000)     ack 1
+1ms    > .   2001:4001(2000)  ack 1
+20ms   < .   1:1(0)  ack 4001 win 500
+1ms    < .   1:1(0)  ack @ win 500
`, reads(8), []string{"2001", "ack stale-ack", "2000", "unacceptable ack-not-accepted"}},
	})
}

func TestMissedBoundaries(t *testing.T) {
	checkEdges(t, []edge{
		{"one byte behind all that was captured may be a FIN", unscaled + "+1ms > P. 1:101(100) ack 1\n+20ms < . 1:1(0) ack @\n", missed, []string{"101", "0", "102", "0", "103", "2"}},
		{"a window may be missing, and no more", unscaled + "+1ms > P. 1:101(100) ack 1\n+20ms < . 1:1(0) ack @\n", missed, []string{"1073725541", "1073725440", "1073725542", "0"}},
	})
}

// TestStrangeBlocks: SACK blocks are of bytes that can have been sent.
func TestStrangeBlocks(t *testing.T) {
	const (
		middle = "+0 > P. 1:101(100) ack 1\n+20ms < . 1:1(0) ack 101\n"
		sack   = "+1ms < . 1:1(0) ack 101 <nop,nop,sack @>\n"
	)
	checkEdges(t, []edge{
		{"where the window is not known, a window behind all that was sent", middle + sack, strange, []string{"1073725441:1073725541", "false", "1073725441:1073725542", "true"}},
		{"or before what is acknowledged", middle + sack, strange, []string{"-1073725339:-1073725239", "false", "-1073725340:-1073725240", "true"}},
		{"and what was acknowledged, though the capture lacks it, was sent", middle + "+1ms < . 1:1(0) ack 201\n+1ms < . 1:1(0) ack 201 <nop,nop,sack @>\n", strange,
			[]string{"1073725441:1073725641", "false", "1073725441:1073725642", "true"}},
		{"where it is known, the window", unscaled + "+1ms > P. 1:101(100) ack 1\n+20ms < . 1:1(0) ack 101 win 1000\n+1ms < . 1:1(0) ack 101 win 1000 <nop,nop,sack @>\n", strange,
			[]string{"501:1101", "false", "501:1102", "true"}},
		{"or the beginning", unscaled + "+1ms > P. 1:101(100) ack 1\n+20ms < . 1:1(0) ack 101 win 1000\n+1ms < . 1:1(0) ack 101 win 1000 <nop,nop,sack @>\n", strange,
			[]string{"0:10", "false", "-1:10", "true"}},
	})
}

func TestCauseBoundaries(t *testing.T) {
	// The round trip of 50 ms makes a timeout of 250.05 ms.
	const hole = handshake + `
+10ms   > .   1:1001(1000) ack 1
+0      > .   1001:2001(1000) ack 1
+50ms   < .   1:1(0) ack 1 win 509 <nop,nop,TS,nop,nop,sack 1001:2001>
`
	const three = handshake + `
+10ms   > .   1:1001(1000) ack 1
+0      > .   1001:2001(1000) ack 1
+0      > .   2001:3001(1000) ack 1
`
	checkEdges(t, []edge{
		{"a timer may seem to run out at 3/4 of what the tap works out, no sooner", hole + `
+@      > .   1:1001(1000) ack 1
`, reads(7), []string{"137537500ns", "retransmission/timeout", "137537499ns", "retransmission/sack"}},
		{"an ACK within a recovery by SACK is partial, until it covers all", three + `
+50ms   < .   1:1(0) ack 1 win 509 <nop,nop,TS,nop,nop,sack 2001:3001>
+60ms   > .   1:1001(1000) ack 1
+50ms   < .   1:1(0) ack @ win 509
`, reads(9), []string{"3000", "ack partial-ack", "3001", "ack"}},
		{"and within one by duplicate ACKs", three + `
+50ms   < .   1:1(0) ack 1 win 509 <nop,nop,TS,nop,nop,sack 2001:3001>
+1ms    > .   1:1001(1000) ack 1
+50ms   < .   1:1(0) ack @ win 509
`, reads(9), []string{"3000", "ack partial-ack", "3001", "ack"}},
		{"but after a timeout it is not", three + `
+600ms  > .   1:1001(1000) ack 1
+50ms   < .   1:1(0) ack @ win 509
`, reads(8), []string{"3000", "ack", "3001", "ack"}},
		{"the third duplicate ACK is the one that counts (RFC 5681 3.2)", three + `
+50ms   < .   1:1(0) ack 1 win 509
+1ms    < .   1:1(0) ack 1 win 509
@
`, triples(analyzer.Server), []string{"", "0", "+1ms < . 1:1(0) ack 1 win 509", "1", "+1ms < . 1:1(0) ack 1 win 509\n+1ms < . 1:1(0) ack 1 win 509", "1"}},
	})
}
