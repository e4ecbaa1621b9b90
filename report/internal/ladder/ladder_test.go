package ladder

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/report/internal/human"
	"tcptrace/report/internal/sample"
)

// transfer feeds a timeline n segments of data of 1000 bytes and as many ACKs, 10 us apart.
func transfer(t testing.TB, l Timeline, n int) {
	t.Helper()
	v := analyzer.SegmentView{Time: sample.At("2026-11-21T01:02:03Z"), HasAck: true, Window: 1000}
	for i := range n {
		v.Frame, v.Time, v.Since = v.Frame+1, v.Time+10_000, v.Since+10_000
		v.From, v.Flags, v.Kind, v.Len, v.Seq, v.Ack = analyzer.Server, "PA", analyzer.KindData, 1000, int64(1+1000*i), 1
		if err := l.Segment(&v); err != nil {
			t.Fatal(err)
		}
		v.Frame, v.Time, v.Since = v.Frame+1, v.Time+10_000, v.Since+10_000
		v.From, v.Flags, v.Kind, v.Len, v.Seq, v.Ack = analyzer.Client, "A", analyzer.KindACK, 0, 1, int64(1001+1000*i)
		if err := l.Segment(&v); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Finish(); err != nil {
		t.Fatal(err)
	}
}

func longTransfer(n uint64) *analyzer.Conversation {
	return &analyzer.Conversation{
		Addr: sample.Between("10.0.0.1:40000", "10.0.0.2:80"), Start: sample.At("2026-11-21T01:02:03Z"), End: sample.At("2026-11-21T01:02:23Z"),
		FirstFrame: 1, LastFrame: 2 * n, Outcome: analyzer.Open,
		Sent: [2]analyzer.Sent{sample.Sent(n, 0, 40*n, 54*n, 0), sample.Sent(n, 1000*n, 1040*n, 1054*n, 1000*n)},
	}
}

// TestLongRunFolds: a million segments are one line, and take no memory; --full shows each.
func TestLongRunFolds(t *testing.T) {
	const n = 500_000
	c, j := longTransfer(n), new(analyzer.Judgment)
	var out bytes.Buffer
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	transfer(t, New(&out, c, j, Options{Width: 100, End: c.End}), n)
	runtime.ReadMemStats(&after)
	if grew := after.TotalAlloc - before.TotalAlloc; grew > 1<<20 {
		t.Errorf("%d bytes were allocated", grew)
	}
	if want := "⋮ 999,998 packets in 9.999 s: client 499,999; server 499,999, 499.9 MB\n"; !strings.Contains(out.String(), want) {
		t.Errorf("want %q in\n%s", want, out.String())
	}
	if lines := strings.Count(out.String(), "\n"); lines > 13 {
		t.Errorf("%d lines:\n%s", lines, out.String())
	}
	out.Reset()
	transfer(t, New(&out, longTransfer(50), j, Options{Full: true}), 50)
	if arrows := strings.Count(out.String(), "►│") + strings.Count(out.String(), "│◄"); arrows != 100 {
		t.Errorf("--full: %d arrows, want 100", arrows)
	}
}

// TestDiagramIsBounded: however much happens, a diagram stays one that can be looked at, and says what it leaves out.
func TestDiagramIsBounded(t *testing.T) {
	const n = 1000
	var out bytes.Buffer
	transfer(t, NewMermaid(&out, longTransfer(n), new(analyzer.Judgment), Options{Full: true}), n)
	if arrows := strings.Count(out.String(), "->>"); arrows != mermaidHead+mermaidTail {
		t.Errorf("%d arrows, want %d", arrows, mermaidHead+mermaidTail)
	}
	if want := fmt.Sprintf("left out here: %s packets", human.Count(2*n-mermaidHead-mermaidTail)); !strings.Contains(out.String(), want) {
		t.Errorf("want %q in\n%s", want, out.String())
	}
	if want := "ACK 1000001 win 1000\n```\n"; !strings.HasSuffix(out.String(), want) {
		t.Errorf("the last segment is not the last line:\n%s", out.String())
	}
}

// TestRungs holds what is folded, and where steps and pauses stand, against a conversation with all of them.
func TestRungs(t *testing.T) {
	start := sample.At("2026-11-21T01:02:03Z")
	j := &analyzer.Judgment{Course: analyzer.Course{Trajectory: [2][]analyzer.Step{
		{{State: fsm.Established, Frame: 1, Time: start}, {State: fsm.Closed, Evidence: analyzer.EvidenceTimer, Cause: fsm.TimeWaitTimeout, Time: start + 60e9}},
		{{State: fsm.Listen, Frame: 2, Time: start + 1}, {State: fsm.SynRcvd, Frame: 2, Time: start + 1}, {State: fsm.Closed, Frame: 90, Time: start + 100e9}},
	}}}
	var got []string
	m := newRungMaker(longTransfer(50), j, start+200e9, false, func(r *rung) {
		s := fmt.Sprintf("%d %d", r.kind, r.frame)
		for side, steps := range r.steps {
			for i := range steps {
				s += fmt.Sprintf(" %d:%s", side, steps[i].State)
			}
		}
		switch r.kind {
		case rungRun:
			s += fmt.Sprintf(" %d+%d", r.run.packets[0], r.run.packets[1])
		case rungPause:
			s += " " + r.pause.String()
		}
		got = append(got, s)
	})
	for i := range 20 {
		v := analyzer.SegmentView{Frame: uint64(i + 1), Time: start + analyzer.Time(i), Kind: analyzer.KindACK, Window: 1}
		switch {
		case i == 14:
			v.Kind, v.Cause = analyzer.KindRetransmission, analyzer.CauseTimeout
		case i == 19:
			v.Time = start + 70e9
		}
		m.segment(&v)
	}
	m.finish()
	want := []string{
		"0 1 0:ESTABLISHED 1:LISTEN", "0 2 1:SYN_RCVD",
		"0 3", "0 4", "1 5 10+0", // a run
		"0 15",                         // what is not ordinary ends it
		"0 16", "0 17", "0 18", "0 19", // too few
		"2 0 1m9.999999982s", "3 0 0:CLOSED", // a step by time alone
		"0 20", "2 0 2m10s", "3 90 1:CLOSED", // of a frame of another conversation
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestLabelsFit: however narrow, a label fits, and what makes a segment special is either in it or left over.
func TestLabelsFit(t *testing.T) {
	v := analyzer.SegmentView{
		Flags: "FPA", Seq: 123456, Len: 1448, Ack: 98765, HasAck: true, Window: 64240, Unscaled: true,
		Kind: analyzer.KindRetransmission, Cause: analyzer.CauseTimeout, Spurious: true, Notes: []string{"previous-segment-missing", "no-answer"},
	}
	raised := []analyzer.Anomaly{{Kind: analyzer.FindAnomalyKind("no-answer")}}
	l := newLabel(&v, raised)
	if text, left := l.fit(200, " · "); left != "" ||
		text != "FIN+PSH+ACK 123456:124904(1448) ack 98765 raw win 64240 · retransmission (timer), not needed, previous segment missing" {
		t.Errorf("in 200 columns: %q, left %q", text, left)
	}
	for width := 4; width < 200; width++ {
		text, left := l.fit(width, " · ")
		if utf8.RuneCountInString(text) > width {
			t.Errorf("in %d columns: %q", width, text)
		}
		if strings.Contains(text, l.what) == (left != "") {
			t.Errorf("in %d columns: %q, left %q", width, text, left)
		}
	}
}

// TestHostileText: what is no plain text does not reach a terminal, nor Mermaid's parser.
func TestHostileText(t *testing.T) {
	const hostile = "a\x1b[31mb\nc\rd\x07e\u009bf\u202eg\xffh\u2066i"
	if got, want := human.PlainText(hostile, false), "a?[31mb?c?d?e?f?g?h?i"; got != want {
		t.Errorf("plainText: %q, want %q", got, want)
	}
	if got, want := human.PlainText("60 us – ok", true), "60 us ? ok"; got != want {
		t.Errorf("plainText in ASCII: %q, want %q", got, want)
	}
	m := new(Mermaid)
	if got, want := m.escaped("<b>#1; to the end, {x} %% \"y\"\nz"), "#60;b#62;#35;1#59; to the #101;nd, #123;x#125; #37;#37; #34;y#34;#63;z"; got != want {
		t.Errorf("escaped: %q, want %q", got, want)
	}
}

func BenchmarkLadder(b *testing.B) {
	c, j := longTransfer(1000), new(analyzer.Judgment)
	for b.Loop() {
		transfer(b, New(io.Discard, c, j, Options{Full: true}), 1000)
	}
	b.ReportMetric(2000*float64(b.N)/b.Elapsed().Seconds()/float64(time.Second/time.Microsecond), "Mpkt/s")
}

// The id of a conversation stays with its name: behind what the conversation is, or on a line of its own.
func TestAboutKeepsTheIDTogether(t *testing.T) {
	const text, id = "9 packets in 1 s", "community ID 1:abc="
	for width, want := range map[int]string{
		len(text + ", " + id):     text + ", " + id + "\n",
		len(text+", "+id) - 1:     text + ",\n" + id + "\n",
		len(id):                   text + ",\n" + id + "\n",
		len("community ID 1:abc"): text + ",\ncommunity ID\n1:abc=\n",
	} {
		var b bytes.Buffer
		l := Ladder{w: &b, layout: ladderLayout{width: width}}
		l.about(text, id)
		if got := b.String() + string(l.b); got != want {
			t.Errorf("%d columns: %q, want %q", width, got, want)
		}
	}
}

// A pause at the end lasts until the capture ends, or so far while it goes on.
func TestPauseText(t *testing.T) {
	for _, tt := range []struct {
		toEnd, running bool
		want           string
	}{{false, false, "2.000 s without a packet"}, {false, true, "2.000 s without a packet"},
		{true, false, "2.000 s without a packet, until the capture ends"}, {true, true, "2.000 s without a packet so far"}} {
		if got := pauseText(&rung{pause: 2 * time.Second, toEnd: tt.toEnd}, tt.running); got != tt.want {
			t.Errorf("%v %v: %q, want %q", tt.toEnd, tt.running, got, tt.want)
		}
	}
}

// TestOver: nobody waits for a packet when the endpoints' hosts say that the connection is over, before the end; else it is waited for to the end.
func TestOver(t *testing.T) {
	at := func(second int) analyzer.Time { return sample.At("2026-11-21T01:02:03Z") + analyzer.Time(second)*1e9 }
	closed := analyzer.Step{State: fsm.Closed, Time: at(5), Evidence: analyzer.EvidenceKernel}
	timed, shown, late := closed, closed, closed
	timed.Evidence, shown.Frame, late.Time = analyzer.EvidenceTimer, 1, at(20)
	for _, c := range []struct {
		name   string
		client analyzer.Step
		state  [2]fsm.State
		want   string
	}{
		{"its host closed", closed, [2]fsm.State{fsm.Closed, fsm.Unknown}, "⋯ 5.000 s without a packet\n"},
		{"both closed", closed, [2]fsm.State{fsm.Closed, fsm.Closed}, "⋯ 5.000 s without a packet\n"},
		{"its peer has it", closed, [2]fsm.State{fsm.Closed, fsm.LastAck}, "⋯ 10.000 s without a packet so far\n"},
		{"by a timer", timed, [2]fsm.State{fsm.Closed, fsm.Unknown}, "⋯ 10.000 s without a packet so far\n"},
		{"by the last packet", shown, [2]fsm.State{fsm.Closed, fsm.Unknown}, "⋯ 10.000 s without a packet so far\n"},
		{"behind the end", late, [2]fsm.State{fsm.Closed, fsm.Unknown}, "⋯ 10.000 s without a packet so far\n"},
	} {
		var out bytes.Buffer
		j := new(analyzer.Judgment)
		j.Trajectory[analyzer.Client], j.State = []analyzer.Step{{State: fsm.SynSent, Time: at(0), Frame: 1}, c.client}, c.state
		l := New(&out, longTransfer(1), j, Options{Width: 100, End: at(10), Running: true})
		v := analyzer.SegmentView{Frame: 1, Time: at(0), Flags: "S"}
		if err := errors.Join(l.Segment(&v), l.Finish()); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), c.want) {
			t.Errorf("%s: no %q in\n%s", c.name, c.want, out.String())
		}
	}
}
