package invariant_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"tcptrace/analyzer"
	"tcptrace/analyzer/timing"
	"tcptrace/fsm"
	"tcptrace/internal/testutil/scripts"
	"tcptrace/internal/truth/invariant"
)

const (
	open = `
+0     > S   0:0(0)          win 64240 <mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 7>
+20ms  < S.  0:0(0)    ack 1 win 65160 <mss 1460,sackOK,TS val 900 ecr 100,nop,wscale 7>
+80us  > .   1:1(0)    ack 1 win 502
+1ms   > P.  1:101(100)      ack 1
+20ms  < P.  1:201(200)      ack 101 win 509
+50us  > .   101:101(0)      ack 201
`
	closed = open + `
+1ms    > F.  101:101(0)   ack 201
+20ms   < F.  201:201(0)   ack 102
+50us   > .   102:102(0)   ack 202
`
	reset   = open + "+1s > R. 101:101(0) ack 201\n"
	refused = "+0 > S 0:0(0)\n+20ms < R. 0:0(0) ack 1\n"
	crossed = "+0 > S 0:10(10) win 64240 <mss 1460>\n+1ms < S 0:10(10) win 64240 <mss 1460>\n"
	silent  = "+0 > S 0:0(0)\n+1s > S 0:0(0)\n+2s > S 0:0(0)\n"
)

// one is the conversation of a script, and what is said of its segments.
type one struct {
	c        *analyzer.Conversation
	j        *analyzer.Judgment
	readings []analyzer.Reading
}

func (o *one) Conversation(c *analyzer.Conversation) error {
	o.c, o.j = new(analyzer.Conversation), new(analyzer.Judgment)
	c.CopyTo(o.c)
	o.j.Judge(o.c)
	return nil
}

