package report

import (
	"tcptrace/analyzer"
	"tcptrace/report/internal/ladder"
)

// SegmentLabel is what a picture says of a segment, in the words of a ladder.
type SegmentLabel = ladder.Label

// NewSegmentLabel is the label of v.
func NewSegmentLabel(v *analyzer.SegmentView) SegmentLabel { return ladder.NewLabel(v) }
