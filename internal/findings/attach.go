package findings

import (
	"io"

	"tcptrace/analyzer"
	"tcptrace/report"
)

// Formats are the formats of findings by themselves. What they make is written by Attach.
var Formats = report.Choices[report.Format]{
	{Name: "text", Help: "for people", Is: report.Format{People: true, New: prints((*Report).WriteText)}},
	{Name: "json", Help: "one JSON document", Is: report.Format{New: prints(func(r *Report, w io.Writer, _ TextOptions) error { return r.WriteJSON(w) })}},
	{Name: "ndjson", Help: "a JSON record a line", Is: report.Format{New: prints(func(r *Report, w io.Writer, _ TextOptions) error { return r.WriteNDJSON(w) })}},
}

// printer is a report of nothing but what was found.
type printer struct {
	w     io.Writer
	print func(r *Report, w io.Writer, o TextOptions) error
}

func prints(print func(r *Report, w io.Writer, o TextOptions) error) func(io.Writer, report.TableOptions) report.Report {
	return func(w io.Writer, _ report.TableOptions) report.Report { return &printer{w, print} }
}

// Skips is for [analyzer.Sink].
func (p *printer) Skips(analyzer.Time) bool { return true }

// Conversation is for [report.Report].
func (p *printer) Conversation(*analyzer.Conversation) error { return nil }

// Finish is for [report.Report].
func (p *printer) Finish(*analyzer.Summary) error { return nil }

// Attach returns next with findings: of all conversations that it gets, and before what it writes at the end. format is the last of its
// chain, which writes to w. One that has no place for findings is left as it is.
func Attach(next, format report.Report, w io.Writer, o Options, look TextOptions) report.Report {
	var tell func(*Report) error
	switch f := format.(type) {
	case *report.Table:
		tell = func(r *Report) error {
			f.Above(r.Height(look))
			return r.WriteText(w, look)
		}
	case *report.JSON:
		tell = func(r *Report) error { f.Findings(r); return nil }
	case *printer:
		tell = func(r *Report) error { return f.print(r, f.w, look) }
	default:
		return next
	}
	k := New()
	var j analyzer.Judgment
	see := func(c *analyzer.Conversation) error {
		j.Judge(c)
		k.Conversation(c, &j)
		return nil
	}
	return report.Skim(next, see, k.Sound, func(s *analyzer.Summary) error { return tell(k.Report(s, o)) })
}

// Found reports whether a format has a place for findings.
func Found(f report.Format) bool {
	switch f.New(io.Discard, report.TableOptions{}).(type) {
	case *report.Table, *report.JSON, *printer:
		return true
	}
	return false
}
