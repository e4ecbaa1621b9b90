package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tcptrace/internal/findings"
	"tcptrace/report"
)

// foundElsewhere are the kinds of findings that no golden capture has a command for: the first are about packets and have none; the
// conditions of the others are tested in package findings, on captures that it makes.
var foundElsewhere = []string{
	"drops", "cut", "evicted", "fragments", "limited-by-server", "client-leaks", "client-closes-late", "cut-opening", "answered-in-vain", "outage", "nagle-server",
	"clock-set-back", "tls-rejected-by-client", "closed-unserved", "left-unserved", "reordered-client", "reordered-server", "long-queue-to-client", "long-queue-to-server",
	"limited-by-client-buffer", "limited-by-server-buffer", "sent-twice-by-client", "sent-twice-by-server", "longer-path", "full-queue-to-client", "full-queue-to-server",
}

// TestFindingCommands has a shell read every command that a finding of a golden capture prints, and runs it: it shows exactly the
// conversations that the finding is about, which failed as often. The captures have names that a shell would take apart.
func TestFindingCommands(t *testing.T) {
	if testing.Short() {
		t.Skip("runs hundreds of commands")
	}
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no shell")
	}
	captures, err := filepath.Glob(filepath.Join(goldenDir, "*.pcap*"))
	if err != nil || len(captures) == 0 {
		t.Fatalf("no captures in %s: %v", goldenDir, err)
	}
	dir := filepath.Join(t.TempDir(), "it's a $HOME; *")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	kinds := map[string]bool{}
	for _, golden := range captures {
		data, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		capture := filepath.Join(dir, filepath.Base(golden))
		if err := os.WriteFile(capture, data, 0o600); err != nil {
			t.Fatal(err)
		}
		selections := [][]string{nil}
		if filepath.Base(golden) == "showcase.pcap" {
			selections = append(selections, []string{"--where", "stream < 4 || packets > 99"}, []string{"--stream", "3"}, []string{"-f", "port 80 or port 443"})
		}
		for _, selected := range selections {
			_, stdout, stderr := tcptrace(t, env{}, append([]string{"findings", "--format", "json", capture}, selected...)...)
			var r findings.Report
			if err := json.Unmarshal([]byte(stdout), &r); err != nil {
				t.Fatalf("%s %q: %v: %s", golden, selected, err, stderr)
			}
			for i := range r.Findings {
				if f := &r.Findings[i]; f.Command != "" {
					kinds[f.ID] = true
					runPrinted(t, sh, golden, f)
				}
			}
		}
	}
	for _, id := range findings.IDs() {
		if !kinds[id] && !slices.Contains(foundElsewhere, id) {
			t.Errorf("no golden capture has a finding %s with a command", id)
		}
	}
}

// runPrinted runs the command of f as a shell hands it over.
func runPrinted(t *testing.T, sh, golden string, f *findings.Finding) {
	t.Helper()
	words, err := exec.Command(sh, "-c", `tcptrace() { printf '%s\0' "$@"; }; `+f.Command).Output()
	if err != nil {
		t.Fatalf("%s: %s: %v", golden, f.Command, err)
	}
	args := strings.Split(strings.TrimSuffix(string(words), "\x00"), "\x00")
	if args[0] == "timeline" {
		code, stdout, stderr := tcptrace(t, env{}, args...)
		if n := strings.Count(stdout, "\nStream ") + strings.Count(stdout[:min(7, len(stdout))], "Stream "); code != exitDone || n != 1 || f.Conversations != 1 {
			t.Errorf("%s: %s: exit code %d, shows %d conversations of %d: %s", golden, f.Command, code, n, f.Conversations, stderr)
		}
		where := []string{args[1], "--where", f.Where}
		if i := slices.Index(args, "-f"); i > 0 {
			where = append(where, args[i:i+2]...)
		}
		args = where
	}
	code, stdout, stderr := tcptrace(t, env{}, append(args, "--format", "json", "--no-findings")...)
	var document struct{ Conversations []report.Record }
	if err := json.Unmarshal([]byte(stdout), &document); err != nil || code != exitDone {
		t.Fatalf("%s: %s: exit code %d, %v: %s", golden, f.Command, code, err, stderr)
	}
	failed := uint64(0)
	for i := range document.Conversations {
		if document.Conversations[i].Failure != "" {
			failed++
		}
	}
	if f.Conversations == 1 && f.Stream != nil && !strings.HasSuffix(f.Command, " --stream "+strconv.FormatUint(*f.Stream, 10)) {
		t.Errorf("%s: %s does not show stream %d", golden, f.Command, *f.Stream)
	}
	if n := uint64(len(document.Conversations)); n != f.Conversations || failed < f.Failed {
		t.Errorf("%s: %s: shows %d conversations, of which %d failed: %d and %d are meant (%s)", golden, f.Command, n, failed, f.Conversations, f.Failed, f.Text)
	}
}
