package console

import (
	"testing"
	"unicode/utf8"
)

// TestCut: nothing that a terminal obeys, valid UTF-8, and no more than there is room for.
func TestCut(t *testing.T) {
	for _, test := range []struct {
		text string
		most int
		want string
	}{
		{"plain", 5, "plain"},
		{"longer", 5, "lo..."},
		{"\x1b[31mred\x00", 100, `\x1b[31mred\x00`},
		{"\xff", 100, `\xff`},
		{"äöü", 6, "äöü"},
		{"äöüs", 6, "ä..."},
	} {
		if got := Cut(test.text, test.most); got != test.want || !utf8.ValidString(got) || len(got) > test.most {
			t.Errorf("%q in %d bytes: %q, want %q", test.text, test.most, got, test.want)
		}
	}
}
