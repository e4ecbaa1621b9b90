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

// Skim returns a report that passes everything on to next: see gets each conversation before it does, and finish the summary. An error of either
// ends the analysis. If next reports which conversations it has no use for (Skips), sound gets those of them in which nothing is wrong, in the
// form that an [analyzer.Sink] gets them; see does not.
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
