package analyzer_test

import (
	"fmt"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/internal/testutil/scripts"
	"tcptrace/internal/truth/lab"
	"tcptrace/internal/wire"
)

// handshake opens a connection 50 ms long, seen at the client.
const handshake = `
client 10.0.0.1:40000
server 10.0.0.2:80
timestamps 283746100 991827300
+0      > S   0:0(0)        win 64240 <mss 1460,sackOK,TS,nop,wscale 7>
+50ms   < S.  0:0(0)        win 65160 <mss 1460,sackOK,TS,nop,wscale 7>
+50us   > .   1:1(0)  ack 1 win 502
`

// bare opens one whose segments nothing dates: no timestamps, no SACK, no IP IDs.
const bare = `
client 10.0.0.1:40000
server 10.0.0.2:80
+0      > S   0:0(0)        win 64240 <mss 1460> ipid 0
+50ms   < S.  0:0(0)        win 65160 <mss 1460> ipid 0
+50us   > .   1:1(0)  ack 1 ipid 0
`

// TestReadingRules pins what each rule says, by frames that matter.
func TestReadingRules(t *testing.T) {
	for _, test := range []struct {
		name, script string
		want         string // "frame kind[/cause][!spurious][ note]..." a line
	}{
		{"RACK waits a while for one segment, then repeats another", handshake + `
+10ms   > .   1:1001(1000) ack 1
+0      > .   1001:2001(1000) ack 1
+50ms   < .   1:1(0) ack 1 win 509 <nop,nop,TS,nop,nop,sack 1001:2001>
+13ms   > .   1:1001(1000) ack 1
+50ms   < .   1:1(0) ack 2001 win 509`, `
6 duplicate-ack
7 retransmission/sack
8 ack`},
		{"three segments behind a hole call for it at once", handshake + `
+10ms   > .   1:1001(1000) ack 1
+0      > .   1001:2001(1000) ack 1
+0      > .   2001:3001(1000) ack 1
+0      > .   3001:4001(1000) ack 1
+50ms   < .   1:1(0) ack 1 win 509 <nop,nop,TS,nop,nop,sack 1001:2001>
+1ms    < .   1:1(0) ack 1 win 509 <nop,nop,TS,nop,nop,sack 1001:3001>
+1ms    < .   1:1(0) ack 1 win 509 <nop,nop,TS,nop,nop,sack 1001:4001>
+60us   > .   1:1001(1000) ack 1`, `
10 duplicate-ack
11 retransmission/fast`},
		{"a timer, and what it repeats when an ACK shows that more is lost", bare + `
+10ms   > .   1:1001(1000) ack 1 ipid 0
+0      > .   1001:2001(1000) ack 1 ipid 0
+0      > .   2001:3001(1000) ack 1 ipid 0
+1s     > .   1:1001(1000) ack 1 ipid 0
+50ms   < .   1:1(0) ack 1001 win 60000 ipid 0
+60us   > .   1001:2001(1000) ack 1 ipid 0
+0      > .   2001:3001(1000) ack 1 ipid 0`, `
7 retransmission/timeout
9 retransmission/timeout
10 retransmission/timeout`},
		{"without SACK the last segment is not probed for", bare + `
+10ms   > .   1:1001(1000) ack 1 ipid 0
+250ms  > .   1:1001(1000) ack 1 ipid 0`, `
5 retransmission/timeout`},
		{"with SACK it is, once", handshake + `
+10ms   > .   1:1001(1000) ack 1
+250ms  > .   1:1001(1000) ack 1
+500ms  > .   1:1001(1000) ack 1`, `
5 retransmission/tail-probe
6 retransmission/timeout`},
		{"data that a SYN-ACK does not acknowledge with its SYN are called for by that", `
timestamps 283746100 991827300
+0      > S   0:79(79) win 64240 <mss 1460,sackOK,TS,nop,wscale 7>
+20ms   < S.  0:0(0)   ack 1 win 65160 <mss 1460,sackOK,TS,nop,wscale 7>
+70us   > P.  1:80(79) ack 1 win 502
+300ms  > P.  1:80(79) ack 1`, `
3 retransmission/unknown
4 retransmission/timeout`},
		{"so if they come behind the ACK of that", `
timestamps 283746100 991827300
+0      > S   0:79(79) win 64240 <mss 1460,sackOK,TS,nop,wscale 7>
+20ms   < S.  0:0(0)   ack 1 win 65160 <mss 1460,sackOK,TS,nop,wscale 7>
+70us   > .   1:1(0)   ack 1 win 502
+20us   > P.  1:80(79) ack 1`, `
4 retransmission/unknown`},
		{"late they are a probe", `
timestamps 283746100 991827300
+0      > S   0:79(79) win 64240 <mss 1460,sackOK,TS,nop,wscale 7>
+20ms   < S.  0:0(0)   ack 1 win 65160 <mss 1460,sackOK,TS,nop,wscale 7>
+70us   > .   1:1(0)   ack 1 win 502
+40ms   > P.  1:80(79) ack 1`, `
4 retransmission/tail-probe`},
		{"the echo of an older timestamp proves a retransmission unneeded", handshake + `
+10ms   > .   1:1001(1000) ack 1
+0      > .   1001:2001(1000) ack 1
+400ms  > .   1:1001(1000) ack 1
+10ms   < .   1:1(0) ack 2001 win 509 <nop,nop,TS val 991827800 ecr 283746160>`, `
6 retransmission/timeout!
7 ack`},
		{"so does a D-SACK, later", handshake + `
+10ms   > .   1:1001(1000) ack 1
+400ms  > .   1:1001(1000) ack 1
+60ms   < .   1:1(0) ack 1001 win 509 <nop,nop,TS,nop,nop,sack 1:1001>`, `
5 retransmission/tail-probe!
6 ack dsack`},
		{"the original, overtaken by its own retransmission", strings.ReplaceAll(strings.ReplaceAll(handshake, "<mss 1460,sackOK,TS,nop,wscale 7>", "<mss 1460,sackOK,TS,nop,wscale 7> ipid 9"), "win 502", "win 502 ipid 10") + `
+10ms   > .   1:1001(1000) ack 1 ipid 11
+1ms    > .   1001:2001(1000) ack 1 ipid 12
+1ms    > .   3001:4001(1000) ack 1 ipid 14
+50ms   < .   1:1(0) ack 2001 win 509 <nop,nop,TS,nop,nop,sack 3001:4001>
+60ms   > .   2001:3001(1000) ack 1 ipid 15
+10ms   > .   2001:3001(1000) ack 1 ipid 13`, `
6 data previous-segment-missing
8 retransmission/sack! lost-before-tap
9 out-of-order`},
		{"a hole that an earlier segment fills", bare + `
+10ms   > .   1:1001(1000) ack 1 ipid 11
+1ms    > .   1001:2001(1000) ack 1 ipid 12
+1ms    > .   3001:4001(1000) ack 1 ipid 14
+300ms  > .   2001:3001(1000) ack 1 ipid 13`, `
6 data previous-segment-missing
7 out-of-order`},
		{"nothing dates it, but nobody could have called for it", bare + `
+10ms   > .   1:1001(1000) ack 1 ipid 0
+1ms    > .   2001:3001(1000) ack 1 ipid 0
+4ms    > .   1001:2001(1000) ack 1 ipid 0`, `
6 out-of-order`},
		{"the network doubles a packet, later than a capture does", handshake + `
+10ms   > .   1:1001(1000) ack 1 ipid 11
+1ms    > .   1001:2001(1000) ack 1 ipid 12
+1ms    > .   2001:3001(1000) ack 1 ipid 13
+20ms   > .   1001:2001(1000) ack 1 ipid 12 <nop,nop,TS val 283746161 ecr 991827300>`, `
7 capture-duplicate`},
		{"a SYN-ACK echoes a SYN before the first one captured", `
client 10.0.0.1:40000
server 10.0.0.2:80
+0      > S   0:0(0) win 64240 <mss 1460,sackOK,TS val 2000 ecr 0,nop,wscale 7>
+50ms   < S.  0:0(0) win 65160 <mss 1460,sackOK,TS val 900 ecr 1000,nop,wscale 7>`, `
1 retransmission/timeout
2 syn-ack`},
		{"a SYN again, and its answer again", bare[:strings.Index(bare, "+50us")] + `
+1s     > S   0:0(0) win 64240 <mss 1460> ipid 0
+50ms   < S.  0:0(0) win 65160 <mss 1460> ipid 0`, `
3 retransmission/timeout!
4 retransmission/unknown answers-repeated-syn`},
		{"a keep-alive and its answer; an ACK that its sender's next segment overtook is none", handshake + `
+10s    > .   0:0(0)  ack 1
+50ms   < .   1:1(0)  ack 1 win 509
+1s     > P.  1:2(1)  ack 1 ipid 12
+50ms   < .   1:1(0)  ack 2 win 509
+1ms    > .   1:1(0)  ack 1 ipid 11 <nop,nop,TS val 283747000 ecr 991827300>`, `
4 keep-alive
5 keep-alive-ack
8 ack`},
		{"a byte into a closed window, and the data that begin with it when it opens", handshake + `
+10ms   > .   1:1001(1000) ack 1
+50ms   < .   1:1(0) ack 1001 win 0
+300ms  > .   1001:1002(1) ack 1
+50ms   < .   1:1(0) ack 1001 win 0
+100ms  < .   1:1(0) ack 1001 win 509
+60us   > .   1001:2001(1000) ack 1`, `
6 zero-window-probe
7 zero-window-probe-ack zero-window
8 window-update
9 data`},
		{"a segment far outside the window is nobody's", handshake + `
+10ms   > .   1:1001(1000) ack 1
+1ms    > .   9000001:9000101(100) ack 1 forged
+1ms    > .   1001:2001(1000) ack 1`, `
5 unacceptable
6 data`},
	} {
		t.Run(test.name, func(t *testing.T) {
			frames := scripts.Frames(t, "# a story\n"+test.script)
			got := read(t, frames)
			for _, want := range strings.Split(strings.TrimSpace(test.want), "\n") {
				var frame int
				fmt.Sscan(want, &frame)
				if line := fmt.Sprint(frame, " ", got[uint64(frame)]); line != want {
					t.Errorf("got  %s\nwant %s", line, want)
				}
			}
		})
	}
}

// read is what each frame is, in the words of TestReadingRules.
func read(t *testing.T, frames []lab.Frame) map[uint64]string {
	got, notes := map[uint64]string{}, map[uint64]string{}
	r := newReadings(t, "script")
	r.analyzer.Watch(func(x *analyzer.Reading) {
		frame, text := x.Segment.Frame, x.Kind.String()
		if x.Amends != 0 {
			frame = x.Amends
		}
		for name := range x.Notes.All() {
			notes[frame] += " " + name
		}
		if x.Cause != analyzer.CauseNone {
			text += "/" + x.Cause.String()
		}
		if x.Spurious {
			text += "!"
		}
		got[frame] = text
	})
	for _, fr := range frames {
		r.feed(wire.LinkType(fr.Link), fr.Data, fr.WireLen, fr.Time)
	}
	for frame, n := range notes {
		got[frame] += n
	}
	return got
}
