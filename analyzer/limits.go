package analyzer

import (
	"math"
	"time"
)

const (
	defaultMaxFlows = 1 << 20
	defaultMSL      = 30 * time.Second

	never = Time(math.MaxInt64)

	// An unanswered SYN is repeated after twice the interval before, the first time after 1 to 3 s
	// (RFC 6298 2.1, 5.5), in all for "at least 3 minutes" (RFC 1122 4.2.3.5). Silent for several
	// such intervals, its sender has given up.
	minConnectTimeout = 15 * time.Second
	maxConnectTimeout = 3 * time.Minute
)
