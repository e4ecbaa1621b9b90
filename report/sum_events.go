package report

import (
	"tcptrace/analyzer"
	"tcptrace/fsm"
)

// SumEvents is an EventWriter that adds conversations up as they end, and heeds nothing else.
type SumEvents struct {
	sums  *Sums
	write func(s *analyzer.Summary) error
}

// NewSumEvents returns a writer of events that adds to s the conversations that are over, and has write write it at the end.
func NewSumEvents(s *Sums, write func(*analyzer.Summary) error) *SumEvents {
	return &SumEvents{s, write}
}

// Event adds the conversation, if it is over.
func (w *SumEvents) Event(ev *analyzer.Event) error {
	if ev.Kind == analyzer.EventConversation && ev.Over != analyzer.NotOver {
		w.sums.Judged(ev.Conversation, ev.Judgment)
	}
	return nil
}

// Summary has the sums written.
func (w *SumEvents) Summary(_ analyzer.Time, s *analyzer.Summary, _ Selection) error {
	return w.write(s)
}

func (*SumEvents) Kernel(*KernelState) error { return nil }

func (*SumEvents) Silent(*Silent) error { return nil }

func (*SumEvents) Cookies(*Cookies) error { return nil }

func (*SumEvents) Overflow(*Overflow) error { return nil }

func (*SumEvents) Drops(analyzer.Time, uint64) error { return nil }

func (*SumEvents) Statistics(analyzer.Time, int, *[2][fsm.NumStates]uint64, *analyzer.Summary) error {
	return nil
}

func (*SumEvents) Flush() error { return nil }
