package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tcptrace/internal/plot"
	"tcptrace/report"
)

// casesDir has more captures where it is there.
const casesDir = "../../../shared/cases"

const (
	fuzzedBytes    = 64 << 10         // of a capture: larger ones are slow, and show nothing more
	fuzzedPatience = 30 * time.Second // for a command: it has no work for a second
)

// fuzzedCommand is a command line that shows a capture in one way. CAPTURE and DIR stand for the file and an empty directory.
type fuzzedCommand struct {
	args    []string
	form    string   // what standard output is; "": bytes that no one reads
	workers bool     // it takes --workers, which must not show
	codes   []int    // beside exitDone and exitBadInput
	then    []string // and this must be done then, if that was
}

// fuzzedCommands are all commands that read captures, with every form of output.
func fuzzedCommands() (list []fuzzedCommand) {
	for _, format := range report.Formats.Names() {
		list = append(list, fuzzedCommand{args: []string{"CAPTURE", "--format", format}, form: format, workers: true})
	}
	for _, format := range report.TimelineFormats.Names() {
		list = append(list, fuzzedCommand{args: []string{"timeline", "CAPTURE", "--format", format}, form: format, workers: true})
	}
	for _, format := range report.StatesFormats.Names() {
		list = append(list,
			fuzzedCommand{args: []string{"states", "CAPTURE", "--at", "+10ms", "--format", format}, form: format, workers: true, codes: []int{exitUsage}},
			fuzzedCommand{args: []string{"states", "CAPTURE", "--every", "100ms", "--format", format}, form: format, workers: true, codes: []int{exitUsage}})
	}
	for _, form := range report.Transcripts.Names() {
		list = append(list, fuzzedCommand{args: []string{"follow", "CAPTURE", "--stream", "0", "--as", form}, form: form, workers: true, codes: []int{exitUsage}})
	}
	for _, kind := range plot.Kinds {
		command := fuzzedCommand{args: []string{"plot", "CAPTURE", "--kind", kind, "--format", "svg", "--size", "400x300"}, form: "text", workers: true, codes: []int{exitUsage}}
		if kind != "connections" && kind != "loss" {
			command.args = append(command.args, "--stream", "0")
		}
		list = append(list, command)
	}
	return append(list,
		fuzzedCommand{args: []string{"CAPTURE", "--sort", "-duration", "--limit", "3", "--max-flows", "2"}, form: "table"},
		fuzzedCommand{args: []string{"timeline", "CAPTURE", "--full", "--ascii", "--time", "delta"}, form: "text", workers: true},
		fuzzedCommand{args: []string{"extract", "CAPTURE", "-w", "DIR/extracted.pcapng", "--where", "packets > 2"}, form: "text", workers: true, codes: []int{exitFailedCheck}},
		fuzzedCommand{args: []string{"annotate", "CAPTURE", "-w", "DIR/annotated.pcapng"}, form: "text", workers: true},
		fuzzedCommand{args: []string{"report", "CAPTURE", "-o", "DIR/page.html", "--title", "page"}, form: "text", workers: true},
		fuzzedCommand{args: []string{"replay", "CAPTURE", "--speed", "max", "--format", "ndjson", "--interval", "1s", "--stats"}, form: "ndjson"},
		fuzzedCommand{args: []string{"replay", "CAPTURE", "--speed", "max", "--max-flows", "1", "--until", "outcome == 'reset'", "-w", "DIR/written.pcapng", "--keep-on", "note", "-o", "DIR/events"},
			form: "text"},
		fuzzedCommand{args: []string{"diff", "CAPTURE", "CAPTURE"}, form: "text", workers: true},
		fuzzedCommand{args: []string{"diff", "CAPTURE", "CAPTURE", "--format", "json"}, form: "json", workers: true},
		fuzzedCommand{args: []string{"check", "--init", "CAPTURE"}, form: "text", then: []string{"check", "CAPTURE"}},
		fuzzedCommand{args: []string{"check", "--deny", "note", "CAPTURE"}, form: "text", codes: []int{exitFailedCheck}},
		fuzzedCommand{args: []string{"check", "--deny", "note", "--format", "github", "CAPTURE"}, form: "text", codes: []int{exitFailedCheck}},
		fuzzedCommand{args: []string{"check", "--deny", "note", "--format", "json", "CAPTURE"}, form: "json", codes: []int{exitFailedCheck}},
	)
}

