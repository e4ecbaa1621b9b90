package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"tcptrace/internal/testutil/netns"
)

// smallDisk is a directory on a disk with room for so many bytes.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("a small file system: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, 0) })
	return dir
}

// TestFullDisk: a report for which there is no room leaves the old one in its place, and nothing beside it.
func TestFullDisk(t *testing.T) {
	dir := smallDisk(t, "8k")
	path := filepath.Join(dir, "out")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := tcptrace(t, env{}, filepath.Join(goldenDir, "showcase.pcap"), "--format", "json", "-o", path)
	if code != exitFailedCheck || stderr != "tcptrace: write "+path+": no space left on device\n" {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "old" {
		t.Errorf("%q, %v", text, err)
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) != 1 {
		t.Errorf("left: %v, %v", list, err)
	}
}

// TestLiveFullDisk: a capture whose disk is full goes on, says how many packets there are and how many not, and ends with 1.
func TestLiveFullDisk(t *testing.T) {
	n := netns.New(t)
	file := filepath.Join(smallDisk(t, "16k"), "full.pcapng")
	l := n.B.Listen(8000)
	r := startLive(t, n.A, "-w", file)
	for range 10 {
		c := dial(t, n, l, 0)
		send(t, c.client, c.server, 5000)
	}
	if code := r.finish(unix.SIGINT); code != exitFailedCheck {
		t.Errorf("exit code %d", code)
	}
	notes := r.notes.String()
	for _, want := range []string{
		`(?m)^tcptrace: note: writing \S+: no space left on device; [1-9]\d* packets were written, later ones are left out$`,
		`(?m)^tcptrace: note: \S+: [1-9]\d* packets in 1 file; [1-9]\d* packets could not be written$`,
	} {
		if !regexp.MustCompile(want).MatchString(notes) {
			t.Errorf("not said: %s\n%s", want, notes)
		}
	}
	if code, _, stderr := tcptrace(t, env{}, file); code != exitDone || strings.TrimSpace(stderr) != "" {
		t.Errorf("what there is reads with exit code %d: %s", code, stderr)
	}
}
