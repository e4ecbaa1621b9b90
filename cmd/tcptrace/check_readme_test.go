package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

var readmeCheck = regexp.MustCompile("(?s)```yaml\n(# The client closes.*?)```\n\n```\n\\$ tcptrace check captures\n(.*?)```\n")

// TestREADMECheck holds the README's expectation, and what it says comes of it, against the program.
func TestREADMECheck(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(rootDir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	m := readmeCheck.FindSubmatch(readme)
	if m == nil {
		t.Fatal("the README shows no check")
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
		t.Errorf("exit code %d: %s\ngot\n%s\nthe README has\n%s", code, stderr, stdout, m[2])
	}
}