// fuzzedRun is all that a run of a command gave.
type fuzzedRun struct {
	code           int
	stdout, stderr string
	files          map[string]string
}

// try runs a command in dir, in which there is only the capture, and removes what it wrote.
func (c *fuzzedCommand) try(t *testing.T, dir, capture string, args []string) (r fuzzedRun) {
	place := strings.NewReplacer("CAPTURE", filepath.Join(dir, capture), "DIR", dir)
	for i := range args {
		args[i] = place.Replace(args[i])
	}
	ctx, cancel := context.WithTimeout(t.Context(), fuzzedPatience)
	defer cancel()
	var stdout, stderr bytes.Buffer
	r.code = run(ctx, args, env{in: strings.NewReader(""), out: &stdout, err: &stderr})
	if ctx.Err() != nil {
		t.Fatalf("%q takes longer than %v", args, fuzzedPatience)
	}
	r.stdout, r.stderr, r.files = stdout.String(), stderr.String(), map[string]string{}
	harmless(t, strings.Join(args, " ")+": standard error", r.stderr)
	if r.code != exitDone && r.code != exitBadInput && !slices.Contains(c.codes, r.code) {
		t.Errorf("%q: exit code %d: %s", args, r.code, r.stderr)
	}
	if r.code == exitDone && c.then != nil {
		r.files["then"] = (&fuzzedCommand{}).try(t, dir, capture, slices.Clone(c.then)).stdout
	}
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range list {
		if entry.Name() == capture {
			continue
		}
		path := filepath.Join(dir, entry.Name())
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		r.files[entry.Name()] = string(text)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// FuzzCommands gives any bytes as a capture to every command: none panics, hangs, or fails in a way that it does not explain; what is written is
// what its format says, obeyed by nothing that it passes through, and the same again, with more workers.
func FuzzCommands(f *testing.F) {
	commands := fuzzedCommands()
	for i, capture := range fuzzedCaptures(f) {
		f.Add(capture, uint8(i))
	}
	hostile := fuzzedCapture(f, hostileCapture(f))
	for i := range commands {
		f.Add(hostile, uint8(i))
	}
	f.Fuzz(func(t *testing.T, capture []byte, which uint8) {
		if len(capture) > fuzzedBytes {
			return
		}
		c := &commands[int(which)%len(commands)]
		dir := t.TempDir()
		const name = "fuzzed.pcapng"
		if err := os.WriteFile(filepath.Join(dir, name), capture, 0o600); err != nil {
			t.Fatal(err)
		}
		one, other := slices.Clone(c.args), slices.Clone(c.args)
		if c.workers {
			one, other = append(one, "--workers", "1"), append(other, "--workers", "3")
		}
		first, second := c.try(t, dir, name, one), c.try(t, dir, name, other)
		if first.code != second.code || first.stdout != second.stdout || first.stderr != second.stderr {
			t.Errorf("%q gives\n%d %s%s\nand then\n%d %s%s", c.args, first.code, first.stdout, first.stderr, second.code, second.stdout, second.stderr)
		}
		for name, text := range first.files {
			if second.files[name] != text {
				t.Errorf("%q writes %s in two ways:\n%q\n%q", c.args, name, text, second.files[name])
			}
		}
		if c.form != "raw" && c.form != "parquet" && first.stdout != "" {
			wellFormed(t, strings.Join(c.args, " "), c.form, first.stdout)
		}
	})
}

// fuzzedCaptures are the golden captures, and the cases where they are there.
func fuzzedCaptures(f *testing.F) (captures [][]byte) {
	var paths []string
	for _, pattern := range []string{goldenDir + "/*.pcap*", casesDir + "/*.pcap*", casesDir + "/hostile/*.pcap*"} {
		some, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		if len(some) == 0 {
			f.Logf("no captures in %s: skipped", filepath.Dir(pattern))
		}
		paths = append(paths, some...)
	}
	if len(paths) < 100 {
		f.Fatalf("only %d captures", len(paths))
	}
	for _, path := range paths {
		if capture := fuzzedCapture(f, path); len(capture) <= fuzzedBytes {
			captures = append(captures, capture)
		}
	}
	return captures
}

func fuzzedCapture(f *testing.F, path string) []byte {
	capture, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	return capture
}
