package view

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"tcptrace/analyzer"
)

// TestNewsList: the newest is followed until somebody goes up, then what was selected stays; at the end it is followed again.
func TestNewsList(t *testing.T) {
	list := func(from, n int) (l []told) {
		for i := range n {
			l = append(l, told{first: uint64(from + i), anomaly: analyzer.Anomaly{Frame: 1}})
		}
		return l
	}
	var n newsList
	n.take(nil)
	n.move(1)
	for _, step := range []struct {
		why  string
		do   func()
		want uint64 // first frame of the selected one
	}{
		{"the newest of those that come", func() { n.take(list(1, 5)) }, 5},
		{"one more comes", func() { n.take(list(1, 6)) }, 6},
		{"up", func() { n.move(-2) }, 4},
		{"more come, and the oldest go", func() { n.take(list(3, 8)) }, 4},
		{"it is gone: what took its place", func() { n.take(list(20, 5)) }, 21},
		{"beyond the end", func() { n.move(100) }, 24},
		{"more come", func() { n.take(list(20, 6)) }, 25},
		{"all are taken back", func() { n.take(nil); n.take(list(1, 1)) }, 1},
	} {
		step.do()
		if got := n.list[n.at].first; got != step.want {
			t.Errorf("%s: %d is selected, not %d", step.why, got, step.want)
		}
	}
}

// TestNewsOpensLadder: from an anomaly one comes to the ladder of its conversation.
func TestNewsOpensLadder(t *testing.T) {
	s := newStage(t, "showcase", Options{})
	s.packets(28)
	s.keys("a", "home")
	want := s.m.news.list[0].stream
	s.keys("enter")
	if text := s.text(); !strings.Contains(text, fmt.Sprintf("\n#%d ", want)) {
		t.Errorf("no ladder of #%d:\n%s", want, text)
	}
}

// TestHide: conversations that are over go and come back.
func TestHide(t *testing.T) {
	s := newStage(t, "showcase", Options{})
	s.packets(31)
	for _, want := range []int{6, 3, 6} {
		if len(s.m.rows) != want {
			t.Errorf("%d rows, want %d:\n%s", len(s.m.rows), want, s.text())
		}
		s.keys("o")
	}
}

// TestMouse: the wheel moves, a click selects, a second one opens, one on a head sorts.
func TestMouse(t *testing.T) {
	s := newStage(t, "showcase", Options{})
	s.packets(31)
	s.m.Update(tea.MouseWheelMsg{Button: tea.MouseWheelDown})
	if s.m.cursor != wheelStep {
		t.Errorf("row %d after the wheel", s.m.cursor)
	}
	s.m.Update(tea.MouseWheelMsg{Button: tea.MouseWheelUp})
	click := func(x, y int) {
		_, cmd := s.m.Update(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft})
		s.do(cmd)
	}
	click(10, aboveTable+len(s.m.rows)) // below the last
	if s.m.cursor != 0 {
		t.Errorf("row %d after a click below all", s.m.cursor)
	}
	click(10, aboveTable+1)
	if s.m.cursor != 1 || s.m.screen != screenTable {
		t.Errorf("row %d, screen %d after a click", s.m.cursor, s.m.screen)
	}
	click(marginWidth, aboveTable-1)
	if s.m.sort != colStream || s.m.reversed {
		t.Errorf("sorted by %d, reversed %v", s.m.sort, s.m.reversed)
	}
	click(marginWidth, aboveTable-1)
	if !s.m.reversed {
		t.Error("not reversed by a second click")
	}
	click(marginWidth-1, aboveTable-1)
	click(10, aboveTable+s.m.cursor)
	if s.m.screen != screenLadder {
		t.Error("no ladder after a click on the selected row")
	}
	if s.m.View().MouseMode == tea.MouseModeNone {
		t.Error("the mouse is not taken")
	}
	if s.keys("m"); s.m.View().MouseMode != tea.MouseModeNone {
		t.Error("the mouse is taken still")
	}
}

// TestHistory: bars from nothing to the most, of no more than a minute.
func TestHistory(t *testing.T) {
	var h history
	for v := range 9 {
		h.add(float64(v))
	}
	if got := h.String(); got != " ▁▂▃▄▅▆▇█" {
		t.Errorf("%q", got)
	}
	h.add(1e6)
	if got := h.String(); got != " ▁▁▁▁▁▁▁▁█" {
		t.Errorf("%q", got)
	}
	for range historyParts {
		h.add(0)
	}
	if got := h.String(); got != strings.Repeat(" ", historyParts) {
		t.Errorf("%q", got)
	}
}

// TestRepaint: a terminal that got another size is painted anew.
func TestRepaint(t *testing.T) {
	s := newStage(t, "showcase", Options{})
	for _, msg := range []tea.Msg{tea.WindowSizeMsg{Width: 90, Height: 20}, tea.KeyPressMsg{Code: 'l', Mod: tea.ModCtrl}} {
		if _, cmd := s.m.Update(msg); cmd == nil || cmd() != tea.ClearScreen() {
			t.Errorf("%v: the screen is not cleared", msg)
		}
	}
}