func analyze(t *testing.T, text string) *one {
	t.Helper()
	frames := scripts.Frames(t, text)
	o := &one{}
	a := analyzer.New(analyzer.Options{}, o)
	a.Watch(func(r *analyzer.Reading) {
		kept, s := *r, *r.Segment
		kept.Segment = &s
		o.readings = append(o.readings, kept)
	})
	for _, f := range frames {
		ci := gopacket.CaptureInfo{Timestamp: time.Unix(0, f.Time), Length: f.WireLen}
		if err := a.Frame(layers.LinkType(f.Link), ci, f.Data); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.Close(); err != nil {
		t.Fatal(err)
	}
	return o
}

// TestCheck spoils what is said of a conversation, one thing at a time.
func TestCheck(t *testing.T) {
	const client, server = analyzer.Client, analyzer.Server
	last := func(o *one, side analyzer.Side) *analyzer.Step {
		steps := o.j.Trajectory[side]
		return &steps[len(steps)-1]
	}
	for _, test := range []struct {
		script string
		spoil  func(o *one)
		want   string // in one of what is found; empty: nothing is
	}{
		{closed, func(*one) {}, ""},
		{open, func(*one) {}, ""},
		{reset, func(*one) {}, ""},
		{refused, func(*one) {}, ""},
		{silent, func(*one) {}, ""},
		{crossed, func(*one) {}, ""},
		{crossed, func(o *one) {
			for i := range o.j.Anomalies {
				o.j.Anomalies[i].Side = client
			}
		}, "outcome unanswered, but the server sent"},
		{closed, func(o *one) { o.c.Outcome = analyzer.Closing }, "outcome closing beside close graceful"},
		{closed, func(o *one) { o.j.Close.Kind = analyzer.CloseUnfinished }, "outcome closed beside close unfinished"},
		{closed, func(o *one) { o.c.ConnState = connState("S2") }, "outcome closed beside conn_state S2"},
		{closed, func(o *one) { o.c.ConnState, o.c.Sent[server].FINs = connState("S2"), 0 }, ""},
		{closed, func(o *one) { o.c.Completeness &^= analyzer.SawFIN }, "no segment was captured that shows it"},
		{closed, func(o *one) { o.j.State[client] = fsm.FinWait2 }, "its trajectory ends in TIME_WAIT"},
		{closed, func(o *one) { o.j.Trajectory[server] = o.j.Trajectory[server][:5] }, "outcome closed beside final states"},
		{closed, func(o *one) { o.j.Trajectory[client][2].State = fsm.Closing }, "is no transition"},
		{closed, func(o *one) { o.j.Trajectory[client][1].ProofFrame = 0 }, "no frame proves it"},
		{closed, func(o *one) { o.j.Trajectory[client][1].ProofFrame = 1 }, "is proved by frame 1, before it"},
		{closed, func(o *one) { o.j.Trajectory[client][1].Frame, o.j.Trajectory[client][1].ProofFrame = 10, 11 }, "which the conversation does not have"},
		{closed, func(o *one) { o.j.Trajectory[client][1].Evidence = analyzer.EvidenceSent }, "is said to be shown by what it sent"},
		{closed, func(o *one) { o.j.Trajectory[client][1].NotBefore = o.j.Trajectory[client][1].NotAfter }, ""},
		{closed, func(o *one) { o.j.Trajectory[client][1].NotBefore = o.j.Trajectory[client][1].NotAfter + 1 }, "behind not_after"},
		{closed, func(o *one) { o.j.Trajectory[client][0].NotBefore = o.j.Trajectory[client][2].NotAfter + 1 }, "earlier not after"},
		{closed, func(o *one) { o.j.Close.Simultaneous = true }, "and both at once"},
		{open, func(o *one) { o.c.Spent[timing.Closing] = 1 }, "and neither side closed"},
		{closed, func(o *one) { o.j.Close.First = server }, "only the client was in FIN_WAIT_1"},
		{closed, func(o *one) { o.c.Completeness &^= analyzer.SawSYN | analyzer.SawSYNACK }, "a handshake shows the roles"},
		{reset, func(o *one) { o.j.Close.ByState = fsm.CloseWait }, "by_state is CLOSE_WAIT"},
		{reset, func(o *one) { o.j.Close.OtherState = fsm.SynRcvd }, "other_state is SYN_RCVD"},
		{reset, func(o *one) { o.j.Close.Cause = resetCause("injected") }, "said to be injected"},
		{reset, func(o *one) { o.j.Close.Cause = resetCause("refused") }, "cause refused beside outcome reset"},
		{reset, func(o *one) { o.j.Close.Frame = 0 }, "reset by frame 0"},
		{reset, func(o *one) { o.c.Outcome = analyzer.Open }, "outcome open beside final states"},
		{reset, func(o *one) { o.c.ConnState = connState("S1") }, "outcome reset beside conn_state S1"},
		{refused, func(o *one) { o.c.Outcome = analyzer.Open }, "outcome open beside close reset"},
		{refused, func(o *one) { o.c.Completeness &^= analyzer.SawSYN }, "connection-refused, but there is neither SYN nor SYN-ACK"},
		{refused, func(o *one) { last(o, client).Cause = fsm.UserTimeout }, "connection-refused (client, frame 2) without"},
		{silent, func(o *one) {
			o.c.Sent[server].Packets, o.c.Sent[server].StreamBytes, o.c.Completeness = 1, 1, o.c.Completeness|analyzer.SawACK
		}, "the server sent 1 segments"},
		{silent, func(o *one) { o.j.Anomalies = append(o.j.Anomalies, o.j.Anomalies[len(o.j.Anomalies)-1]) }, "twice in frame"},
		{silent, func(o *one) { slices.Reverse(o.j.Anomalies) }, "is listed behind"},
		{open, func(o *one) { o.c.Sent[client].UniqueBytes = 101 }, "unique bytes 101 > stream bytes 100"},
		{open, func(o *one) { o.c.Sent[client].RetransmittedBytes = 1 }, "1 bytes retransmitted, by no segment"},
		{open, func(o *one) { o.c.Sent[client].FlightTimeAvg = o.c.Sent[client].FlightMax }, ""},
		{open, func(o *one) { o.c.Sent[client].FlightTimeAvg = o.c.Sent[client].FlightMax + 1 }, "mean over time in flight 101 > most 100"},
		{open, func(o *one) { o.c.End = o.c.Start - 1 }, "the longest silence 20.08ms > the conversation 1ns"},
		{open, func(o *one) { o.c.Sent[server].IdleMax = -1 }, "0 0s > the longest silence -1ns"},
		{open, func(o *one) { o.c.Sent[server].IdleMax = o.c.Duration() + 1 }, "the longest silence"},
		{open, func(o *one) { o.c.Sent[server].RTT.Min = o.c.Sent[server].RTT.Max + 1 }, "round trips: least"},
	} {
		o := analyze(t, test.script)
		test.spoil(o)
		expect(t, invariant.Check(o.c, o.j), test.want)
	}
}

// expect wants a text in one of what was found, or nothing found.
func expect(t *testing.T, found []string, want string) {
	t.Helper()
	all := strings.Join(found, "\n")
	if want == "" && all != "" || !strings.Contains(all, want) {
		t.Errorf("found %q, want %q", all, want)
	}
}

func TestStory(t *testing.T) {
	for _, test := range []struct{ script, story, want string }{
		{closed, "The client closed first; both FINs were acknowledged.", ""},
		{open, "The client closed first; both FINs were acknowledged.", "without the outcome closed"},
		{closed, "Neither side closed.", "without the outcome open"},
		{reset, "It was ended by an RST (frame 7).", ""},
		{closed, "It was ended by an RST (frame 7).", "without a close by an RST"},
		{open, "It was probably ended by an RST (frame 7).", "without a close by an RST"},
		{reset, "It was ended at one end only, by an RST (frame 7).", "without a close by an RST at one end"},
		{open, "It was ended at one end only, by an RST (frame 7).", "without a close by an RST at one end"},
		{open, "Both sides have the connection still.", ""},
		{reset, "both sides have the connection still.", "without both ESTABLISHED"},
		{open, "Nothing went wrong that the capture shows.", ""},
		{refused, "Nothing went wrong that the capture shows.", "no wait"},
		{open[strings.Index(open, "+1ms"):], "The capture begins in the middle of a connection.", ""},
		{open, "The capture begins in the middle of a connection.", "neither SYN nor SYN-ACK"},
		{open + "+300ms > P. 1:101(100) ack 201\n", "The client sent 100 bytes (20 of them more than once).", ""},
		{open, "The client sent 100 bytes (20 of them more than once).", "retransmitted nothing"},
		{open, "The client sent 100 bytes (2,000 of them more than once).", "2,000 of 100 bytes"},
		{open, "It lasted -5 ms.", "a negative number"},
	} {
		o := analyze(t, test.script)
		expect(t, invariant.Story(o.c, o.j, []string{test.story}), test.want)
	}
}

func TestSegments(t *testing.T) {
	for _, test := range []struct {
		script string
		spoil  func(v *analyzer.SegmentView)
		want   string
	}{
		{closed, func(*analyzer.SegmentView) {}, ""},
		{reset, func(*analyzer.SegmentView) {}, ""},
		{closed, func(v *analyzer.SegmentView) { v.State[0] = fsm.Closing }, "by its trajectory in"},
		{closed, func(v *analyzer.SegmentView) { v.Frame = 1 }, "frame 1 behind frame 1"},
		{closed, func(v *analyzer.SegmentView) { v.Since = 0 }, "0s after the first one, by their times"},
		{closed, func(v *analyzer.SegmentView) { v.Notes = append(v.Notes, "zero-window", "zero-window") }, "zero-window twice"},
		{closed, func(v *analyzer.SegmentView) { v.Kind = analyzer.KindRetransmission }, "segments are retransmissions, and 0 were counted"},
		{closed, func(v *analyzer.SegmentView) { v.From ^= 1 }, "which it did not send"},
	} {
		o := analyze(t, test.script)
		var (
			maker analyzer.Timelines
			view  analyzer.SegmentView
		)
		timeline, check := maker.New(o.c), invariant.NewSegments(o.c, o.j)
		for i := range o.readings {
			timeline.Segment(&o.readings[i], &view)
			if i > 0 {
				test.spoil(&view)
			}
			check.Segment(&view)
		}
		expect(t, check.Problems(), test.want)
	}
}

// reporter keeps what a test would say.
type reporter []string

func (r *reporter) Errorf(format string, args ...any) { *r = append(*r, fmt.Sprintf(format, args...)) }

// spoiler hands on conversations that it has spoiled.
type spoiler struct{ next analyzer.Sink }

func (s *spoiler) Conversation(c *analyzer.Conversation) error {
	c.Outcome = analyzer.HalfOpen
	return s.next.Conversation(c)
}

func TestSink(t *testing.T) {
	var said reporter
	o := analyze(t, closed)
	kept := &one{}
	sink := invariant.Sink(&said, kept, func(*analyzer.Conversation, *analyzer.Judgment) []string { return []string{"Neither side closed."} })
	if err := (&spoiler{sink}).Conversation(o.c); err != nil || kept.c == nil {
		t.Error("the conversation was not handed on", err)
	}
	for _, want := range []string{"stream 0, frames 1 to 9: outcome half-open beside close graceful", "story: \"neither side closed\""} {
		if !strings.Contains(strings.Join(said, "\n"), want) {
			t.Errorf("said %q, want %q", said, want)
		}
	}
}

// connState is the one of that name.
func connState(name string) (s analyzer.ConnState) {
	for s.String() != name {
		s++
	}
	return s
}

// resetCause is the one of that name.
func resetCause(name string) (c analyzer.ResetCause) {
	for c.String() != name {
		c++
	}
	return c
}
