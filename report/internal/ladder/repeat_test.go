package ladder

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/report/internal/sample"
)

// rest is a group of segments behind a pause: a letter each, upper case for the client. p is a keep-alive probe, a its answer, d data, l more
// data, k an ACK, z one that closes the window, c one beside which the capture has a comment, r a retransmission; digits are tenths of a second
// in between.
type rest struct {
	pause time.Duration
	says  string
}

// again is n rests of 75 s.
func again(n int, says string) []rest {
	return slices.Repeat([]rest{{75 * time.Second, says}}, n)
}

// views are the segments of a conversation that begins with data and rests between the groups.
func views(groups []rest) (list []analyzer.SegmentView) {
	at := sample.At("2026-11-21T01:02:03Z")
	for _, g := range append([]rest{{0, "Dk"}}, groups...) {
		at += analyzer.Time(g.pause)
		for _, letter := range g.says {
			if letter >= '0' && letter <= '9' {
				at += analyzer.Time(letter-'0') * 1e8
				continue
			}
			at += 1e6
			v := analyzer.SegmentView{Frame: uint64(len(list) + 1), Time: at, Window: 1000, HasAck: true, Flags: "A", From: analyzer.Server, Kind: analyzer.KindACK}
			lower := strings.ToLower(string(letter))
			if lower != string(letter) {
				v.From = analyzer.Client
			}
			switch lower {
			case "p":
				v.Kind = analyzer.KindKeepAlive
			case "a":
				v.Kind = analyzer.KindKeepAliveACK
			case "d", "l":
				v.Kind, v.Len = analyzer.KindData, 10*uint32(letter)
			case "z":
				v.Window = 0
			case "c":
				v.Comments = []string{"look"}
			case "r":
				v.Kind, v.Len = analyzer.KindRetransmission, 10
			}
			list = append(list, v)
		}
	}
	return list
}

// sentBy is a conversation of which that many packets of each side were captured.
func sentBy(client, server uint64) *analyzer.Conversation {
	c := longTransfer(1)
	c.Sent = [2]analyzer.Sent{sample.Sent(client, 0, 40*client, 54*client, 0), sample.Sent(server, 0, 40*server, 54*server, 0)}
	return c
}

// rungsOf are the rungs of views: a letter for each segment as it is shown, - for a pause, / for a run, and what repeats as how many times.
func rungsOf(list []analyzer.SegmentView, c *analyzer.Conversation, raised []analyzer.Anomaly, full bool) string {
	var b strings.Builder
	j := &analyzer.Judgment{Anomalies: raised}
	m := newRungMaker(c, j, list[len(list)-1].Time, full, func(r *rung) {
		switch r.kind {
		case rungSegment:
			b.WriteByte('s')
		case rungRun:
			b.WriteByte('/')
		case rungPause:
			b.WriteByte('-')
		case rungRepeat:
			fmt.Fprintf(&b, "(%d)", r.repeat.times)
		default:
			b.WriteByte('?')
		}
	})
	for i := range list {
		m.segment(&list[i])
	}
	m.finish()
	return b.String()
}

// TestRepeats: three groups that are alike fold, two do not; one that is not like them is shown, and what is remarkable always.
func TestRepeats(t *testing.T) {
	pausing := func(pauses ...time.Duration) (list []rest) {
		for _, d := range pauses {
			list = append(list, rest{d, "Pa"})
		}
		return list
	}
	for _, tt := range []struct {
		name   string
		groups []rest
		want   string
	}{
		{"one", again(1, "Pa"), "ss-ss"},
		{"two", again(2, "Pa"), "ss-ss-ss"},
		{"three", again(3, "Pa"), "ss-ss(2)"},
		{"a thousand", again(1000, "Pa"), "ss-ss(999)"},
		{"data", again(3, "DlK"), "ss-sss(2)"},
		{"more than can be shown", again(3, "DlDlDlDlDlDlDlDl"), "ss-ss/(2)"},
		{"a kind that differs in its middle", slices.Concat(again(3, "DlK"), again(1, "DkK"), again(3, "DlK")), "ss-sss(2)-sss-sss(2)"},
		{"a length that differs", slices.Concat(again(2, "DlK"), again(1, "DdK"), again(2, "DlK")), "ss-sss-sss-sss-sss-sss"},
		{"a side that differs", slices.Concat(again(3, "Dk"), again(1, "dK")), "ss-ss(2)-ss"},
		{"one segment more", slices.Concat(again(3, "Pa"), again(1, "PaD")), "ss-ss(2)-sss"},
		{"sent again", slices.Concat(again(3, "Dk"), again(1, "DRk"), again(3, "Dk")), "ss-ss(2)-sss-ss(2)"},
		{"always sent again", again(3, "DRk"), "ss-sss-sss-sss"},
		{"a closed window", again(3, "Dz"), "ss-ss-ss-ss"},
		{"a comment", again(3, "Dc"), "ss-ss-ss-ss"},
		{"an unanswered probe", slices.Concat(again(3, "Pa"), again(3, "P")), "ss-ss(2)-s-s-s"},
		{"probes of both sides", slices.Concat(again(2, "Pa"), again(1, "pA"), again(1, "Pa")), "ss-ss(3)"},
		{"pauses within a quarter", pausing(80e9, 100e9-3e6, 80e9), "ss-ss(2)"},
		{"a pause that is longer", pausing(80e9, 100e9+3e6, 80e9), "ss-ss-ss-ss"},
		{"a shorter pause of keep-alives", pausing(80e9, 5e9, 80e9), "ss-ss(2)"},
		{"a shorter pause of data", []rest{{80e9, "Dk"}, {5e9, "Dk"}, {80e9, "Dk"}}, "ss-ss-ss-ss"},
		{"an answer that is hardly later", slices.Concat(again(1, "D2k"), again(2, "D3k")), "ss-ss(2)"},
		{"a late answer", slices.Concat(again(1, "D2k"), again(2, "D4k")), "ss-ss-ss-ss"},
	} {
		list := views(tt.groups)
		if got := rungsOf(list, sentBy(50, 50), nil, false); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
		if got := rungsOf(list, sentBy(1, 1), nil, true); strings.Count(got, "s") != len(list) || strings.ContainsAny(got, "/(") {
			t.Errorf("%s, in full: %s", tt.name, got)
		}
	}
	for n, want := range map[int]string{groupMost - 1: "(2)", groupMost: ""} { // with the pause it is one more
		some := strings.Repeat("D", n)
		want = "ss-" + strings.Repeat("s", n) + cmp.Or(want, strings.Repeat("-"+strings.Repeat("s", n), 2))
		if got := rungsOf(views(again(3, some)), sentBy(1, 1), nil, false); got != want {
			t.Errorf("%d segments behind each pause: %s, want %s", n, got, want)
		}
	}
	if got := rungsOf(views(again(3, "P")), sentBy(5, 0), nil, false); got != "ss-s(2)" {
		t.Errorf("a capture of one side: %s", got)
	}
	raised := []analyzer.Anomaly{{Kind: analyzer.FindAnomalyKind("keep-alive"), Frame: 7}} // of the third group
	if got := rungsOf(views(again(6, "Pa")), sentBy(1, 1), raised, false); got != "ss-ss-ss-ss-ss(2)" {
		t.Errorf("with an anomaly: %s", got)
	}
}

