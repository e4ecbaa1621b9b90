package names

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"":                           "",
		"eth0":                       "eth0",
		`\Device\NPF_{2A}`:           `\Device\NPF_{2A}`,
		"Größe 2":                    "Größe 2",
		"a\x1b[31m":                  `a\u{1b}[31m`,
		"a\u202eb":                   `a\u{202e}b`,
		"a\xff":                      `a\xff`,
		"e\u0301":                    `e\u{301}`,
		strings.Repeat("x", MaxLen):  strings.Repeat("x", MaxLen),
		strings.Repeat("x", 1000):    strings.Repeat("x", MaxLen-3) + "...",
		strings.Repeat("\x00", 1000): strings.Repeat(`\u{0}`, (MaxLen-3)/5) + "...",
	} {
		got := Printable(text)
		if got != want || len(got) > MaxLen || !utf8.ValidString(got) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
		if again := Printable(got); again != got {
			t.Errorf("%q: a second time %q", got, again)
		}
	}
}
