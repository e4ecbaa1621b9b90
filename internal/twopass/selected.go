package twopass

import (
	"fmt"
	"maps"
	"slices"

	"tcptrace/analyzer"
	"tcptrace/report"
)

// Selected is which conversations were asked for.
type Selected struct {
	Where   *report.Where   // nil: any will do
	streams map[uint64]bool // those asked for, and whether they were there; nil: all are wanted
}

// Select selects the streams for which where is true. No streams are all of them, and a nil where is true for each.
func Select(streams []uint, where *report.Where) Selected {
	s := Selected{Where: where}
	if len(streams) > 0 {
		s.streams = map[uint64]bool{}
		for _, n := range streams {
			s.streams[uint64(n)] = false
		}
	}
	return s
}

// Wants reports whether c is one of them. An error is that of the expression.
func (s *Selected) Wants(c *analyzer.Conversation) (bool, error) {
	if s.streams != nil {
		if _, ok := s.streams[c.Stream]; !ok {
			return false, nil
		}
		s.streams[c.Stream] = true
	}
	if s.Where == nil {
		return true, nil
	}
	return s.Where.Match(c)
}

// Into is a sink that passes on those that were asked for.
type Into struct {
	Selected
	Next func(c *analyzer.Conversation) error
	Seen uint64 // how many there were, be they asked for or not
}

// Conversation is for analyzer.Sink.
func (i *Into) Conversation(c *analyzer.Conversation) error {
	i.Seen++
	wanted, err := i.Wants(c)
	if err != nil || !wanted {
		return err
	}
	return i.Next(c)
}

// Missing is the error for a stream that was not there.
func (s *Selected) Missing(sum *analyzer.Summary) error {
	for _, n := range slices.Sorted(maps.Keys(s.streams)) {
		if !s.streams[n] {
			return &NoStreamError{n, sum.Conversations}
		}
	}
	return nil
}

// NoStreamError is the error for a number that no conversation has.
type NoStreamError struct{ Stream, Conversations uint64 }

func (e *NoStreamError) Error() string {
	return fmt.Sprintf("there is no stream %d: 'tcptrace FILE --limit 0' shows the numbers of %s", e.Stream, all(e.Conversations))
}

func all(conversations uint64) string {
	if conversations == 1 {
		return "the only conversation"
	}
	return "all " + report.Counted(conversations, "conversation")
}
