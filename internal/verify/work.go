package verify

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"sync"
	"time"
)

// work counts what has been done of all that there is to do.
type work struct {
	total int
	tell  func(done, total int) // nil: nobody

	lock sync.Mutex
	done int
}

// over is that one more is.
func (s *work) over() {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.done++; s.tell != nil {
		s.tell(s.done, s.total)
	}
}

// stepTime is how long a step of waiting takes.
const stepTime = 500 * time.Millisecond

// stepsOf is how many steps it is to wait for so long.
func stepsOf(d time.Duration) int { return int((d + stepTime - 1) / stepTime) }

// sleep waits, in steps.
func (s *work) sleep(ctx context.Context, d time.Duration) {
	for ; d > 0 && ctx.Err() == nil; d -= stepTime {
		sleep(ctx, min(d, stepTime))
		s.over()
	}
}

func sleep(ctx context.Context, d time.Duration) {
	timed, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-timed.Done()
}

// stepForm is how a program in a user namespace tells its steps, each on a line.
const stepForm = "step %d of %d"

func tellOutside(done, total int) { fmt.Fprintf(os.Stderr, stepForm+"\n", done, total) }

// toldInside takes what such a program writes to standard error: its steps, and whatever else it says.
type toldInside struct {
	tell func(done, total int) // nil: nobody
	rest []byte                // of a line that is not whole
	said bytes.Buffer          // no more than mostSaid
}

const mostSaid = 1 << 16

// Write implements io.Writer.
func (t *toldInside) Write(b []byte) (int, error) {
	t.rest = append(t.rest, b...)
	for {
		line, rest, whole := bytes.Cut(t.rest, []byte{'\n'})
		if !whole && len(line) < mostSaid {
			return len(b), nil
		}
		t.take(line)
		t.rest = rest
	}
}

// take takes a line.
func (t *toldInside) take(line []byte) {
	var done, total int
	if n, _ := fmt.Sscanf(string(line), stepForm, &done, &total); n == 2 {
		if t.tell != nil {
			t.tell(done, total)
		}
		return
	}
	if t.said.Len()+len(line) < mostSaid {
		fmt.Fprintf(&t.said, "%s\n", line)
	}
}

// text is what it said, but for its steps.
func (t *toldInside) text() string { return string(bytes.TrimSpace(append(t.said.Bytes(), t.rest...))) }
