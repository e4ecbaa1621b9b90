package report

import (
	"io"
	"slices"
	"strings"

	"tcptrace/analyzer"
	"tcptrace/report/internal/output"
)

// askedCSV is [CSV] with the columns that were asked for.
type askedCSV struct {
	out    output.Buffer
	clock  output.Clock
	word   []byte // reused
	fields []*Field
	of     judged
}

// NewCSVOf returns a report of the columns that were asked for; nil: the usual ones.
func NewCSVOf(w io.Writer, asked *Columns) Report {
	if asked == nil {
		return NewCSV(w)
	}
	r := &askedCSV{out: output.NewBuffer(w)}
	if !asked.only {
		for name := range strings.SplitSeq(strings.TrimSuffix(csvHeader, "\n"), ",") {
			f, err := ParseField(name)
			if err == nil && !slices.ContainsFunc(asked.drop, func(g *Field) bool { return g.path == f.path }) {
				r.fields = append(r.fields, f)
			}
		}
	}
	for _, f := range asked.list {
		if !slices.ContainsFunc(r.fields, func(g *Field) bool { return g.path == f.path }) {
			r.fields = append(r.fields, f)
		}
	}
	for i, f := range r.fields {
		if i > 0 {
			r.out.B = append(r.out.B, ',')
		}
		r.out.B = append(r.out.B, f.Name...)
	}
	r.out.B = append(r.out.B, '\n')
	return r
}

// Conversation writes the row of c.
func (r *askedCSV) Conversation(c *analyzer.Conversation) error {
	r.of.begin(c)
	r.word = r.word[:0]
	for _, f := range r.fields {
		r.word = f.appendCSV(r.word, &r.of, &r.clock)
	}
	if len(r.word) > 0 {
		r.word = r.word[1:] // the comma
	}
	r.out.B = append(append(r.out.B, r.word...), '\n')
	return r.out.Spill()
}

// Finish is that of [CSV].
func (r *askedCSV) Finish(*analyzer.Summary) error { return r.out.Flush() }
