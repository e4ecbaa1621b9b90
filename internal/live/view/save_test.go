package view

import (
	"fmt"
	"strings"
	"testing"
)

// TestSave: w saves what is selected, in the table or as a ladder, and says so until another key is pressed.
func TestSave(t *testing.T) {
	var wanted []uint64
	s := newStage(t, "showcase", Options{Save: func(first uint64) string {
		wanted = append(wanted, first)
		return fmt.Sprintf("frame %d on is saved", first)
	}})
	press := func(key string) string {
		_, cmd := s.m.Update(keyOf(key))
		if cmd != nil {
			s.m.Update(cmd())
		}
		return s.text()
	}
	if press("w"); len(wanted) > 0 {
		t.Errorf("nothing is selected, and %v wanted", wanted)
	}
	s.packets(28)
	s.keys("end")
	selected := s.m.rows[s.m.cursor].c.FirstFrame
	if text := press("w"); len(wanted) != 1 || wanted[0] != selected || !strings.Contains(text, fmt.Sprintf("frame %d on is saved", selected)) {
		t.Errorf("%v wanted, %d selected\n%s", wanted, selected, text)
	}
	s.keys("home")
	if text := s.text(); strings.Contains(text, "is saved") {
		t.Error(text)
	}
	s.keys("enter")
	if text := press("w"); len(wanted) != 2 || wanted[1] != s.m.ladder.first || !strings.Contains(text, "is saved") {
		t.Errorf("%v wanted\n%s", wanted, text)
	}
	s.end()
	if text := press("w"); len(wanted) != 2 || !strings.Contains(text, saveEnded) {
		t.Errorf("%v wanted\n%s", wanted, text)
	}
}

// TestHeard: what whoever captures says is shown on every screen, escaped, until a key is pressed.
func TestHeard(t *testing.T) {
	last, lines := "tcpdump: old", 1
	s := newStage(t, "showcase", Options{Heard: func() (string, int) { return last, lines }})
	s.packets(6)
	for _, keys := range []string{"esc", "enter", "f", "esc", "esc", "a"} {
		if s.keys(keys); strings.Contains(s.text(), "tcpdump: old") {
			t.Errorf("behind %s it is shown still:\n%s", keys, s.text())
		}
		last, lines = "tcpdump: \x1b[2Jnew", lines+1
		if s.packets(1); !strings.Contains(s.text(), "tcpdump: ?[2Jnew") {
			t.Errorf("on the screen behind %s it is not shown:\n%s", keys, s.text())
		}
	}
}

// TestNoSave: what it takes is said.
func TestNoSave(t *testing.T) {
	s := newStage(t, "showcase", Options{})
	s.packets(28)
	s.size(120, 24)
	if s.keys("w"); !strings.Contains(s.text(), noSaving) {
		t.Error(s.text())
	}
}
