package report

import "tcptrace/analyzer"

// FilterReport passes on the conversations that meet a condition, and counts them.
type FilterReport struct {
	next  Report
	where *Where
	found Selection
}

// Filter returns a report that passes the conversations that where selects on to next. Formats with a
// summary say how many there were.
func Filter(next Report, where *Where) *FilterReport {
	return &FilterReport{next: next, where: where, found: Selection{Active: true}}
}

// Conversation passes c on if it meets the condition.
func (f *FilterReport) Conversation(c *analyzer.Conversation) error {
	f.found.Total++
	matched, err := f.where.Match(c)
	if err != nil || !matched {
		return err
	}
	f.found.Matched++
	f.found.Outcomes[c.Outcome]++
	return f.next.Conversation(c)
}

// Selection is how many conversations met the condition so far.
func (f *FilterReport) Selection() Selection { return f.found }

// Finish passes on the summary.
func (f *FilterReport) Finish(s *analyzer.Summary) error {
	tell(f.next, f.Selection())
	return f.next.Finish(s)
}

// tell hands s to r if its output has a place for it.
func tell(r Report, s Selection) {
	if r, ok := r.(selectable); ok {
		r.selected(s)
	}
}
