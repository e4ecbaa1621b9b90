package ladders

import (
	"tcptrace/analyzer"
	"tcptrace/report"
)

// Segments writes a record for every segment of the chosen conversations, in the order of the capture: it needs to keep none of them.
type Segments struct {
	Out      report.Timeline
	Comments func(frame uint64) []string // as in Ladders

	maker analyzer.Timelines
	all   []analyzer.Timeline
	view  analyzer.SegmentView
}

// Take is for twopass.Viewer.
func (s *Segments) Take(c *analyzer.Conversation) { s.all = append(s.all, s.maker.New(c)) }

// See writes the record of a segment.
func (s *Segments) See(f *analyzer.Frame) error {
	s.all[f.Conversation].Segment(&f.Reading, &s.view)
	if s.Comments != nil {
		s.view.Comments = s.Comments(f.Number)
	}
	return s.Out.Segment(&s.view)
}
