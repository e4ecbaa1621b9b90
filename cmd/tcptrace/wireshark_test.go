package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/internal/testutil/thorough"
	"tcptrace/report"
)

// plugin is tshark with the plugin, which runs the program.
type plugin struct{ tshark, script, dir string }

func newPlugin(t *testing.T) plugin {
	t.Helper()
	tshark, err := exec.LookPath("tshark")
	switch {
	case testing.Short():
		t.Skip("-short: tshark takes seconds")
	case err != nil:
		t.Skip("tshark is not there: the plugin is not tested")
	}
	p := plugin{tshark: tshark, dir: t.TempDir()}
	program := filepath.Join(p.dir, "it's here", "tcptrace") // a name that a shell takes apart
	if err := os.Mkdir(filepath.Dir(program), 0o777); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable() // which is the program, by that name
	if err != nil {
		t.Fatal(err)
	}
	// Written by a program of its own: what this one has open for writing while it starts another cannot be run.
	if out, err := exec.Command("cp", self, program).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := exec.Command(program, "wireshark", "install", "--dir", p.dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	p.script = filepath.Join(p.dir, "tcptrace.lua")
	return p
}

var pluginFields = []string{"frame.number", "tcptrace.stream", "tcptrace.client.state", "tcptrace.server.state", "tcptrace.client.evidence", "tcptrace.server.evidence",
	"tcptrace.evidence", "tcptrace.kind", "tcptrace.cause", "tcptrace.spurious", "tcptrace.anomaly", "tcptrace.note"}

// run shows the fields of a capture, and what tshark complains about.
func (p *plugin) run(t *testing.T, stdin []byte, args ...string) (lines []string, complaint string) {
	t.Helper()
	args = append([]string{"-X", "lua_script:" + p.script, "-T", "fields", "-Y", "tcptrace"}, args...)
	for _, f := range pluginFields {
		args = append(args, "-e", f)
	}
	cmd := exec.Command(p.tshark, args...)
	cmd.Env = append(os.Environ(), "HOME="+p.dir)
	if stdin != nil {
		cmd.Stdin = bytes.NewReader(stdin)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	if len(out) == 0 {
		return nil, complaints(stderr.String())
	}
	return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n"), complaints(stderr.String())
}

// segmentRecords are those of a capture, as timeline writes them.
func segmentRecords(t *testing.T, path string) (records []report.SegmentRecord) {
	t.Helper()
	code, stdout, stderr := tcptrace(t, env{}, "timeline", path, "--format", "ndjson")
	if code != exitDone {
		t.Fatal(stderr)
	}
	for line := range strings.Lines(stdout) {
		var r report.SegmentRecord
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
	}
	return records
}

// timelineFields are the same fields, as timeline has them.
func timelineFields(t *testing.T, path string) (lines []string) {
	t.Helper()
	for _, r := range segmentRecords(t, path) {
		evidence, spurious := r.ServerEvidence, ""
		if r.From == "client" {
			evidence = r.ClientEvidence
		}
		if r.Spurious != nil {
			spurious = strconv.FormatBool(*r.Spurious)
		}
		var anomalies, notes []string
		for _, note := range r.Notes {
			if analyzer.FindAnomalyKind(note) != nil {
				anomalies = append(anomalies, note)
			} else {
				notes = append(notes, note)
			}
		}
		lines = append(lines, strings.Join([]string{fmt.Sprint(r.Frame), fmt.Sprint(r.Stream), r.Client, r.Server, r.ClientEvidence, r.ServerEvidence,
			evidence, r.Kind, r.Cause, spurious, strings.Join(anomalies, ","), strings.Join(notes, ",")}, "\t"))
	}
	return lines
}

// TestPlugin: on golden captures the plugin's fields are those of timeline. All captures are in one file, one section behind the other: to start
// tshark for each takes a second, and shows nothing else.
func TestPlugin(t *testing.T) {
	t.Parallel()
	p := newPlugin(t)
	captures, err := filepath.Glob(filepath.Join(goldenDir, "*.pcap*"))
	if err != nil || len(captures) == 0 {
		t.Fatal(err)
	}
	captures = thorough.Some(t, captures, 4)
	var all bytes.Buffer
	one := filepath.Join(p.dir, "one.pcapng")
	for _, path := range captures {
		if code, _, stderr := tcptrace(t, env{}, "annotate", path, "-w", one); code != exitDone {
			t.Fatal(stderr)
		}
		raw, err := os.ReadFile(one)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(raw)
	}
	path := filepath.Join(p.dir, "all of them.pcapng")
	if err := os.WriteFile(path, all.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	want := timelineFields(t, path)
	got, complaint := p.run(t, nil, "-r", path)
	if complaint != "" {
		t.Error(complaint)
	}
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("%q, want\n%q", got[i], want[i])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d segments have fields, want %d", len(got), len(want))
	}
}

// TestPluginSays: names of files are nobody's orders, a saved timeline serves as well, and why there is nothing to show is said in one line.
func TestPluginSays(t *testing.T) {
	t.Parallel()
	p := newPlugin(t)
	raw, err := os.ReadFile(filepath.Join(goldenDir, "showcase.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	capture := filepath.Join(p.dir, "-rf $(touch owned); `touch owned`\n'\"; touch owned #.pcap")
	saved, other := filepath.Join(p.dir, "saved.ndjson"), filepath.Join(p.dir, "other.ndjson")
	if err := os.WriteFile(capture, raw, 0o666); err != nil {
		t.Fatal(err)
	}
	for path, of := range map[string]string{saved: "showcase.pcap", other: "close-client.pcap"} {
		if code, _, stderr := tcptrace(t, env{}, "timeline", filepath.Join(goldenDir, of), "--format", "ndjson", "-o", path); code != exitDone {
			t.Fatal(stderr)
		}
	}
	ostermann, failing := filepath.Join(p.dir, "tcptrace"), filepath.Join(p.dir, "failing")
	for path, text := range map[string]string{
		ostermann: "echo '7 args remaining, starting with '\"$1\"; exit 255", failing: "test \"$1\" != --version || { echo 'tcptrace v1'; exit 0; }; exit 1",
	} {
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	moved := filepath.Join(p.dir, "moved.pcap") // the same, but from another port
	if err := os.WriteFile(moved, bytes.ReplaceAll(raw, []byte{40000 >> 8, 40000 & 0xff, 0, 80}, []byte{40001 >> 8, 40001 & 0xff, 0, 80}), 0o666); err != nil {
		t.Fatal(err)
	}
	want := timelineFields(t, capture)
	type saying struct {
		name  string
		args  []string
		stdin []byte
		says  string // "": all fields are there
		alike int    // segments of another capture that this one has, too
	}
	for _, test := range thorough.Some(t, []saying{
		{"a hostile name", []string{"-r", capture}, nil, "", 0},
		{"a name in a preference", []string{"-r", capture, "-o", "tcptrace.capture:" + filepath.Join(goldenDir, "showcase.pcap")}, nil, "", 0},
		{"saved", []string{"-r", capture, "-o", "tcptrace.timeline:" + saved}, nil, "", 0},
		{"saved, from a pipe", []string{"-r", "-", "-o", "tcptrace.timeline:" + saved}, raw, "", 0},
		{"saved of another", []string{"-r", capture, "-o", "tcptrace.timeline:" + other}, nil, "the capture is not the one that was analyzed, or has changed", 1},
		{"saved, but not there", []string{"-r", capture, "-o", "tcptrace.timeline:" + saved + "x"}, nil, "the saved timeline cannot be read: ", 0},
		{"saved, but not a timeline", []string{"-r", capture, "-o", "tcptrace.timeline:" + p.script}, nil, "the saved timeline is none", 0},
		{"a pipe", []string{"-r", "-"}, raw, "only captures in files are analyzed, and none is open", 0},
		{"no program", []string{"-r", capture, "-o", "tcptrace.program:" + p.dir + "/none; touch owned"}, nil, "the program is not there", 0},
		{"no program that runs", []string{"-r", capture, "-o", "tcptrace.program:" + saved}, nil, "the program cannot be run", 0},
		{"saved of another, at the same times", []string{"-r", moved, "-o", "tcptrace.timeline:" + saved}, nil, "the capture is not the one that was analyzed, or has changed", 0},
		{"another program", []string{"-r", capture, "-o", "tcptrace.program:false"}, nil, "the program that was found is not this tcptrace", 0},
		{"Ostermann's", []string{"-r", capture, "-o", "tcptrace.program:" + ostermann}, nil, "the program that was found is not this tcptrace (Debian's package of that name is another): set the preference tcptrace.program", 0},
		{"a program that fails", []string{"-r", capture, "-o", "tcptrace.program:" + failing}, nil, "the program failed on this capture", 0},
		{"no capture in a preference", []string{"-r", capture, "-o", "tcptrace.capture:" + capture + "x"}, nil, "only captures in files", 0},
	}, 4) {
		got, complaint := p.run(t, test.stdin, test.args...)
		switch {
		case test.says == "" && (complaint != "" || !slices.Equal(got, want)):
			t.Errorf("%s: %s; %d segments have fields, want %d", test.name, complaint, len(got), len(want))
		case test.says != "" && (!strings.Contains(complaint, "tcptrace: "+test.says) || strings.Contains(complaint, "\n")):
			t.Errorf("%s: says %q, want %q", test.name, complaint, test.says)
		case test.says != "" && len(got) > test.alike:
			t.Errorf("%s: %d segments have fields", test.name, len(got))
		}
	}
	if _, err := os.Stat("owned"); err == nil {
		t.Error("a name was obeyed")
	}
}

// TestPluginIsInstalled: over an older version of it, never over another file.
func TestPluginIsInstalled(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "for it")
	path := filepath.Join(dir, "tcptrace.lua")
	install := func() (int, string) {
		code, _, stderr := tcptrace(t, env{}, "wireshark", "install", "--dir", dir)
		return code, stderr
	}
	for range 2 {
		if code, stderr := install(); code != exitDone || !strings.Contains(stderr, path) {
			t.Fatalf("%d %s", code, stderr)
		}
		if err := os.WriteFile(path, []byte("-- tcptrace: a plugin for Wireshark, of old"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, other := range []string{"-- somebody's", ""} {
		if err := os.WriteFile(path, []byte(other), 0o666); err != nil {
			t.Fatal(err)
		}
		code, stderr := install()
		if is, _ := os.ReadFile(path); code != exitFailedCheck || !strings.Contains(stderr, "is another file, and stays as it is") || string(is) != other {
			t.Errorf("%d %s: %q", code, stderr, is)
		}
	}
	for _, args := range [][]string{{"wireshark"}, {"wireshark", "remove"}, {"wireshark", "print", "install"}} {
		if code, _, _ := tcptrace(t, env{}, args...); code != exitUsage {
			t.Errorf("%q: %d", args, code)
		}
	}
	if code, stdout, _ := tcptrace(t, env{}, "wireshark", "print"); code != exitDone || !strings.HasPrefix(stdout, "-- tcptrace: a plugin") || strings.Contains(stdout, "@") {
		t.Errorf("%d %.100s", code, stdout)
	}
}
