// Package shell writes words for a POSIX shell, so that it takes them as they are.
//
// Not its job: to read what a shell reads, or to run one.
package shell

import "strings"

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
