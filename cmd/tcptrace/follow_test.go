package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// On a terminal turns have headings and colours; packets and raw bytes are not for one.
func TestFollowOnTerminal(t *testing.T) {
	t.Setenv("NO_COLOR", "")
	capture := filepath.Join(goldenDir, "hostile-payload.pcap")
	tty := env{outTTY: true, width: 80}
	heading := "client 10.0.0.1:40000 > 10.0.0.2:80, frame 4, 20.4 ms\n"
	_, colored, _ := tcptrace(t, tty, "follow", capture, "--stream", "0")
	if !strings.HasPrefix(colored, heading+"\x1b[1mGET ") || !strings.Contains(colored, "\nserver 10.0.0.2:80 > ") {
		t.Errorf("on a terminal: %q", colored)
	}
	_, plain, _ := tcptrace(t, tty, "follow", capture, "--stream", "0", "--no-color")
	if !strings.HasPrefix(plain, heading+"GET ") || strings.Contains(plain, "\x1b") {
		t.Errorf("with --no-color: %q", plain)
	}
	file := filepath.Join(t.TempDir(), "out")
	if code, stdout, stderr := tcptrace(t, tty, "follow", capture, "--stream", "0", "-o", file); code != exitDone || stdout != "" {
		t.Error(stdout, stderr)
	}
	_, want, _ := tcptrace(t, env{}, "follow", capture, "--stream", "0")
	if got, err := os.ReadFile(file); err != nil || string(got) != want {
		t.Errorf("%v: with -o the terminal shows in the file: %q", err, got)
	}
	for _, args := range [][]string{
		{"follow", capture, "--stream", "0", "--as", "raw"},
		{"follow", capture, "--stream", "0", "--as", "raw", "-o", "-"},
		{"extract", capture, "--stream", "0", "-w", "-"},
	} {
		if code, stdout, stderr := tcptrace(t, tty, args...); code != exitUsage || stdout != "" || !strings.Contains(stderr, "not for a terminal") {
			t.Errorf("%v: exit code %d, %q, %s", args, code, stdout, stderr)
		}
	}
}
