package conn

import (
	"math"
	"time"
)

const (
	DefaultMaxFlows = 1 << 20
	DefaultMSL      = 30 * time.Second
	MaxMSL          = 24 * time.Hour // so that its multiples can be added to any time

	Never = Time(math.MaxInt64)

	// An unanswered SYN is repeated after twice the interval before, the first time after 1 to 3 s
	// (RFC 6298 2.1, 5.5), in all for "at least 3 minutes" (RFC 1122 4.2.3.5). Silent for several
	// such intervals, its sender has given up.
	MinConnectTimeout = 15 * time.Second
	MaxConnectTimeout = 3 * time.Minute
)
