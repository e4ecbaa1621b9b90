package main

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/internal/dimension"
	"tcptrace/internal/findings"
	"tcptrace/report"
)

// generated are the parts of the texts that are made from what the program itself knows, each between a line
// "<!-- generated: NAME -->" and a line "<!-- end -->".
var generated = map[string]func() string{
	"commands":    commandsMarkdown,
	"formats":     formatsMarkdown,
	"anomalies":   anomaliesMarkdown,
	"statistics":  statisticsMarkdown,
	"apart":       apartMarkdown,
	"terms":       termsMarkdown,
	"time":        timeMarkdown,
	"differences": differencesMarkdown,
	"failures":    failuresMarkdown,
	"findings":    findingsMarkdown,
	"keys":        keysMarkdown,
	"sums":        sumsMarkdown,
}

var generatedPart = regexp.MustCompile(`(?s)<!-- generated: ([a-z]+) -->\n(.*?)<!-- end -->\n`)

// TestDocsGenerated holds those parts against the program. With -update they are written anew.
func TestDocsGenerated(t *testing.T) {
	found := map[string]bool{}
	for _, name := range docFiles(t) {
		path := filepath.Join(rootDir, name)
		text := readDoc(t, name)
		now := generatedPart.ReplaceAllStringFunc(text, func(part string) string {
			m := generatedPart.FindStringSubmatch(part)
			if generated[m[1]] == nil {
				t.Errorf("%s has a generated part %q that nothing generates", name, m[1])
				return part
			}
			found[m[1]] = true
			return "<!-- generated: " + m[1] + " -->\n" + generated[m[1]]() + "<!-- end -->\n"
		})
		if now == text {
			continue
		}
		if !*update {
			t.Errorf("%s is not what the program says: go test ./cmd/tcptrace -run TestDocsGenerated -update", name)
		} else if err := os.WriteFile(path, []byte(now), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for name := range generated {
		if !found[name] {
			t.Errorf("no text has the generated part %q", name)
		}
	}
}

// cell is text in a table.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "\n", " ").Replace(text)
}

func anomaliesMarkdown() string {
	var b strings.Builder
	for _, section := range analyzer.Catalogue() {
		fmt.Fprintf(&b, "\n## Anomalies: %s\n\n| id | severity | what it is |\n|---|---|---|\n", section.Name)
		for _, kind := range section.Kinds {
			fmt.Fprintf(&b, "| [`%s`](#%[1]s) | %s | %s |\n", kind.ID, report.SeverityOf(kind), cell(kind.Summary))
		}
		for _, kind := range section.Kinds {
			fmt.Fprintf(&b, "\n### %s\n", kind.ID)
			for _, part := range [...]struct{ title, text string }{
				{"", kind.Meaning}, {"*Usual causes:* ", kind.Causes}, {"*What to look at next:* ", kind.Next}, {"*Standards:* ", kind.RFC},
			} {
				if part.text != "" {
					fmt.Fprintf(&b, "\n%s%s\n", part.title, strings.ReplaceAll(part.text, "<", "&lt;"))
				}
			}
			for i, id := range report.RelatedAnomalies(kind) {
				before := ", "
				if i == 0 {
					before = "\n*See also:* "
				}
				fmt.Fprintf(&b, "%s[`%s`](#%[2]s)", before, id)
			}
			if len(report.RelatedAnomalies(kind)) > 0 {
				b.WriteByte('\n')
			}
		}
	}
	return b.String() + "\n"
}

func statisticsMarkdown() string {
	var b strings.Builder
	for _, subject := range report.Statistics {
		fmt.Fprintf(&b, "\n### %s\n\n| name | unit | meaning | Ostermann's tcptrace |\n|---|---|---|---|\n", subject.Subject)
		for i := range subject.List {
			s := &subject.List[i]
			theirs := s.Ostermann
			if theirs != "" && s.Differs != "" {
				theirs += ": " + s.Differs
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", s.Name, s.Unit, cell(s.Text), cell(theirs))
		}
	}
	return b.String() + "\n"
}

func apartMarkdown() string {
	var b strings.Builder
	b.WriteString("\n| anomaly | why all numbers differ |\n|---|---|\n")
	for _, id := range slices.Sorted(maps.Keys(report.OstermannApart)) {
		fmt.Fprintf(&b, "| [`%s`](anomalies.md#%[1]s) | %s |\n", id, cell(report.OstermannApart[id]))
	}
	return b.String() + "\n"
}

func termsMarkdown() string {
	var b strings.Builder
	for _, subject := range report.Terms[:segmentTerms] {
		fmt.Fprintf(&b, "\n### %s\n\n| name | meaning | Wireshark's `tcp.analysis` |\n|---|---|---|\n", subject.Subject)
		for _, term := range subject.List {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", term.Name, cell(term.Text), cell(term.Wireshark))
		}
	}
	return b.String() + "\n"
}

// segmentTerms is how many subjects of terms are about segments; the others are about the time of a conversation.
const segmentTerms = 3

func timeMarkdown() string {
	var b strings.Builder
	for _, subject := range report.Terms[segmentTerms:] {
		fmt.Fprintf(&b, "\n%s:\n\n| name | meaning |\n|---|---|\n", subject.Subject)
		for _, term := range subject.List {
			fmt.Fprintf(&b, "| `%s` | %s |\n", term.Name, cell(term.Text))
		}
	}
	return b.String() + "\n"
}

func differencesMarkdown() string {
	var b strings.Builder
	b.WriteString("\n| Wireshark's flag | tcptrace | why |\n|---|---|---|\n")
	for _, d := range report.WiresharkDifferences {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", cmp.Or(d.Wireshark, "-"), cmp.Or(d.Ours, "-"), cell(d.Why))
	}
	return b.String() + "\n"
}

func failuresMarkdown() string {
	var b strings.Builder
	b.WriteString("\n| `failure` | |\n|---|---|\n")
	for f := dimension.NoFailure + 1; f < dimension.NumFailures; f++ {
		fmt.Fprintf(&b, "| `%s` | %s |\n", f, cell(f.Text()))
	}
	return b.String() + "\n"
}

func findingsMarkdown() string {
	var b strings.Builder
	b.WriteString("\n| id | conversations that | reason lies with | condition |\n|---|---|---|---|\n")
	for _, d := range findings.Descriptions() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | ", d.ID, d.Text, d.Lies)
		if d.Where != "" {
			fmt.Fprintf(&b, "`%s` ", strings.ReplaceAll(d.Where, "|", `\|`))
		}
		b.WriteString("|\n")
	}
	return b.String() + "\n"
}

func keysMarkdown() string {
	var b strings.Builder
	b.WriteString("\n| key | values |\n|---|---|\n")
	for _, row := range dimension.Rows() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", row.Name, cell(row.Help))
	}
	return b.String() + "\n"
}

func sumsMarkdown() string {
	var b strings.Builder
	b.WriteString("\n| column | meaning |\n|---|---|\n")
	for _, c := range report.SumColumns {
		fmt.Fprintf(&b, "| `%s` | %s |\n", c.Name, cell(c.Help))
	}
	return b.String() + "\n"
}

func formatsMarkdown() string {
	var b strings.Builder
	b.WriteString("\n| `--format` | what it writes |\n|---|---|\n")
	for _, format := range report.Formats {
		fmt.Fprintf(&b, "| `%s` | %s |\n", format.Name, cell(format.Help))
	}
	return b.String() + "\n"
}

func commandsMarkdown() string {
	var b strings.Builder
	b.WriteString("\n| command | |\n|---|---|\n")
	root := newRootCommand(env{})
	fmt.Fprintf(&b, "| `%s` | %s |\n", root.Use, root.Short)
	for _, cmd := range root.Commands() {
		fmt.Fprintf(&b, "| `tcptrace %s` | %s |\n", cmd.Use, cmd.Short)
	}
	return b.String() + "\n"
}
