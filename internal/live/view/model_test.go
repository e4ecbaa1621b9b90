package view

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"tcptrace/analyzer"
	"tcptrace/internal/input"
	"tcptrace/internal/live"
	"tcptrace/internal/live/recent"
	"tcptrace/internal/testutil/thorough"
	"tcptrace/report"
)

// TestSizes draws every screen in every size, and holds it against that.
func TestSizes(t *testing.T) {
	s := newStage(t, "showcase", Options{Color: true, Title: "Ethernet ネットワーク 0", Where: "packets > 0"})
	s.packets(28)
	screens := map[string][]string{
		"table": nil, "ladder": {"enter"}, "help": {"?"}, "ladder's help": {"esc", "enter", "?"}, "prompt": {"?", "esc", "/", "x", "enter"},
	}
	for _, name := range []string{"table", "ladder", "ladder's help", "prompt", "help"} {
		s.keys(screens[name]...)
		for width := range 100 {
			for _, height := range []int{0, 1, 2, 3, 4, 5, 11, 12, 24, 60} {
				s.size(width, height)
				s.fits()
				if t.Failed() {
					t.Fatalf("%s at %dx%d", name, width, height)
				}
			}
		}
	}
}

// TestLadderNames: the title of a ladder has the socket and the name of its server.
func TestLadderNames(t *testing.T) {
	s := newStage(t, "showcase", Options{})
	s.packets(28)
	s.size(150, 30)
	s.keys("down", "enter")
	if text := s.m.View().Content; !strings.Contains(text, "#0 10.0.0.1:40000 > 10.0.0.2:80 (www.example.org)  ") {
		t.Errorf("the title lacks the name:\n%s", text)
	}
}

// TestForeignText: nothing that a terminal would obey gets through from any text that is not the view's own.
func TestForeignText(t *testing.T) {
	hostile := "\x1b]0;owned\x07 \x1b[2J\x1b[31m \u009b31m \x90q\x9c \u202e\u2066\u200f\u200b\u2028\u0301\ufe0f\U000e0041 \x00\x08\r\n\xff caf\u00e9"
	s := newStage(t, "showcase", Options{Title: hostile, Where: `server.name != "` + strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' || r == 0 || r == '\x08' {
			return -1
		}
		return r
	}, hostile) + `"`})
	s.packets(28)
	check := func(what string) {
		t.Helper()
		for i, r := range ansi.Strip(strings.ReplaceAll(s.m.View().Content, "\n", "")) {
			if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x2028 && r <= 0x202e || r >= 0x2060 && r <= 0x206f || r == 0x200b || r == 0x200f || r == 0xfe0f || r == 0x301 || r >= 0xe0000 {
				t.Errorf("%s: %U at %d of the screen", what, r, i)
			}
		}
		for _, set := range ladderStyle.ReplaceAllString(strings.NewReplacer("\x1b[2m", "", "\x1b[7m", "", "\x1b[32m", "", "\x1b[m", "").Replace(s.m.View().Content), "") {
			if set == '\x1b' {
				t.Errorf("%s: a sequence that is not the view's own: %q", what, s.m.View().Content)
				break
			}
		}
		if !strings.Contains(s.text(), "?]0;owned?") {
			t.Errorf("%s does not show the name:\n%s", what, s.text())
		}
	}
	check("the table")
	s.keys("/")
	s.m.Update(tea.PasteMsg{Content: hostile})
	check("the prompt")
	s.keys("enter")
	check("what is wrong with it")
	s.keys("esc", "enter")
	check("the ladder")
	p := painter{color: true, width: 80}
	if got, want := p.painted("\x1b[1mbold\x1b[0m \x1b[2J\x1b[31mred\x1b[0m"), "\x1b[1mbold\x1b[0m ?[2J\x1b[31mred\x1b[0m"; got != want {
		t.Errorf("a ladder's line is %q, want %q", got, want)
	}
}

