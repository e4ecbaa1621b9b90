package console

import (
	"strings"
	"testing"
)

// TestLog: what a CI system would take for a command is text in its log, however it is cut into writes, and all else is as it was.
func TestLog(t *testing.T) {
	for text, want := range map[string]string{
		"::error::x":                 `:\x3aerror::x`,
		"a\n \t::add-mask::x\n":      "a\n \t:\\x3aadd-mask::x\n",
		"a ::error::x":               "a ::error::x",
		": ::error::x":               ": ::error::x",
		"a ##[group]b":               `a ##\x5bgroup]b`,
		"###[group]":                 `###\x5bgroup]`,
		"##vso[task.x]":              `##vso\x5btask.x]`,
		"##teamcity[x]":              `##teamcity\x5bx]`,
		"##teamcity[x]##[y]":         `##teamcity\x5bx]##\x5by]`,
		"#[x] ## [x] ##a-[x] ##x#[y": "#[x] ## [x] ##a-[x] ##x#[y",
		"## a[b] 1:##:[c]":           "## a[b] 1:##:[c]",
		"\n\n":                       "\n\n",
		"colour \x1b[1m":             `colour \x1b[1m`,
	} {
		for size := 1; size <= len(text); size++ {
			var log, plain strings.Builder
			a, b := NewLog(&log, true), NewLog(&plain, false)
			for at := 0; at < len(text); at += size {
				part := []byte(text[at:min(at+size, len(text))])
				for _, w := range []*Writer{a, b} {
					if n, err := w.Write(part); n != len(part) || err != nil {
						t.Fatal(n, err)
					}
				}
			}
			if log.String() != want {
				t.Errorf("%q by %d is %q, want %q", text, size, &log, want)
			}
			if plain.String() != Plain(text) {
				t.Errorf("%q is %q where no commands are looked for", text, &plain)
			}
		}
	}
}
