package glossary

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"tcptrace/analyzer"
	"tcptrace/report/internal/human"
)

// WriteCatalogue lists all anomalies, by section.
func WriteCatalogue(w io.Writer) error {
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

// The text of an explanation is indented, and fits a terminal.
const (
	indent  = "  "
	columns = 80
)

// WriteAnomaly explains the anomalies of a kind, of a section.
func WriteAnomaly(w io.Writer, section string, kind *analyzer.AnomalyKind) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s, %s)\n", kind.ID, SeverityOf(kind), section)
	fmt.Fprintln(&b, kind.Summary)
	for _, part := range [...]struct{ title, text string }{
		{"What it means", kind.Meaning},
		{"Usual causes", kind.Causes},
		{"What to look at next", kind.Next},
		{"Standards", kind.RFC},
		{"See also", strings.Join(Related(kind), ", ")},
	} {
		if part.text != "" {
			fmt.Fprintf(&b, "\n%s\n", part.title)
			for _, line := range human.Wrap(part.text, columns-len(indent)) {
				fmt.Fprintf(&b, "%s%s\n", indent, line)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Related are the ids of the kinds that are about the same as this one, or that people take for it, in the order of the catalogue.
func Related(kind *analyzer.AnomalyKind) (ids []string) {
	for _, section := range analyzer.Catalogue() {
		for _, other := range section.Kinds {
			same := kind.Subsumes != "" && kind.Subsumes == other.Subsumes
			if other.ID != kind.ID && (same || isBeside(kind, other.ID) || isBeside(other, kind.ID)) {
				ids = append(ids, other.ID)
			}
		}
	}
	return ids
}

func isBeside(kind *analyzer.AnomalyKind, id string) bool {
	return kind.Subsumes == id || slices.Contains(kind.Beside, id)
}

// SeverityOf is how bad anomalies of this kind are, in words.
func SeverityOf(kind *analyzer.AnomalyKind) string {
	if kind.Varies {
		return fmt.Sprintf("%s or %s", analyzer.SeverityNote, kind.Severity)
	}
	return kind.Severity.String()
}