// TestSorting sorts by every column, both ways: what stands in neighbouring rows is in order, and all rows are there.
func TestSorting(t *testing.T) {
	s := newStage(t, "showcase", Options{})
	s.packets(20)
	s.packets(31)
	s.size(250, 50)
	for range columns {
		s.keys(">")
		for range 2 {
			col := &columns[s.m.sort]
			if len(s.m.rows) != 6 {
				t.Fatalf("%d rows by %s", len(s.m.rows), col.head)
			}
			falls := col.down != s.m.reversed
			for i := 1; i < len(s.m.rows); i++ {
				if order := col.compare(s.m.rows[i-1], s.m.rows[i]); falls && order < 0 || !falls && order > 0 {
					t.Errorf("by %s, falling %v: %q before %q", col.head, falls, col.text(s.m.rows[i-1]), col.text(s.m.rows[i]))
				}
			}
			if mark := map[bool]string{true: "▼", false: "▲"}[falls]; !strings.Contains(s.text(), mark) {
				t.Errorf("no %s in the head", mark)
			}
			s.keys("r")
		}
	}
}

// TestSelection: the selected conversation stays selected wherever it moves, and in sight.
func TestSelection(t *testing.T) {
	s := newStage(t, "showcase", Options{})
	s.packets(31)
	s.keys("down", "down")
	was := s.m.rows[s.m.cursor].c.Stream
	s.keys(">", ">", "r")
	if now := s.m.rows[s.m.cursor].c.Stream; now != was {
		t.Errorf("stream %d is selected, not %d", now, was)
	}
	s.size(80, 8) // four rows
	for _, k := range []string{"end", "home", "pgdown", "pgup", "down", "up", "up"} {
		s.keys(k)
		if s.m.cursor < s.m.top || s.m.cursor >= s.m.top+s.m.tableHeights().rows || !strings.Contains(s.text(), "\n>") {
			t.Errorf("after %s row %d is selected, those from %d on are visible:\n%s", k, s.m.cursor, s.m.top, s.text())
		}
	}
}

// TestLadderGrows: an open ladder shows what comes, and what came before it was opened; the last of the conversation
// stays when all is over.
func TestLadderGrows(t *testing.T) {
	s := newStage(t, "close-client", Options{})
	s.packets(3)
	s.keys("enter")
	before := s.text()
	for _, want := range []string{"SYN seq 0", "ESTABLISHED"} {
		if !strings.Contains(before, want) {
			t.Errorf("no %q in\n%s", want, before)
		}
	}
	if strings.Contains(before, "FIN") {
		t.Errorf("a FIN before it came:\n%s", before)
	}
	s.size(80, 60)
	all := analyzed(t, "close-client")
	s.packets(all)
	if after := s.text(); !strings.Contains(after, "TIME_WAIT ✓") || !strings.Contains(after, "following") {
		t.Errorf("after %d packets:\n%s", all, after)
	}
	s.end()
	if after := s.text(); !strings.Contains(after, "TIME_WAIT ✓") || !strings.Contains(after, "the capture is over") {
		t.Errorf("at the end:\n%s", after)
	}
	s.keys("esc", "enter")
	if after := s.text(); !strings.Contains(after, "SYN seq 0") || !strings.Contains(after, "TIME_WAIT ✓") {
		t.Errorf("opened again:\n%s", after)
	}
}

// analyzed is how many packets a capture has.
func analyzed(t *testing.T, capture string) uint64 {
	src := input.Open([]string{"../../../testdata/pcaps/" + capture + ".pcap"}, input.Options{})
	defer src.Close()
	sum, err := live.New(src, live.Options{}).Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return sum.Packets
}

// chosenAll keeps the conversations of a first pass, all of which a second one shows.
type chosenAll struct {
	choice analyzer.Choice
	list   []analyzer.Conversation
}

func (a *chosenAll) Conversation(c *analyzer.Conversation) error {
	a.choice.Take(c)
	a.list = append(a.list, analyzer.Conversation{})
	c.CopyTo(&a.list[len(a.list)-1])
	return nil
}

