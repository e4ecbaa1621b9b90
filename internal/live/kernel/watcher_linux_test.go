package kernel

import (
	"errors"
	"sync"
	"testing"
	"time"
)

// TestAddWaits: who adds a namespace asks when nobody else does.
func TestAddWaits(t *testing.T) {
	l := &atOnce{}
	w := &Watcher{table: newTable(nothingLeft), poll: newPoll(), search: newSearch(l), groups: newGroups()}
	w.search.aside.start(time.Now(), 0, func() looked { return look(l, sought{}, time.Now()) })
	if err := errors.Join(w.Add(), w.Close()); err != nil {
		t.Fatal(err)
	}
	if l.asked != 2 || l.both {
		t.Errorf("asked %d times, both at once: %v", l.asked, l.both)
	}
}

// atOnce is whether it is asked by several at once.
type atOnce struct {
	mu    sync.Mutex
	asked int
	both  bool
}

func (a *atOnce) look(sought) (holding, error) {
	both := !a.mu.TryLock()
	if both {
		a.mu.Lock()
	}
	defer a.mu.Unlock()
	a.both = a.both || both
	a.asked++
	time.Sleep(50 * time.Millisecond)
	return holding{}, nil
}