// TestOwnCut: that packets are cut at the snap length of the capture is no note of the ladder, live or not; that one is cut shorter is one.
func TestOwnCut(t *testing.T) {
	for name, want := range map[string]bool{"truncated-headers": false, "tso": true} {
		s := newStage(t, name, Options{})
		s.packets(6)
		s.keys("enter", "z")
		if got := strings.Contains(s.text(), "· truncated"); got != want {
			t.Errorf("%s: truncated is told: %v:\n%s", name, got, s.text())
		}
	}
}

// TestMouseOnNews: the wheel and a click on the newest anomalies open their list; there a click selects, a second one opens, and beside them it does nothing.
func TestMouseOnNews(t *testing.T) {
	s := newStage(t, "showcase", Options{})
	s.packets(28)
	h := s.m.tableHeights()
	for y, want := range map[int]screen{aboveTable + h.rows - 1: screenTable, aboveTable + h.rows: screenNews, aboveTable + h.rows + h.news: screenNews, aboveTable + h.rows + h.news + 1: screenTable} {
		s.m.Update(tea.MouseWheelMsg{Y: y, Button: tea.MouseWheelUp})
		if s.m.screen != want {
			t.Errorf("the wheel at line %d: screen %d, want %d", y, s.m.screen, want)
		}
		s.m.screen = screenTable
	}
	click := func(y int) {
		_, cmd := s.m.Update(tea.MouseClickMsg{X: 10, Y: y, Button: tea.MouseLeft})
		s.do(cmd)
	}
	click(aboveTable + h.rows + 1)
	n := len(s.m.news.list)
	if s.m.screen != screenNews || s.m.news.at != n-1 || n < 3 {
		t.Fatalf("after a click screen %d, %d of %d", s.m.screen, s.m.news.at, n)
	}
	click(aboveTable + n)
	click(aboveTable - 1)
	if s.m.screen != screenNews || s.m.news.at != n-1 {
		t.Errorf("a click beside them selects %d", s.m.news.at)
	}
	click(aboveTable + 1)
	if s.m.screen != screenNews || s.m.news.at != 1 {
		t.Errorf("a click selects %d", s.m.news.at)
	}
	first := s.m.news.list[1].first
	if click(aboveTable + 1); s.m.screen != screenLadder || s.m.ladder.first != first {
		t.Errorf("a second click: screen %d of %d", s.m.screen, s.m.ladder.first)
	}
}

// TestFilterIsCleared: esc shows all again, as the foot says while there is a filter; without one it does nothing.
func TestFilterIsCleared(t *testing.T) {
	s := newStage(t, "showcase", Options{Where: "server.port == 443 && client.port == 51515"})
	s.packets(28)
	if text := s.text(); len(s.m.rows) != 1 || !strings.Contains(text, "esc all  q quit  ? help") || !strings.Contains(text, "Newest anomalies of all conversations") {
		t.Errorf("with a filter: %d rows:\n%s", len(s.m.rows), text)
	}
	s.keys("esc")
	if text := s.text(); len(s.m.rows) != 6 || strings.Contains(text, "esc all") || strings.Contains(text, "anomalies of all") || !strings.Contains(text, "/ filter  enter ladder") {
		t.Errorf("after esc: %d rows:\n%s", len(s.m.rows), text)
	}
	s.keys("esc")
	if len(s.m.rows) != 6 || s.m.screen != screenTable {
		t.Errorf("esc without a filter: %d rows", len(s.m.rows))
	}
	s.keys("/")
	s.types("stream < 2")
	s.keys("esc") // of the prompt, not of the filter
	if s.m.filter.text != "" || len(s.m.rows) != 6 {
		t.Errorf("esc while a condition is typed: %q", s.m.filter.text)
	}
}

// TestFitting: as many keys as there is room for.
func TestFitting(t *testing.T) {
	for room, want := range map[int]string{0: "", 5: "", 6: "q quit", 13: "q quit", 14: "q quit  ? help", 99: "q quit  ? help  / filter"} {
		if got := fitting("q quit  ? help  / filter", room); got != want {
			t.Errorf("%d: %q, want %q", room, got, want)
		}
	}
}

// TestNewsCounted: how many anomalies there are is told if there are any.
func TestNewsCounted(t *testing.T) {
	s := newStage(t, "showcase", Options{})
	s.keys("a")
	if text := s.text(); strings.Contains(text, "the last") || !strings.Contains(text, "none so far") {
		t.Errorf("none has come:\n%s", text)
	}
	s.keys("esc")
	s.packets(31)
	s.keys("a")
	if text := s.text(); !strings.Contains(text, "anomalies: the last ") {
		t.Errorf("some have come:\n%s", text)
	}
}

// TestHintFits: a narrow terminal has as many keys as fit, each whole.
func TestHintFits(t *testing.T) {
	s := newStage(t, "showcase", Options{})
	s.packets(31)
	for width, want := range map[int]string{len("q quit  ? help"): "q quit  ? help", len("q quit  ? help") - 1: "q quit"} {
		s.size(width, 20)
		lines := strings.Split(strings.TrimRight(s.text(), "\n"), "\n")
		if got := strings.TrimRight(lines[len(lines)-1], " "); got != want {
			t.Errorf("%d columns: %q, want %q", width, got, want)
		}
	}
}
