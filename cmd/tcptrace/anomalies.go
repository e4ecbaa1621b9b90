package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"tcptrace/analyzer"
	"tcptrace/internal/complete"
	"tcptrace/report"
)

func newAnomaliesCommand(e env) *cobra.Command {
	return &cobra.Command{
		Use:   "anomalies [ID]",
		Short: "List all anomalies, or explain one",
		Long: `anomalies lists what tcptrace flags: everything that can go wrong with a connection, or is worth knowing about it.
With an ID it explains one anomaly: what it means, what usually causes it, and what to look at next.

Severities: note, normal but worth knowing; warning, an endpoint had to wait or retry; error, something failed.`,
		Example: `  tcptrace anomalies
  tcptrace anomalies close-wait-lingering`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usageError("one anomaly at a time, not %d", len(args))
			}
			return nil
		},
		ValidArgsFunction: complete.Only(complete.AnomalyIDs),
		RunE:              func(_ *cobra.Command, args []string) error { return runAnomalies(args, e) },
	}
}

func runAnomalies(args []string, e env) error {
	if len(args) == 0 {
		return listAnomalies(e.out)
	}
	for _, section := range analyzer.Catalogue() {
		for _, kind := range section.Kinds {
			if kind.ID == args[0] {
				return explainAnomaly(e.out, section.Name, kind)
			}
		}
	}
	return usageError("there is no anomaly %q: %s", args[0], report.SuggestAnomaly(args[0]))
}

func listAnomalies(w io.Writer) error {
	var b strings.Builder
	for i, section := range analyzer.Catalogue() {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintln(&b, section.Name)
		for _, kind := range section.Kinds {
			fmt.Fprintf(&b, "  %-7s %-27s %s\n", kind.Severity, kind.ID, kind.Summary)
		}
	}
	b.WriteString("\n'tcptrace anomalies ID' explains one.\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func explainAnomaly(w io.Writer, section string, kind *analyzer.AnomalyKind) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s, %s)\n", kind.ID, severityOf(kind), section)
	fmt.Fprintln(&b, kind.Summary)
	for _, part := range [...]struct{ title, text string }{
		{"What it means", kind.Meaning},
		{"Usual causes", kind.Causes},
		{"What to look at next", kind.Next},
		{"Standards", kind.RFC},
	} {
		if part.text != "" {
			fmt.Fprintf(&b, "\n%s\n%s", part.title, wrap(part.text, "  ", 80))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// severityOf is how bad anomalies of this kind are, in words.
func severityOf(kind *analyzer.AnomalyKind) string {
	if kind.Varies {
		return fmt.Sprintf("%s or %s", analyzer.SeverityNote, kind.Severity)
	}
	return kind.Severity.String()
}

// wrap breaks text into lines of at most width columns, each indented.
func wrap(text, indent string, width int) string {
	var b strings.Builder
	column := 0
	for _, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case column == 0:
			b.WriteString(indent)
			column = len(indent)
		case column+1+n > width:
			b.WriteString("\n" + indent)
			column = len(indent)
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	b.WriteByte('\n')
	return b.String()
}
