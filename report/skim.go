package report

import "tcptrace/analyzer"

// tap passes everything on to next, after see and finish.
type tap struct {
	next   Report
	see    func(*analyzer.Conversation) error
	finish func(*analyzer.Summary) error
}

func (t *tap) selected(s Selection) { tell(t.next, s) }

// Conversation shows c, and passes it on.
func (t *tap) Conversation(c *analyzer.Conversation) error {
	if err := t.see(c); err != nil {
		return err
	}
	return t.next.Conversation(c)
}

// Finish shows the summary, and passes it on.
func (t *tap) Finish(s *analyzer.Summary) error {
	if err := t.finish(s); err != nil {
		return err
	}
	return t.next.Finish(s)
}

// Skim returns a report that passes everything on to next. Before that, see gets each conversation and finish gets the summary; an error from either
// ends the analysis. If next says that it has no use for some conversations (Skips), those of them in which nothing is wrong go to sound instead of
// see, in the form in which an [analyzer.Sink] gets them.
func Skim(next Report, see, sound func(*analyzer.Conversation) error, finish func(*analyzer.Summary) error) Report {
	t := tap{next, see, finish}
	if s, ok := next.(interface {
		Skips(start analyzer.Time) bool
	}); ok {
		return &skim{t, s.Skips, sound}
	}
	return &t
}

type skim struct {
	tap
	skips func(start analyzer.Time) bool
	sound func(*analyzer.Conversation) error
}

// Skims is for [analyzer.Sink].
func (s *skim) Skims(start analyzer.Time) bool { return s.skips(start) }

// Sound is for [analyzer.Sink].
func (s *skim) Sound(c *analyzer.Conversation) error { return s.sound(c) }
