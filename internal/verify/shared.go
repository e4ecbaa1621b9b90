package verify

import (
	"context"
	"iter"
	"slices"
	"sync"
	"time"

	"tcptrace/internal/live/kernel"
)

// shared is what the kernel says, for several analyses at once.
type shared struct {
	lock    sync.Mutex
	watcher *kernel.Watcher
	views   []*view
	err     error
	late    time.Duration // within which it is told what happened
	heard   time.Time     // last
	asked   time.Time     // when what was answered last was asked for; valid if all has to be
	stalls  []stall
}

// stall is a time in which nobody listened to the kernel, or it was not asked: the program did not run, or it took long.
type stall struct{ from, to time.Time }

// mostStalled is for how long nobody may listen, and all is still told in time.
const mostStalled = time.Second

// readEvery is how often the kernel is heard, whatever the analyses do. Asked for more, it tells of states that are shorter.
const (
	readEvery = 5 * time.Millisecond
	askEvery  = 5 * time.Millisecond
)

func newShared(w *kernel.Watcher) *shared { return &shared{watcher: w, late: late} }

// often has the kernel be asked as often as there is something to be learnt, if it has to be asked.
func (s *shared) often() {
	if s.watcher.Lacks() != nil {
		s.watcher.AskEvery(askEvery)
	}
}

// run hears the kernel until ctx is done.
func (s *shared) run(ctx context.Context) {
	for ctx.Err() == nil {
		s.lock.Lock()
		s.read()
		s.lock.Unlock()
		sleep(ctx, readEvery)
	}
}

// read has every view have what is new.
func (s *shared) read() {
	err := s.watcher.Read(func(c kernel.Change) {
		for _, v := range s.views {
			if i := slices.Index(v.namespaces, c.Namespace); i >= 0 {
				mine := c
				mine.Namespace = 0
				v.waiting = append(v.waiting, mine)
			}
		}
	})
	if s.err == nil {
		s.err = err
	}
	now := time.Now()
	if !s.heard.IsZero() && now.Sub(s.heard) > mostStalled {
		s.stalls = append(s.stalls, stall{s.heard, now})
	}
	s.heard = now
	if s.watcher.Lacks() != nil {
		s.answered(s.watcher.Asked(), now)
	}
}

// answered is that the kernel has answered at a time, or not yet, what it was asked for last.
func (s *shared) answered(asked, now time.Time) {
	if asked.Equal(s.asked) {
		return
	}
	if !s.asked.IsZero() && now.Sub(s.asked) > s.late {
		s.stalls = append(s.stalls, stall{s.asked, now})
	}
	s.asked = asked
}

// stalled reports whether nobody listened, or asked, for a while between two moments.
func (s *shared) stalled(from, to time.Time) bool {
	s.lock.Lock()
	defer s.lock.Unlock()
	if !s.asked.IsZero() && s.asked.Before(to) && time.Since(s.asked) > s.late { // it has not answered since
		return true
	}
	return slices.ContainsFunc(s.stalls, func(t stall) bool { return t.from.Before(to) && from.Before(t.to) })
}

func (s *shared) close() { _ = s.watcher.Close() }

// view is what the kernel says of some network namespaces, as if these were one: no two of them have the same address.
type view struct {
	of         *shared
	namespaces []uint32
	waiting    []kernel.Change
}

func (s *shared) view(namespaces ...uint32) *view {
	s.lock.Lock()
	defer s.lock.Unlock()
	v := &view{of: s, namespaces: namespaces}
	s.views = append(s.views, v)
	return v
}

// Read calls f with what is new to the view.
func (v *view) Read(f func(kernel.Change)) error {
	v.of.lock.Lock()
	v.of.read()
	mine, err := v.waiting, v.of.err
	v.waiting = nil
	v.of.lock.Unlock()
	for _, c := range mine {
		f(c)
	}
	return err
}

// Lookup is what is known of an end.
func (v *view) Lookup(k kernel.Key) (kernel.Endpoint, bool) {
	v.of.lock.Lock()
	defer v.of.lock.Unlock()
	for _, k.Namespace = range v.namespaces {
		if e, ok := v.of.watcher.Lookup(k); ok {
			e.Namespace = 0
			return e, true
		}
	}
	return kernel.Endpoint{}, false
}

// Endpoints are all of them.
func (v *view) Endpoints() iter.Seq[*kernel.Endpoint] {
	v.of.lock.Lock()
	defer v.of.lock.Unlock()
	var list []*kernel.Endpoint
	for e := range v.of.watcher.Endpoints() {
		if slices.Contains(v.namespaces, e.Namespace) {
			mine := *e
			mine.Namespace = 0
			list = append(list, &mine)
		}
	}
	return slices.Values(list)
}

// Namespace is the number that all of them have here.
func (v *view) Namespace() uint32 { return 0 }

// Source is how the kernel tells.
func (v *view) Source() kernel.Source { return v.of.watcher.Source() }

// Want does nothing: all ends are asked for often enough.
func (v *view) Want(kernel.Key) {}

// Cookies are none: the scenarios leave room for what is being opened, or want to see it refused.
func (v *view) Cookies() kernel.Cookies { return kernel.Cookies{} }
