package progress

import (
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// Steps shows how many steps of some work are done.
type Steps struct {
	what  string
	out   io.Writer // nil: nobody sees it
	since time.Time // from which it is shown

	lock sync.Mutex
	bar  *progressbar.ProgressBar
}

// ShowSteps is for work that is called what. It shows a bar on out, if that is a terminal, once the work has taken a while.
func ShowSteps(what string, tty bool, out io.Writer) *Steps {
	s := &Steps{what: what, since: time.Now().Add(patience)}
	if tty {
		s.out = out
	}
	return s
}

// Done is told how many of all steps are done. It may be called from several goroutines.
func (s *Steps) Done(done, total int) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.out == nil || time.Now().Before(s.since) {
		return
	}
	if s.bar == nil {
		s.bar = newBar(s.out, s.what, int64(total), progressbar.OptionShowCount())
	}
	// A bar that cannot be drawn is no reason to stop.
	_ = s.bar.Set(min(done, total))
}

// Close takes the bar off the screen. It is not shown any more.
func (s *Steps) Close() {
	s.lock.Lock()
	defer s.lock.Unlock()
	clearBar(s.bar, s.out)
	s.bar, s.out = nil, nil
}
