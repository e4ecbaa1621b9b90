package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tcptrace/internal/complete"
	"tcptrace/internal/output"
)

// completed is what the program offers a shell for the last word of a command line.
func completed(t *testing.T, args ...string) (words []string, directive string) {
	t.Helper()
	code, stdout, stderr := tcptrace(t, env{}, append([]string{cobra.ShellCompNoDescRequestCmd}, args...)...)
	if code != exitDone {
		t.Fatalf("completing %q: exit code %d: %s", args, code, stderr)
	}
	words = strings.Split(strings.TrimSpace(stdout), "\n")
	return words[:len(words)-1], words[len(words)-1]
}

func TestComplete(t *testing.T) {
	for _, test := range []struct {
		line  string // its last word is completed
		want  string // is among what is offered
		never string // is not
	}{
		{line: "time", want: "timeline"},
		{line: "--format ", want: "zeek", never: "mermaid"},
		{line: "timeline --format ", want: "mermaid", never: "zeek"},
		{line: "--sort ", want: "duration"},
		{line: "--fail-on ", want: "rst-in-handshake"},
		{line: "--fail-on ", want: "error"},
		{line: "--where ", want: `outcome == "half-open"`},
		{line: "timeline --time ", want: "delta"},
		{line: "states --state ", want: "TIME_WAIT"},
		{line: "states --side ", want: "server"},
		{line: "follow --as ", want: "hex"},
		{line: "check --deny ", want: "warning"},
		{line: "check --budget syn", want: "syn-retransmit="},
		{line: "live --compress ", want: "zstd"},
		{line: "live --keep-on ", want: "abortive-close"},
		{line: "replay --speed ", want: "max"},
		{line: "anomalies ", want: "overlap-conflict"},
		{line: "anomalies half-close ", never: "overlap-conflict"},
		{line: "fields rtt", want: "rtt_p95_s"},
		{line: "schema ", want: "expectation"},
		{line: "completion ", want: "fish"},
	} {
		words, _ := completed(t, strings.Split(test.line, " ")...)
		if test.want != "" && !slices.Contains(words, test.want) {
			t.Errorf("%q: %q is not offered, but %q", test.line, test.want, words)
		}
		if test.never != "" && slices.Contains(words, test.never) {
			t.Errorf("%q: %q is offered", test.line, test.never)
		}
	}
	const files = ":0" // shells then offer the names of files
	if _, directive := completed(t, "timeline", "x"); directive != files {
		t.Errorf("a capture: directive %s, want %s", directive, files)
	}
}

// freeFlags are those whose values nobody can list.
var freeFlags = []string{"anonymize-key", "dir", "begin", "end", "size", "metrics-service", "metrics-process",
	"assert", "at", "config", "filter", "junit", "metrics", "output", "sarif", "stream", "title", "tolerance", "web", "write",
}

// TestEveryFlagCompletes finds flags of which neither is known what they take, nor that it can be anything.
func TestEveryFlagCompletes(t *testing.T) {
	root := newRootCommand(env{})
	complete.Register(root)
	for _, cmd := range append(root.Commands(), root) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			_, completed := cmd.GetFlagCompletionFunc(f.Name)
			free := slices.Contains(freeFlags, f.Name)
			switch typ := f.Value.Type(); {
			case completed && free:
				t.Errorf("%s --%s is completed: it is no free flag", cmd.CommandPath(), f.Name)
			case !completed && !free && (strings.HasPrefix(typ, "string") || typ == "stringArray"):
				t.Errorf("%s --%s (%s) is not completed", cmd.CommandPath(), f.Name, typ)
			}
		})
	}
}

// TestCompletionsHold gives the program what it offers.
func TestCompletionsHold(t *testing.T) {
	capture := filepath.Join(goldenDir, "showcase.pcap")
	for _, line := range []string{
		capture + " --format", capture + " --sort", capture + " --fail-on", capture + " --where", capture + " --progress",
		"timeline " + capture + " --format", "timeline " + capture + " --time", "timeline " + capture + " --where",
		"states " + capture + " --at +1s --state", "states " + capture + " --at +1s --side", "states " + capture + " --at +1s --format",
		"follow " + capture + " --stream 0 --as", "follow " + capture + " --stream 0 --from",
		"check " + capture + " --format", "check " + capture + " --deny",
		"diff " + capture + " " + capture + " --format",
		"anomalies", "fields", "schema",
	} {
		args := strings.Split(line, " ")
		words, _ := completed(t, append(slices.Clone(args), "")...)
		if len(words) == 0 {
			t.Errorf("%s: nothing is offered", line)
		}
		for _, word := range words {
			if code, _, stderr := tcptrace(t, env{}, append(slices.Clone(args), word)...); code == exitUsage {
				t.Errorf("%s %s: %s", line, word, stderr)
			}
		}
	}
}

// TestCompletionScripts writes the scripts of all shells.
func TestCompletionScripts(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		code, stdout, stderr := tcptrace(t, env{}, "completion", shell)
		if code != exitDone || stderr != "" || !strings.Contains(stdout, "tcptrace") {
			t.Errorf("%s: exit code %d: %s%s", shell, code, stdout, stderr)
		}
	}
}

// TestManual holds the pages against the commands: there is one for each, and it shows every flag.
func TestManual(t *testing.T) {
	dir := t.TempDir()
	if err := writeManual(dir, env{files: &output.Files{}}); err != nil {
		t.Fatal(err)
	}
	root := newRootCommand(env{})
	for _, cmd := range append(root.Commands(), root) {
		name := strings.ReplaceAll(cmd.CommandPath(), " ", "-") + ".1"
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
			continue
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if shown := strings.Contains(string(text), `\fB--`+f.Name+`\fP`); shown == f.Hidden {
				t.Errorf("%s shows --%s: %v", name, f.Name, shown)
			}
		})
		if strings.Contains(string(text), "tcptrace-help") {
			t.Errorf("%s refers to a page that there is not", name)
		}
	}
}