// timelines are the ladders of a capture as the analysis of the file has them, by first frame.
func timelines(t *testing.T, file string, look report.TimelineOptions) map[uint64]string {
	t.Helper()
	all := &chosenAll{}
	open := func() input.Source { return input.Open([]string{file}, input.Options{}) }
	sum, err := all.choice.Read(context.Background(), open(), all)
	if err != nil {
		t.Fatal(err)
	}
	look.End = sum.End
	texts := make([]bytes.Buffer, len(all.list))
	steps := make([]analyzer.Timeline, len(all.list))
	ladders := make([]report.Timeline, len(all.list))
	var maker analyzer.Timelines
	for i := range all.list {
		var j analyzer.Judgment
		j.Judge(&all.list[i])
		steps[i] = maker.New(&all.list[i])
		ladders[i] = report.NewLadder(&texts[i], &all.list[i], &j, look)
	}
	var v analyzer.SegmentView
	if err := all.choice.Watch(context.Background(), open(), func(s *analyzer.Frame) error {
		steps[s.Conversation].Segment(&s.Reading, &v)
		return ladders[s.Conversation].Segment(&v)
	}); err != nil {
		t.Fatal(err)
	}
	byFirst := map[uint64]string{}
	for i := range all.list {
		if err := ladders[i].Finish(); err != nil {
			t.Fatal(err)
		}
		byFirst[all.list[i].FirstFrame] = strings.TrimRight(texts[i].String(), "\n")
	}
	return byFirst
}

// TestLadderEqualsTimeline: the ladder of a conversation, made of what the ring kept of it, is the one that the analysis of the
// file has: with amendments, numbers, windows and all.
func TestLadderEqualsTimeline(t *testing.T) {
	files, err := filepath.Glob("../../../testdata/*/*.pcap*")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d captures: %v", len(files), err)
	}
	shown := 0
	files = thorough.Some(t, files, 4)
	for _, file := range files {
		if strings.Contains(file, "rst-text-hostile") {
			continue // the text takes lines of its own, and a ring keeps no bytes
		}
		src := input.Open([]string{file}, input.Options{})
		loop := live.New(src, live.Options{})
		s := newSampler(&Options{Loop: loop})
		if _, err := loop.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
		src.Close()
		for first, want := range timelines(t, file, report.TimelineOptions{Width: 100, Legend: true}) {
			shot, l := &snapshot{}, ladder{first: first}
			s.copy(&request{into: shot, ladder: first}, shot, false)
			if shot.sum.Packets > recent.Size || !shot.found || shot.ladder.c.Packets() > recent.Most {
				continue
			}
			l.draw(shot, &painter{width: 100}, false)
			if n := l.missing(&shot.ladder.c); n > 0 {
				t.Errorf("%s, frame %d: %d segments are missing", filepath.Base(file), first, n)
			}
			got := strings.Join(l.lines, "\n")
			if lines := strings.Split(want, "\n"); len(lines) == len(l.lines) {
				for i, line := range l.lines { // a SYN or SYN-ACK that waited: a second pass shows it before it is read
					if strings.Contains(lines[i], "SYN") && (strings.Contains(line, "not accepted") || strings.Contains(line, "captured twice")) {
						lines[i] = line
					}
					if strings.Contains(lines[i], ` · text "`) && !strings.Contains(line, " · text ") {
						lines[i] = line // a ring keeps no bytes
					}
				}
				want = strings.Join(lines, "\n")
			}
			if got != want {
				t.Errorf("%s, frame %d:\n%s\nthe timeline is\n%s", filepath.Base(file), first, got, want)
			}
			shown++
		}
	}
	want := 100
	if !thorough.Asked() {
		want = len(files) / 2
	}
	if shown < want {
		t.Errorf("only %d ladders", shown)
	}
}

