package names

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable is a text that somebody chose, such as the name of an interface, as it can be shown anywhere: what cannot be seen, or is not
// UTF-8, as \xNN or \u{N}. What is longer than MaxLen ends with "...".
func Printable(text string) string {
	if len(text) <= MaxLen && isPrintable(text) {
		return text
	}
	const more = "..."
	var b strings.Builder
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		shown := text[i : i+n]
		switch {
		case r == utf8.RuneError && n == 1:
			shown = fmt.Sprintf(`\x%02x`, text[i])
		case !seen(r):
			shown = fmt.Sprintf(`\u{%x}`, r)
		}
		if b.Len()+len(shown) > MaxLen-len(more) {
			return b.String() + more
		}
		b.WriteString(shown)
		i += n
	}
	return b.String()
}

// seen reports whether r takes room on a screen by itself.
func seen(r rune) bool { return unicode.IsPrint(r) && !unicode.Is(unicode.Mn, r) }

func isPrintable(text string) bool {
	return utf8.ValidString(text) && strings.IndexFunc(text, func(r rune) bool { return !seen(r) }) < 0
}
