package anomaly

import "tcptrace/analyzer/internal/wording"

// Words that most details need.
var (
	duration = wording.Duration
	number   = wording.Number
	times    = wording.Times
	counted  = wording.Counted
	count    = wording.Count
)
