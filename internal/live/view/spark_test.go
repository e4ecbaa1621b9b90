package view

import (
	"strings"
	"testing"
)

// TestBarsFit: the bars of the last minute take what room there is in the title; of both quantities, if both have two bars.
func TestBarsFit(t *testing.T) {
	var m model
	for i := range historyParts {
		m.rates.add(float64(1 + i%3))
		m.losses.add(0)
	}
	count := func(room int) (bars int, resent bool) {
		text := m.bars(room)
		if n := len([]rune(text)); n > max(room, 0) {
			t.Errorf("%d columns of %d: %q", n, room, text)
		}
		_, drawn, _ := strings.Cut(text, "packets ")
		drawn, _, resent = strings.Cut(drawn, "resent ")
		return len([]rune(strings.TrimRight(drawn, " "))), resent
	}
	const around = len("packets   ")
	for room, want := range map[int]int{-5: 0, around + 1: 0, around + 2: 2, around + 29: 29, around + 30: 30, around + 99: 30} {
		if got, resent := count(room); got != want || resent {
			t.Errorf("%d bars in %d columns, want %d; resent %t", got, room, want, resent)
		}
	}
	m.losses.add(1)
	const both = around + len("resent   ")
	for room, want := range map[int]bool{both + 3: false, both + 4: true, 200: true} {
		if _, resent := count(room); resent != want {
			t.Errorf("%d columns: resent %t", room, resent)
		}
	}
}

// TestNothingButHidden: where all conversations are over and hidden, the table says so, and how they are shown.
func TestNothingButHidden(t *testing.T) {
	s := newStage(t, "close-client", Options{})
	s.packets(11)
	s.keys("o")
	hidden := strings.Contains(s.text(), "hidden: o shows them")
	if over := s.m.table.rows[0].over; !over || !hidden {
		t.Errorf("over %t:\n%s", over, s.text())
	}
	if s.keys("o"); strings.Contains(s.text(), "hidden") || len(s.m.rows) != 1 {
		t.Errorf("%d rows:\n%s", len(s.m.rows), s.text())
	}
}
