package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestByProcess: where only a capture is read nobody knows processes, which is said before anything is read; by what a capture has, sums are made.
func TestByProcess(t *testing.T) {
	path := filepath.Join(goldenDir, "showcase.pcap")
	for _, command := range [][]string{{"summary", path}, {"replay", "--speed", "max", path}} {
		for by, want := range map[string]int{"server": exitDone, "process": exitUsage, "server,process": exitUsage} {
			code, stdout, stderr := tcptrace(t, env{}, append(command, "--by", by)...)
			if code != want || (stdout == "") != (want == exitUsage) || strings.Contains(stderr, "tcptrace live") != (want == exitUsage) {
				t.Errorf("%v --by %s: exit code %d, %s%s", command, by, code, stdout, stderr)
			}
		}
	}
}
