package feed

import (
	"io"
	"sync"
)

// Told passes on what a program says, or holds it while something else has the terminal.
type Told struct {
	To io.Writer

	mu      sync.Mutex
	holding bool
	held    []byte
}

const mostHeld = 1 << 16 // bytes; what is more is not told

func (t *Told) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.holding {
		return t.To.Write(b)
	}
	t.held = append(t.held, b[:min(len(b), mostHeld-len(t.held))]...)
	return len(b), nil
}

// Hold begins to hold what is said.
func (t *Told) Hold() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.holding = true
}

// Release passes on what was held, and all that follows.
func (t *Told) Release() {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, _ = t.To.Write(t.held)
	t.holding, t.held = false, nil
}
