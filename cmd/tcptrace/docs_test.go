package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// maxReadmeLines keeps the README an introduction. What does not fit is for docs.
const maxReadmeLines = 150

func TestReadmeIsShort(t *testing.T) {
	text := readDoc(t, "README.md")
	if n := strings.Count(text, "\n"); n > maxReadmeLines {
		t.Errorf("README.md has %d lines, more than %d", n, maxReadmeLines)
	}
}

// docFiles are all texts for people, by their path below the root.
func docFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(rootDir, "docs", "*.md"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in docs: %v", err)
	}
	for i := range files {
		files[i] = "docs/" + filepath.Base(files[i])
	}
	return append(files, "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")
}

func readDoc(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(rootDir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	mdLink    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	mdHeading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	mdCode    = regexp.MustCompile("(?s)```.*?```")
	makeUse   = regexp.MustCompile(`\bmake ([a-z][a-z-]*)`)
)

// TestDocLinks follows every link to a file of the project, and to a heading in it.
func TestDocLinks(t *testing.T) {
	for _, name := range docFiles(t) {
		for _, m := range mdLink.FindAllStringSubmatch(mdCode.ReplaceAllString(readDoc(t, name), ""), -1) {
			target, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			path := name
			if target != "" {
				path = filepath.Join(filepath.Dir(name), target)
			}
			if _, err := os.Stat(filepath.Join(rootDir, path)); err != nil {
				t.Errorf("%s links to %s: %v", name, m[1], err)
			} else if anchor != "" && !slices.Contains(anchors(readDoc(t, path)), anchor) {
				t.Errorf("%s links to %s: there is no such heading", name, m[1])
			}
		}
	}
}

// anchors are the headings of a text, as GitHub names them in links.
func anchors(text string) (list []string) {
	unwanted := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	for _, m := range mdHeading.FindAllStringSubmatch(mdCode.ReplaceAllString(text, ""), -1) {
		list = append(list, strings.ReplaceAll(unwanted.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-"))
	}
	return list
}

// TestDocsAreListed finds texts that the table of contents does not name, and make targets that there are not.
func TestDocsAreListed(t *testing.T) {
	contents, makefile := readDoc(t, "docs/README.md"), readDoc(t, "Makefile")
	for _, name := range docFiles(t) {
		if base := filepath.Base(name); filepath.Dir(name) == "docs" && base != "README.md" && !strings.Contains(contents, "("+base+")") {
			t.Errorf("docs/README.md does not link to %s", base)
		}
		for _, m := range makeUse.FindAllStringSubmatch(strings.Join(mdCodes(readDoc(t, name)), "\n"), -1) {
			if !strings.Contains(makefile, "\n"+m[1]+":") {
				t.Errorf("%s names make %s, which does not exist", name, m[1])
			}
		}
	}
}

// mdCodes is all code of a text: in lines, blocks and indented.
func mdCodes(text string) []string {
	return regexp.MustCompile("(?s:```.*?```)|`[^`\n]+`|(?m)^    .*$").FindAllString(text, -1)
}

// TestArchitecture finds packages that docs/architecture.md does not explain.
func TestArchitecture(t *testing.T) {
	text := readDoc(t, "docs/architecture.md")
	for pkg := range layers {
		if !strings.Contains(text, "`"+pkg+"`") {
			t.Errorf("docs/architecture.md does not say what %s is for", pkg)
		}
	}
}

// TestDocProgram: docs/library.md shows the program that is compiled and run as docs/program.
func TestDocProgram(t *testing.T) {
	program := readDoc(t, "docs/program/main.go")
	if !strings.Contains(readDoc(t, "docs/library.md"), "```go\n"+program+"```\n") {
		t.Error("docs/library.md does not show docs/program/main.go as it is")
	}
}

var (
	docExample   = regexp.MustCompile("(?s)```\n\\$ (tcptrace [^\n]*)\n(.*?)```\n")
	ladderLegend = regexp.MustCompile(`(?s)States: .*?how many\.\n`)
)

// TestDocExamples runs the commands that the texts show, and compares what they print. "..." stands for any lines. The
// legend of ladders stands in the first one of a text only. With -update the output is written anew.
func TestDocExamples(t *testing.T) {
	files, shown := docFiles(t), 0
	root, err := filepath.Abs(rootDir)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(root)
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		legend := false
		now := docExample.ReplaceAllStringFunc(string(text), func(block string) string {
			m := docExample.FindStringSubmatch(block)
			if m[1] == "tcptrace check captures" { // TestDocsCheck
				return block
			}
			shown++
			got := runShell(t, m[1])
			if legend {
				got = ladderLegend.ReplaceAllString(got, "")
			}
			legend = legend || ladderLegend.MatchString(got)
			if matchesExcerpt(got, m[2]) {
				return block
			}
			if !*update || strings.Contains("\n"+m[2], "\n...\n") {
				t.Errorf("%s: %s prints something else; go test -update writes it anew:\n%s", name, m[1], got)
				return block
			}
			return "```\n$ " + m[1] + "\n" + got + "```\n"
		})
		if *update && now != string(text) {
			if err := os.WriteFile(name, []byte(now), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	if shown < 10 {
		t.Errorf("the texts show %d commands, want 10", shown)
	}
}

// runShell runs a command line, which may end in a pipe to tail -1 or jq -c .FIELD, and returns what a terminal shows.
func runShell(t *testing.T, line string) string {
	t.Helper()
	line, pipe, _ := strings.Cut(line, " | ")
	code, stdout, stderr := tcptrace(t, env{}, strings.Fields(line)[1:]...)
	if code != exitDone {
		t.Errorf("%s: exit code %d: %s", line, code, stderr)
	}
	field, isJQ := strings.CutPrefix(pipe, "jq -c .")
	switch {
	case isJQ:
		var record map[string]json.RawMessage
		if err := json.Unmarshal([]byte(stdout), &record); err != nil {
			t.Errorf("%s: %v", line, err)
		}
		stdout = string(record[field]) + "\n"
	case pipe == "tail -1":
		lines := strings.SplitAfter(stdout, "\n")
		stdout = lines[len(lines)-2]
	case pipe != "":
		t.Errorf("%s: unknown pipe %q", line, pipe)
	}
	return stdout + stderr
}

// matchesExcerpt reports whether text is excerpt, in which a line "..." stands for any lines.
func matchesExcerpt(text, excerpt string) bool {
	var pattern strings.Builder
	for line := range strings.Lines(excerpt) {
		if line == "...\n" {
			pattern.WriteString("(?:.*\n)*")
		} else {
			pattern.WriteString(regexp.QuoteMeta(line))
		}
	}
	return regexp.MustCompile("^" + pattern.String() + "$").MatchString(text)
}
