package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	readmeLadder = regexp.MustCompile("(?s)```\n\\$ tcptrace (timeline testdata/pcaps/[^\n|]*)\n(Stream .*?)```\n")
	ladderLegend = regexp.MustCompile(`(?s)States: .*?how many\.\n`)
)

// TestREADMELadders holds the ladders in the README against what the program draws; the legend stands only in
// the first. With -update they are drawn anew.
func TestREADMELadders(t *testing.T) {
	path := filepath.Join(rootDir, "README.md")
	readme, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	shown := 0
	drawn := readmeLadder.ReplaceAllStringFunc(string(readme), func(block string) string {
		m := readmeLadder.FindStringSubmatch(block)
		args := strings.Fields(strings.ReplaceAll(m[1], "testdata/pcaps", goldenDir))
		code, want, stderr := tcptrace(t, env{}, args...)
		if shown++; shown > 1 {
			want = ladderLegend.ReplaceAllString(want, "")
		}
		if code != exitDone || want != m[2] && !*update {
			t.Errorf("the README's tcptrace %s differs (exit code %d: %s); go test -update draws it anew:\n%s", m[1], code, stderr, want)
		}
		return "```\n$ tcptrace " + m[1] + "\n" + want + "```\n"
	})
	if shown < 6 {
		t.Errorf("the README has %d ladders, want 6", shown)
	}
	if *update && drawn != string(readme) {
		if err := os.WriteFile(path, []byte(drawn), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}