// TestMissingBeginning: of a long conversation the latest segments are shown, with the states reached and the true numbers.
func TestMissingBeginning(t *testing.T) {
	s, list := crowd(t, 3)
	seg := &list[1]
	m := s.loop.Monitor()
	for i := range uint64(2 * recent.Size) {
		seg.Frame, seg.Time = 1000+i, seg.Time+1000
		m.Segment(seg)
		seg.Seq += seg.Len
	}
	m.Flush(analyzer.Time(seg.Time))
	shot := &snapshot{}
	s.copy(&request{into: shot, ladder: 4}, shot, true)
	if !shot.found || len(shot.segments) != recent.Most {
		t.Fatalf("found %v, %d segments", shot.found, len(shot.segments))
	}
	for range 3 * recent.Most { // goes on while it is watched
		seg.Frame++
		m.Segment(seg)
		seg.Seq += seg.Len
	}
	s.copy(&request{into: shot, ladder: 4}, shot, true)
	if n := len(shot.segments); n != recent.Most || shot.segments[n-1].Frame() != seg.Frame || shot.segments[0].Frame() != seg.Frame-recent.Most+1 {
		t.Errorf("%d segments, the last is frame %d, want %d", n, shot.segments[n-1].Frame(), seg.Frame)
	}
	l := ladder{first: 4}
	l.draw(shot, &painter{width: 100}, false)
	text := strings.Join(l.lines, "\n")
	var v analyzer.SegmentView
	shot.segments[0].Correct(&v, true)
	first := v.Seq
	for _, want := range []string{"ESTABLISHED", fmt.Sprintf("%d:%d(100)", first, first+100)} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for _, not := range []string{"SYN_SENT", "raw win"} {
		if strings.Contains(strings.Split(text, "\n\n")[1], not) {
			t.Errorf("%q in\n%s", not, text)
		}
	}
}

// TestInterval: the share of the loop's time is bounded.
func TestInterval(t *testing.T) {
	for took, want := range map[time.Duration]time.Duration{0: 250 * time.Millisecond, time.Millisecond: 250 * time.Millisecond, 50 * time.Millisecond: time.Second} {
		if got := interval(took); got != want {
			t.Errorf("after %s the next snapshot is in %s, want %s", took, got, want)
		}
	}
}

// TestShort is the text of rates.
func TestShort(t *testing.T) {
	for n, want := range map[float64]string{
		0: "", 0.9: "", 1: "1", 999: "999", 1000: "1.0k", 1999: "1.9k", 12345: "12.3k", 999_999: "999k", 1e6: "1.0M", 2.5e9: "2.5G", 1e30: "9999E",
	} {
		if got := short(n); got != want {
			t.Errorf("short(%g) is %q, want %q", n, got, want)
		}
	}
}

// TestEnds: the view ends with the loop if asked to, when its context does, and when q or ctrl+c is pressed, which it tells apart.
func TestEnds(t *testing.T) {
	for name, quits := range map[string]bool{"the loop": true, "the context": false, "q": false, "\x03": false} {
		t.Run(name, func(t *testing.T) {
			src := input.Open([]string{"../../../testdata/pcaps/showcase.pcap"}, input.Options{})
			defer src.Close()
			loop := live.New(src, live.Options{})
			var in, out bytes.Buffer
			if len(name) == 1 {
				in.WriteString(name)
			}
			v, err := New(Options{Loop: loop, In: &in, Out: &out, QuitAtEnd: quits})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			if name == "the context" {
				time.AfterFunc(50*time.Millisecond, cancel)
			}
			over := make(chan struct{})
			go func() {
				defer close(over)
				_, _ = loop.Run(context.Background())
			}()
			if err := v.Run(ctx); errors.Is(err, ErrInterrupted) != (name == "\x03") || err != nil && !errors.Is(err, ErrInterrupted) {
				t.Error(err)
			}
			<-over
			if name != "the context" && ctx.Err() != nil {
				t.Error("it did not end by itself")
			}
		})
	}
}

// TestBadCondition is refused before anything is shown.
func TestBadCondition(t *testing.T) {
	_, err := New(Options{Loop: live.New(input.Open(nil, input.Options{}), live.Options{}), Where: "outcom == 1"})
	if err == nil || !strings.Contains(err.Error(), "did you mean outcome") {
		t.Errorf("the error is %v", err)
	}
}
