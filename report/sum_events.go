package report

import (
	"tcptrace/analyzer"
	"tcptrace/fsm"
)

// sumEvents adds conversations up as they end.
type sumEvents struct {
	sums  *Sums
	write func(s *analyzer.Summary) error
}

// NewSumEvents returns a writer of events that adds to s the conversations that are over, and has write write it at the end.
func NewSumEvents(s *Sums, write func(*analyzer.Summary) error) EventWriter {
	return &sumEvents{s, write}
}

func (w *sumEvents) Event(ev *analyzer.Event) error {
	if ev.Kind == analyzer.EventConversation && ev.Over != analyzer.NotOver {
		return w.sums.Conversation(ev.Conversation)
	}
	return nil
}

func (w *sumEvents) Summary(_ analyzer.Time, s *analyzer.Summary, _ Selection) error {
	return w.write(s)
}

func (*sumEvents) Kernel(*KernelState) error { return nil }

func (*sumEvents) Silent(*Silent) error { return nil }

func (*sumEvents) Cookies(*Cookies) error { return nil }

func (*sumEvents) Overflow(*Overflow) error { return nil }

func (*sumEvents) Drops(analyzer.Time, uint64) error { return nil }

func (*sumEvents) Statistics(analyzer.Time, int, *[2][fsm.NumStates]uint64, *analyzer.Summary) error {
	return nil
}

func (*sumEvents) Flush() error { return nil }
