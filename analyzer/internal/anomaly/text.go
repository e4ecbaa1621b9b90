package anomaly

import "tcptrace/analyzer/internal/phrase"

// What details are made of.
type gaps = phrase.Gaps

var (
	duration = phrase.Duration
	number   = phrase.Number
	times    = phrase.Times
	count    = phrase.Count
)
