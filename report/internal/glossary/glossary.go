// Package glossary explains to people the statistics of a conversation and the terms of the segment record, how they
// differ from those of other programs, and the anomalies.
//
// Not its job: to compute what it explains.
package glossary

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"tcptrace/analyzer"
	"tcptrace/report/internal/record"
)

// text is what Write writes: under each subject that has any, the entries of which a name contains part.
type text struct {
	strings.Builder
	part    string
	texts   bool   // explanations are searched, too
	subject string // that the next entry is under, if it is not written yet
}

// abbreviations are those in use that no entry has.
var abbreviations = map[string]string{
	"tlp": "tail loss probe", "rto": "retransmission timer", "dupack": "duplicate ack", "zwp": "zero-window probe", "ooo": "reorder",
}

func (t *text) about(subject string) {
	if t.subject == "" && t.Len() > 0 {
		t.WriteByte('\n')
	}
	t.subject = subject
}

// entry writes lines of an entry, the first with its name.
func (t *text) entry(name, text string, more ...string) {
	if t.subject != "" {
		fmt.Fprintf(t, "%s\n", t.subject)
		t.subject = ""
	}
	fmt.Fprintf(t, "  %s\n", strings.TrimRight(fmt.Sprintf("%-*s %s", width, name, text), " "))
	for _, line := range more {
		fmt.Fprintf(t, "  %-*s %s\n", width, "", line)
	}
}

// width is the column of names.
var width = func() (n int) {
	for _, subject := range record.Statistics {
		for i := range subject.List {
			n = max(n, len(subject.List[i].Name))
		}
	}
	return n
}()

// wants reports whether an entry is to be shown: of these names, or of this text if texts are searched.
func (t *text) wants(text string, names ...string) bool {
	if t.texts {
		return strings.Contains(strings.ToLower(text), t.part)
	}
	return slices.ContainsFunc(names, func(n string) bool { return n != "" && strings.Contains(n, t.part) })
}

// Write writes the statistics, words and differences of whose names one contains part, or else of whose texts. It reports
// whether there are any.
func Write(w io.Writer, part string) (found bool, err error) {
	t := text{part: part}
	t.list()
	if t.Len() == 0 {
		part := strings.ToLower(part)
		t = text{part: cmp.Or(abbreviations[part], part), texts: true}
		t.list()
	}
	_, err = io.WriteString(w, t.String())
	return t.Len() > 0, err
}

// Names are the statistics, as terms, and the terms of the segment record.
func Names() (names []analyzer.Term) {
	for _, subject := range record.Statistics {
		for i := range subject.List {
			names = append(names, analyzer.Term{Name: subject.List[i].Name, Text: subject.List[i].Text})
		}
	}
	names = append(names, record.ProcessTerms...)
	for _, subject := range record.Terms {
		names = append(names, subject.List...)
	}
	return names
}

func (t *text) list() {
	for _, subject := range record.Statistics {
		t.about(subject.Subject)
		for i := range subject.List {
			if s := &subject.List[i]; t.wants(s.Text, s.Name, s.Ostermann) {
				t.statistic(s)
			}
		}
	}
	t.about(record.ProcessSubject)
	for _, term := range record.ProcessTerms {
		if t.wants(term.Text, term.Name) {
			t.entry(term.Name, term.Text)
		}
	}
	t.about(record.OutcomeSubject)
	for outcome, text := range record.OutcomeTexts {
		if name := analyzer.Outcome(outcome).String(); t.wants(text, "outcome", name) {
			t.entry(fmt.Sprintf("outcome %q", name), text)
		}
	}
	t.about("Anomalies of conversations for which all of Ostermann's numbers differ")
	for _, id := range slices.Sorted(maps.Keys(record.OstermannApart)) {
		if t.wants(record.OstermannApart[id], id) {
			t.entry(id, record.OstermannApart[id])
		}
	}
	for _, subject := range record.Terms {
		t.about(subject.Subject)
		for _, term := range subject.List {
			switch {
			case !t.wants(term.Text, term.Name, term.Wireshark):
			case term.Wireshark == "":
				t.entry(term.Name, term.Text)
			default:
				t.entry(term.Name, term.Text, "Wireshark's "+term.Wireshark)
			}
		}
	}
	t.about("The text of an RST (RFC 9293 3.5.3), in the records of conversations (close) and of timeline")
	if t.wants("", "text") {
		t.entry("text", "the payload of the RST, which is no part of the stream: up to 32 bytes of it in close, 256 in timeline; ... where there were more.",
			`What is not printable ASCII, and " & < > and the backtick, is \xNN; a backslash is doubled.`)
	}
	t.about("Where Wireshark's flags (tcp.analysis) differ: its flag, if any, and the kind or note here")
	for _, d := range record.WiresharkDifferences {
		if t.wants(d.Why, d.Wireshark, d.Ours) {
			t.entry(cmp.Or(d.Wireshark, "-")+" / "+cmp.Or(d.Ours, "-"), "", d.Why)
		}
	}
}

func (t *text) statistic(s *record.Statistic) {
	var theirs []string
	switch {
	case s.Ostermann != "" && s.Differs != "":
		theirs = []string{fmt.Sprintf("Ostermann's %q; %s", s.Ostermann, s.Differs)}
	case s.Ostermann != "":
		theirs = []string{fmt.Sprintf("Ostermann's %q", s.Ostermann)}
	}
	t.entry(s.Name, fmt.Sprintf("%s (%s)", s.Text, s.Unit), theirs...)
}
