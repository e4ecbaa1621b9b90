package check

import (
	"fmt"
	"io"
	"strings"

	"tcptrace/internal/console"
)

// WriteGitHub writes results as annotations for GitHub Actions, each beside the line of the expectation that does
// not hold, and then a summary.
func WriteGitHub(w io.Writer, rs Results) error {
	var b strings.Builder
	for i := range rs {
		r := &rs[i]
		for j := range r.Failures {
			f := &r.Failures[j]
			file, line := r.location(f)
			text := r.message(f)
			for _, l := range f.Lines {
				text += "\n" + l
			}
			annotate(&b, file, line, text)
		}
		for j, p := range r.Problems {
			file, line := r.problemLocation(j)
			annotate(&b, file, line, p)
		}
	}
	b.WriteString(rs.Summary() + "\n")
	_, err := io.WriteString(console.NewWriter(w), b.String())
	return err
}

// What a workflow command must not hold: in the text, and in a property before it.
var (
	escapeText     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	escapeProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func annotate(b *strings.Builder, file string, line int, text string) {
	at := ""
	if line > 0 {
		at = fmt.Sprintf(",line=%d", line)
	}
	fmt.Fprintf(b, "::error file=%s%s,title=tcptrace check::%s\n", escapeProperty.Replace(file), at, escapeText.Replace(text))
}
