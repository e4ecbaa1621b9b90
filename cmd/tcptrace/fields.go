package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tcptrace/report"
)

func newFieldsCommand(e env) *cobra.Command {
	return &cobra.Command{
		Use:   "fields [NAME]",
		Short: "Define the statistics of a conversation and the terms used for segments",
		Long: `fields lists the statistics that a conversation record has for each side, under endpoints.client.sent and
endpoints.server.sent, and that --long prints: what each one means, its unit, and what Ostermann's tcptrace calls it.
All but the first five are omitted from a record when they are 0 or unknown. It then lists the kinds, causes and notes
that timeline gives segments, Wireshark's flags for them, and where and why those differ. With a NAME, or part of one,
it shows only the entries whose name, here or in the other program, contains it; if there is none, those whose
explanation does.`,
		Example: `  tcptrace fields
  tcptrace fields rtt
  tcptrace fields retransmission
  tcptrace capture.pcapng --where 'endpoints.server.sent.rtt_p95_s > 0.2'`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usageError("one name at a time, not %d", len(args))
			}
			return nil
		},
		ValidArgsFunction: only(fieldNames),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return listFields(e.out, "")
			}
			return listFields(e.out, args[0])
		},
	}
}

// fieldNames are the names that fields explains.
func fieldNames() (names []string) {
	for _, subject := range report.Statistics {
		for i := range subject.List {
			names = append(names, cobra.CompletionWithDesc(subject.List[i].Name, subject.List[i].Text))
		}
	}
	for _, subject := range report.Terms {
		for _, term := range subject.List {
			names = append(names, cobra.CompletionWithDesc(term.Name, term.Text))
		}
	}
	return names
}

// fieldsText is what listFields writes: under each subject that has any, the entries of which a name contains part.
type fieldsText struct {
	strings.Builder
	part    string
	texts   bool   // explanations are searched, too
	subject string // that the next entry is under, if it is not written yet
}

// abbreviations are those in use that no entry has.
var abbreviations = map[string]string{
	"tlp": "tail loss probe", "rto": "retransmission timer", "dupack": "duplicate ack", "zwp": "zero-window probe", "ooo": "reorder",
}

func (t *fieldsText) about(subject string) {
	if t.subject == "" && t.Len() > 0 {
		t.WriteByte('\n')
	}
	t.subject = subject
}

// entry writes lines of an entry, the first with its name.
func (t *fieldsText) entry(name, text string, more ...string) {
	if t.subject != "" {
		fmt.Fprintf(t, "%s\n", t.subject)
		t.subject = ""
	}
	fmt.Fprintf(t, "  %s\n", strings.TrimRight(fmt.Sprintf("%-*s %s", fieldsWidth, name, text), " "))
	for _, line := range more {
		fmt.Fprintf(t, "  %-*s %s\n", fieldsWidth, "", line)
	}
}

// fieldsWidth is the column of names.
var fieldsWidth = func() (width int) {
	for _, subject := range report.Statistics {
		for i := range subject.List {
			width = max(width, len(subject.List[i].Name))
		}
	}
	return width
}()

// wants reports whether an entry is to be shown: of these names, or of this text if texts are searched.
func (t *fieldsText) wants(text string, names ...string) bool {
	if t.texts {
		return strings.Contains(strings.ToLower(text), t.part)
	}
	return slices.ContainsFunc(names, func(n string) bool { return n != "" && strings.Contains(n, t.part) })
}

// listFields writes the statistics, words and differences of whose names one contains part, or else of whose texts.
func listFields(w io.Writer, part string) error {
	t := fieldsText{part: part}
	t.list()
	if t.Len() == 0 {
		part := strings.ToLower(part)
		t = fieldsText{part: cmp.Or(abbreviations[part], part), texts: true}
		t.list()
	}
	if t.Len() == 0 {
		return usageError("nothing is named %q or explained by it: 'tcptrace fields' lists all names", part)
	}
	_, err := io.WriteString(w, t.String())
	return err
}

func (t *fieldsText) list() {
	for _, subject := range report.Statistics {
		t.about(subject.Subject)
		for i := range subject.List {
			if s := &subject.List[i]; t.wants(s.Text, s.Name, s.Ostermann) {
				t.statistic(s)
			}
		}
	}
	t.about("Anomalies of conversations for which all of Ostermann's numbers differ")
	for _, id := range slices.Sorted(maps.Keys(report.OstermannApart)) {
		if t.wants(report.OstermannApart[id], id) {
			t.entry(id, report.OstermannApart[id])
		}
	}
	for _, subject := range report.Terms {
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
	for _, d := range report.WiresharkDifferences {
		if t.wants(d.Why, d.Wireshark, d.Ours) {
			t.entry(cmp.Or(d.Wireshark, "-")+" / "+cmp.Or(d.Ours, "-"), "", d.Why)
		}
	}
}

func (t *fieldsText) statistic(s *report.Statistic) {
	var theirs []string
	switch {
	case s.Ostermann != "" && s.Differs != "":
		theirs = []string{fmt.Sprintf("Ostermann's %q; %s", s.Ostermann, s.Differs)}
	case s.Ostermann != "":
		theirs = []string{fmt.Sprintf("Ostermann's %q", s.Ostermann)}
	}
	t.entry(s.Name, fmt.Sprintf("%s (%s)", s.Text, s.Unit), theirs...)
}
