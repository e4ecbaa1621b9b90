package main

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// No line of any help is longer than 100 columns, or than the terminal is wide between 80 and 120; examples are not broken.
func TestHelpFits(t *testing.T) {
	for _, terminal := range []int{0, 60, 80, 110, 200} {
		width := map[int]int{0: 100, 60: 80, 80: 80, 110: 110, 200: 120}[terminal]
		longest := 0
		root := newRootCommand(env{})
		for _, cmd := range append(root.Commands(), root) {
			args := append(strings.Fields(cmd.CommandPath())[1:], "--help")
			code, help, stderr := tcptrace(t, env{outTTY: terminal > 0, width: terminal}, args...)
			if code != exitDone || !strings.Contains(help, "\nUsage:\n") {
				t.Errorf("%v: exit %d: %s%s", args, code, help, stderr)
			}
			examples := false
			for line := range strings.Lines(help) {
				line = strings.TrimRight(line, "\n")
				examples = line == "Examples:" || examples && line != ""
				n, most := utf8.RuneCountInString(line), width
				if examples {
					most = 100
				}
				if n > most {
					t.Errorf("%v: %d columns of %d: %s", args, n, most, line)
				}
				longest = max(longest, n)
			}
		}
		if longest < width-3 {
			t.Errorf("%d columns are not used: %d", width, longest)
		}
	}
}
