package human

import (
	"strings"
	"unicode/utf8"
)

// units stay on a line with their number.
var units = map[string]bool{"ns": true, "us": true, "ms": true, "s": true, "B": true, "kB": true, "MB": true, "GB": true, "TB": true}

// Wrap breaks text into lines of at most width columns, if its words are not longer.
func Wrap(text string, width int) (lines []string) {
	width = max(width, 1)
	line, columns := strings.Builder{}, 0
	words := strings.Fields(text)
	for i := 0; i < len(words); i++ {
		word := words[i]
		if i+1 < len(words) && units[strings.TrimRight(words[i+1], ".,;:)")] {
			i++
			word += " " + words[i]
		}
		n := utf8.RuneCountInString(word)
		if columns > 0 && columns+1+n > width {
			lines = append(lines, line.String())
			line.Reset()
			columns = 0
		}
		if columns > 0 {
			line.WriteByte(' ')
			columns++
		}
		for rest := []rune(word); ; rest = rest[width:] { // what is longer than a line, which only the capture's own text is, goes over several
			if len(rest) <= width {
				line.WriteString(string(rest))
				columns += len(rest)
				break
			}
			lines = append(lines, string(rest[:width]))
		}
	}
	if columns > 0 {
		lines = append(lines, line.String())
	}
	return lines
}

// PlainText is s for a terminal: without control characters, in ASCII if asked for. What the analyzer says is made
// of its own words and numbers; this holds even if one day it is not.
func PlainText(s string, ascii bool) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < ' ' || r >= 0x7f && r < 0xa0 || r == utf8.RuneError || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069:
			return '?'
		case ascii && r >= 0x7f:
			return '?'
		}
		return r
	}, s)
}

// PadLeft fills s up to width columns, with blanks before it.
func PadLeft(s string, width int) string {
	return strings.Repeat(" ", max(width-utf8.RuneCountInString(s), 0)) + s
}

// PadRight fills s up to width columns, with blanks behind it.
func PadRight(s string, width int) string {
	return s + strings.Repeat(" ", max(width-utf8.RuneCountInString(s), 0))
}