// TestRepeatText: both renderers say how often, at what intervals, and until when.
func TestRepeatText(t *testing.T) {
	for _, tt := range []struct {
		groups []rest
		style  TimeStyle
		want   string
	}{
		{again(1000, "Pa"), RelativeTime, "keep-alives 999 times more, 1m15s apart, until 75002.002000 (frame 2002): 1,998 packets in 20h47m: client 999; server 999"},
		{again(1000, "Dl"), DeltaTime, "the same 999 times more, 1m15s apart, until 75002.002000 (frame 2002): 1,998 packets in 20h47m: client 999, 679.3 kB; server 999, 1.0 MB"},
		{[]rest{{80e9, "Pa"}, {60e9, "Pa"}, {90e9, "Pa"}}, AbsoluteTime, "keep-alives 2 times more, 1m00s to 1m30s apart, until 01:05:53.008000 (frame 8): 4 packets in 1m30s: client 2; server 2"},
	} {
		list := views(tt.groups)
		c := sentBy(1, 1)
		c.Start, c.End = list[0].Time-1e6, list[len(list)-1].Time
		var ladder, diagram bytes.Buffer
		o := Options{Width: 200, Time: tt.style, End: c.End}
		for _, l := range []Timeline{New(&ladder, c, new(analyzer.Judgment), o), NewMermaid(&diagram, c, new(analyzer.Judgment), o)} {
			for i := range list {
				if err := l.Segment(&list[i]); err != nil {
					t.Fatal(err)
				}
			}
			if err := l.Finish(); err != nil {
				t.Fatal(err)
			}
		}
		if !strings.Contains(ladder.String(), "⋮ "+tt.want+"\n") {
			t.Errorf("no %q in\n%s", tt.want, ladder.String())
		}
		if n := strings.Count(ladder.String(), "\n"); n > 16 {
			t.Errorf("%d lines:\n%s", n, ladder.String())
		}
		before, _, _ := strings.Cut(tt.want, " (frame")
		if tt.style != AbsoluteTime {
			before += " s"
		}
		before += " (frame"
		if strings.Contains(diagram.String(), ".001000 s ") == (tt.style == AbsoluteTime) {
			t.Errorf("a time of day is no number of seconds, and others are:\n%s", diagram.String())
		}
		if !strings.Contains(strings.ReplaceAll(diagram.String(), "<br/>", " "), before) {
			t.Errorf("no %q in\n%s", before, diagram.String())
		}
	}
}

// TestDeltaBehindFolded: what follows a run, or what repeats, is as much later than its last packet.
func TestDeltaBehindFolded(t *testing.T) {
	for _, groups := range [][]rest{append(again(5, "Pa"), rest{5 * time.Second, "R"}), {{time.Second, strings.Repeat("D9k", 20)}, {50 * time.Millisecond, "R"}}} {
		list := views(groups)
		c := sentBy(50, 50)
		c.Start, c.End = list[0].Time-1e6, list[len(list)-1].Time
		var ladder, diagram bytes.Buffer
		o := Options{Width: 120, Time: DeltaTime, End: c.End}
		for _, l := range []Timeline{New(&ladder, c, new(analyzer.Judgment), o), NewMermaid(&diagram, c, new(analyzer.Judgment), o)} {
			for i := range list {
				if err := l.Segment(&list[i]); err != nil {
					t.Fatal(err)
				}
			}
			if err := l.Finish(); err != nil {
				t.Fatal(err)
			}
		}
		n := len(list) - 1
		if want := fmt.Sprintf("+%.6f", list[n].Time.Sub(list[n-1].Time).Seconds()); strings.Count(ladder.String(), want) != 1 || strings.Count(diagram.String(), want) != 1 {
			t.Errorf("not one %s in each of\n%s%s", want, ladder.String(), diagram.String())
		}
	}
}
