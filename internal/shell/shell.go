// Package shell writes words for a POSIX shell, so that it takes them as they are.
//
// Not its job: to read what a shell reads, or to run one.
package shell

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Words are words of a command line, quoted where a shell would take them apart.
func Words(words ...string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		if quoted[i] = word; word == "" || strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:+,@%=") != "" {
			quoted[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}

// Shown is Words for people, who can read and copy all of it: what is not graphic is escaped in $'...', which shells have had for long and POSIX
// has since 2024.
func Shown(words ...string) string {
	shown := make([]string, len(words))
	for i, word := range words {
		if shown[i] = Words(word); strings.ContainsFunc(word, isOdd) {
			shown[i] = escaped(word)
		}
	}
	return strings.Join(shown, " ")
}

// Files is Shown for names of files, of which none is taken for a flag; "-" is standard input.
func Files(names ...string) string {
	names = slices.Clone(names)
	for i, name := range names {
		if strings.HasPrefix(name, "-") && name != "-" {
			names[i] = "./" + name
		}
	}
	return Shown(names...)
}

func isOdd(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsGraphic(r) }

// size is how many bytes the first character has, or what is none.
func size(word string) int {
	_, n := utf8.DecodeRuneInString(word)
	return n
}

func escaped(word string) string {
	var b strings.Builder
	b.WriteString("$'")
	for i, r := range word {
		switch {
		case r == '\'' || r == '\\':
			b.WriteString(`\` + string(r))
		case isOdd(r):
			for _, c := range []byte(word[i:][:size(word[i:])]) {
				fmt.Fprintf(&b, `\%03o`, c) // \x would take digits behind it, too
			}
		default:
			b.WriteRune(r)
		}
	}
	b.WriteString("'")
	return b.String()
}
