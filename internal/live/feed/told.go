package feed

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
)

// Told passes on what a program says, or holds it while something else has the terminal, which may show the latest line. Lines end with a newline alone, as
// no terminal is between: what ssh says ends with a carriage return, too.
type Told struct {
	To io.Writer

	mu      sync.Mutex
	holding bool
	ended   bool // the last byte was a carriage return, which waits for what follows
	held    []byte
	lost    int    // bytes that were not held
	line    []byte // that has not ended
	last    string // the latest that has, and is not blank
	lines   int    // how many have
}

const (
	mostHeld = 1 << 16 // bytes
	mostLine = 1 << 10 // of a line that is shown
)

func (t *Told) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(b)
	if t.ended {
		b = append([]byte{'\r'}, b...)
	}
	if t.ended = bytes.HasSuffix(b, []byte{'\r'}); t.ended {
		b = b[:len(b)-1]
	}
	b = bytes.ReplaceAll(b, []byte("\r\n"), []byte{'\n'})
	t.read(b)
	if !t.holding {
		_, err := t.To.Write(b)
		return n, err
	}
	room := min(len(b), mostHeld-len(t.held))
	t.held = append(t.held, b[:room]...)
	t.lost += len(b) - room
	return n, nil
}

// read finds the lines of b.
func (t *Told) read(b []byte) {
	for len(b) > 0 {
		part, rest, whole := bytes.Cut(b, []byte{'\n'})
		t.line = append(t.line, part[:min(len(part), mostLine-len(t.line))]...)
		if b = rest; !whole {
			return
		}
		if text := strings.TrimSpace(string(t.line)); text != "" {
			t.last, t.lines = text, t.lines+1
		}
		t.line = t.line[:0]
	}
}

// Heard is the latest line, and how many there were.
func (t *Told) Heard() (last string, lines int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last, t.lines
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
	if t.lost > 0 {
		fmt.Fprintf(t.To, "... and %d bytes more\n", t.lost)
	}
	t.holding, t.held, t.lost = false, nil, 0
}
