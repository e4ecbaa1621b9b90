package findings

import (
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"tcptrace/internal/console"
	"tcptrace/report"
)

// TextOptions say how findings look to people.
type TextOptions struct {
	Width int    // columns; 0: 120
	Color bool   // styles of package console
	Full  int    // of so many findings where they lie and what to do is said, of the others only what they are and the command; 0: of all
	All   string // the command that says it of all
	// Limits is the command that shows what limits transfers: for who finds nothing wrong and hoped for more speed.
	Limits string
	Lines  int // of these, as far as they can be seen without those that cost least; 0: any number
}

const (
	defaultWidth = 120
	leastWidth   = 40
	indent       = "    "
)

// WriteText writes r for people: what is wrong, why and what to do, and the command that shows it.
func (r *Report) WriteText(w io.Writer, o TextOptions) error {
	_, err := console.Styled(w).Write([]byte(r.text(o)))
	return err
}

// Height is how many lines of the terminal WriteText takes.
func (r *Report) Height(o TextOptions) int {
	o.Color = false
	return height(r.text(o), o.Width)
}

// height is how many lines of a terminal a text takes, in which commands are not wrapped.
func height(text string, width int) (n int) {
	for line := range strings.Lines(text) {
		n += 1 + max(0, utf8.RuneCountInString(line)-2)/max(1, width)
	}
	return n
}

// text is what WriteText writes. Where that is too much for the terminal, less is said of each, and then of fewer; the first is told
// in full on any: it must not leave the screen.
func (r *Report) text(o TextOptions) string {
	if o.Width == 0 {
		o.Width = defaultWidth
	}
	most, full := len(r.Findings), len(r.Findings)
	if o.Full > 0 {
		full = min(full, o.Full)
	}
	plain := o
	plain.Color = false
	for o.Lines > 0 && (full > 1 || most > 1) && height(r.said(plain, most, full), o.Width) > o.Lines {
		if full > 1 {
			full--
		} else {
			most--
		}
	}
	return r.said(o, most, full)
}

// said tells of so many findings, of some of them in full.
func (r *Report) said(o TextOptions, most, full int) string {
	t := text{width: max(o.Width, leastWidth) - len(indent), color: o.Color}
	switch {
	case r.Conversations == 0 && len(r.Findings) == 0:
		return ""
	case len(r.Findings) == 0:
		t.wrap("", r.Healthy(), "")
		if o.Limits != "" {
			t.WriteString("what limits transfers: " + o.Limits + "\n")
		}
	}
	for i := range r.Findings[:most] {
		t.finding(i+1, &r.Findings[i], i < full)
	}
	if more := r.More + uint64(len(r.Findings)-most); more > 0 {
		t.wrap(indent, report.Counted(more, "more finding")+" that cost less", "")
	}
	if full < len(r.Findings) && o.All != "" {
		t.wrap("", "where each lies, and what to do: "+o.All, "")
	}
	t.WriteByte('\n')
	return t.String()
}

// text is findings as people read them.
type text struct {
	strings.Builder
	width int
	color bool
}

// finding writes one; full: with what shows it, where it lies, and what to do.
func (t *text) finding(number int, f *Finding, full bool) {
	lead := strconv.Itoa(number)
	lead = strings.Repeat(" ", max(0, len(indent)-2-len(lead))) + lead + "  "
	style := ""
	if t.color {
		style = console.Bold
		if f.Failed > 0 {
			style = console.Red
		}
	}
	t.wrap(lead, f.Text, style)
	if full {
		if f.shows != "" {
			t.wrap(indent, f.shows, "")
		}
		lies := string(f.Lies)
		if f.Lies == NotKnown {
			lies = "where is " + lies
		}
		t.wrap(indent, lies+": "+f.Why+"; next: "+f.Next, "")
	}
	if f.Command != "" {
		t.WriteString(indent + f.Command + "\n")
	}
}

// wrap writes text in lines behind lead, in a style if there is one.
func (t *text) wrap(lead, text, style string) {
	for _, line := range report.Wrap(text, t.width) {
		t.WriteString(lead + style + line)
		if style != "" {
			t.WriteString(console.Reset)
		}
		t.WriteByte('\n')
		if lead != "" {
			lead = indent
		}
	}
}

// WriteJSON writes r as a document.
func (r *Report) WriteJSON(w io.Writer) error { return encode(w, r) }

// WriteNDJSON writes a finding a line.
func (r *Report) WriteNDJSON(w io.Writer) error {
	for _, f := range r.Findings {
		f.Schema = singleSchema
		if err := encode(w, f); err != nil {
			return err
		}
	}
	return nil
}

func encode(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false) // expressions have && in them
	return e.Encode(v)
}
