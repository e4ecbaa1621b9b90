package observe

import (
	"sync"
	"time"

	"tcptrace/analyzer"
)

// Clock is the system's, except that when that is set back it goes on from where it was until the system's has come there again.
type Clock struct {
	lock sync.Mutex
	now  func() (wall analyzer.Time, since time.Duration) // the system's, and one that is never set
	at   analyzer.Time
	last time.Duration
}

// NewClock is a clock that shows the time of now.
func NewClock() *Clock {
	began := time.Now()
	return &Clock{now: func() (analyzer.Time, time.Duration) {
		now := time.Now()
		return analyzer.Time(now.UnixNano()), now.Sub(began)
	}}
}

// Now is the time. Several goroutines may ask for it.
func (c *Clock) Now() analyzer.Time {
	c.lock.Lock()
	defer c.lock.Unlock()
	wall, since := c.now()
	c.at, c.last = max(wall, c.at.Add(since-c.last)), since
	return c.at
}

// Waited is for how long a packet that was captured here waited, by the system's clock, which the kernel stamped it by. A Clock that goes on where
// that was set back would say that all of them wait.
func Waited(at analyzer.Time) time.Duration { return time.Since(time.Unix(0, int64(at))) }

// mostBehind is how far the analysis may be behind the capture before time goes on without packets: those that come had their times from a clock that has
// been set back.
const mostBehind = 15 * time.Second

// reachedBy is what time it is to the analysis, at least: that of the clock, unless packets of that time may not have come yet.
func (s *Session) reachedBy() analyzer.Time {
	if s.Clock == nil {
		return 0
	}
	return s.Clock().Add(-mostBehind)
}

// goOn has the time of the analysis go on, whatever time packets have.
func (s *Session) goOn() {
	if m, now := s.Loop.Monitor(), s.reachedBy(); now > m.Clock() {
		m.Flush(now)
	}
}
