package human

import (
	"strings"
	"testing"
)

// TestCutName: a table shows as much of a name as fits, and of a longer one the end.
func TestCutName(t *testing.T) {
	fits, over := strings.Repeat("a", nameWidth), strings.Repeat("a", nameWidth)+"b"
	for name, want := range map[string]string{"": "", fits: fits, over: ".." + strings.Repeat("a", nameWidth-3) + "b"} {
		if got := CutName(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
