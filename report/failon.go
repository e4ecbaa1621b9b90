package report

import (
	"fmt"

	"tcptrace/analyzer"
)

// FailOn knows which anomalies fail a check, and counts the conversations that have one.
type FailOn struct {
	severity analyzer.Severity
	severe   bool            // severity counts
	kinds    map[string]bool // by id
	judgment analyzer.Judgment

	conversations uint64
	stream        uint64 // the lowest of them
	id, detail    string // of its first such anomaly
}

// severity returns the severity of that name.
func severity(name string) (s analyzer.Severity, ok bool) {
	for s := analyzer.SeverityNote; s <= analyzer.SeverityError; s++ {
		if s.String() == name {
			return s, true
		}
	}
	return 0, false
}

// ParseFailOn parses conditions: a severity means this severity or worse, an
// id that kind of anomaly.
func ParseFailOn(conditions []string) (*FailOn, error) {
	f := &FailOn{kinds: map[string]bool{}}
	for _, cond := range conditions {
		if s, ok := severity(cond); ok {
			if !f.severe || s < f.severity {
				f.severity, f.severe = s, true
			}
			continue
		}
		kind := analyzer.FindAnomalyKind(cond)
		switch {
		case kind == nil:
			return nil, fmt.Errorf("%q is neither note, warning or error nor an anomaly: %s", cond, SuggestAnomaly(cond, "note", "warning", "error"))
		}
		f.kinds[kind.ID] = true
	}
	return f, nil
}

// Fails reports whether an anomaly of this kind fails the check.
func (f *FailOn) Fails(kind *analyzer.AnomalyKind) bool {
	return f.kinds[kind.ID] || f.severe && kind.Severity >= f.severity
}

// Watch returns a report that passes everything on to next and lets f see it.
func (f *FailOn) Watch(next Report) Report { return &watched{next, f} }

// Failure says what was found; "" if nothing was.
func (f *FailOn) Failure() string {
	if f.conversations == 0 {
		return ""
	}
	noun := "conversations have"
	if f.conversations == 1 {
		noun = "conversation has"
	}
	return fmt.Sprintf("%d %s such an anomaly; stream %d: %s: %s", f.conversations, noun, f.stream, f.id, f.detail)
}

func (f *FailOn) see(c *analyzer.Conversation) {
	f.judgment.Judge(c)
	for i := range f.judgment.Anomalies {
		a := &f.judgment.Anomalies[i]
		if !f.Fails(a.Kind) {
			continue
		}
		if f.conversations == 0 || c.Stream < f.stream {
			f.stream, f.id, f.detail = c.Stream, a.Kind.ID, Detail(c, a)
		}
		f.conversations++
		return
	}
}

type watched struct {
	Report
	failOn *FailOn
}

func (w *watched) Conversation(c *analyzer.Conversation) error {
	w.failOn.see(c)
	return w.Report.Conversation(c)
}

func (w *watched) selected(s Selection) { tell(w.Report, s) }
