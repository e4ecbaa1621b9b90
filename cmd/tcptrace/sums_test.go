package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tcptrace/internal/live/capture"
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

// TestTableAtTheEnd: who waits at a terminal for the sums of a capture that goes on is told when they come.
func TestTableAtTheEnd(t *testing.T) {
	was := drop
	defer func() { drop = was }()
	drop = func(capture.DropOptions) capture.Dropped { return capture.Dropped{} }
	for _, terminal := range []bool{true, false} {
		file, err := os.Open(filepath.Join(goldenDir, "showcase.pcap"))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		code, stdout, stderr := tcptrace(t, env{in: file, errTTY: terminal}, "live", "-", "--by", "outcome")
		if code != exitDone || !strings.Contains(stdout, "refused") || strings.Contains(stderr, "ctrl+c ends the capture") != terminal {
			t.Errorf("terminal: %t: exit code %d, %s%s", terminal, code, stdout, stderr)
		}
	}
}
