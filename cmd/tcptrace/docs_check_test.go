package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

var docsCheck = regexp.MustCompile("(?s)```yaml\n(# The client closes.*?)```\n\n```\n\\$ tcptrace check captures\n(.*?)```\n")

// TestDocsCheck holds the expectation in docs/check.md, and the output shown for it, against the program.
func TestDocsCheck(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(rootDir, "docs", "check.md"))
	if err != nil {
		t.Fatal(err)
	}
	m := docsCheck.FindSubmatch(text)
	if m == nil {
		t.Fatal("docs/check.md shows no check")
	}
	capture, err := filepath.Abs(filepath.Join(goldenDir, "close-client.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if err := os.Mkdir("captures", 0o755); err != nil {
		t.Fatal(err)
	}
	copyFile(t, capture, "captures/close.pcap")
	writeFile(t, "captures/close.expect.yaml", string(m[1]))
	if code, stdout, stderr := tcptrace(t, env{}, "check", "captures"); code != exitFailedCheck || stdout != string(m[2]) {
		t.Errorf("exit code %d: %s\ngot\n%s\ndocs/check.md has\n%s", code, stderr, stdout, m[2])
	}
}
