package view

import "testing"

// TestLine: a line fills the screen; of one that is too long an ellipsis shows that it goes on.
func TestLine(t *testing.T) {
	p := painter{width: 5}
	for text, want := range map[string]string{"": "     ", "four": "four ", "fives": "fives", "sixsix": "sixs…"} {
		if got := p.line(ordinary, text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}
