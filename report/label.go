package report

import (
	"tcptrace/analyzer"
	"tcptrace/report/internal/ladder"
)

// SegmentLabel is the label of a segment in a picture, in the words of a ladder.
type SegmentLabel = ladder.Label

// NewSegmentLabel returns the label of v.
func NewSegmentLabel(v *analyzer.SegmentView) SegmentLabel { return ladder.NewLabel(v) }
