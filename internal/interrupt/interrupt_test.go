package interrupt

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

var errStop = errors.New("stop")

func TestReader(t *testing.T) {
	text := strings.Repeat("0123456789", readSize/4)
	for _, src := range []io.Reader{strings.NewReader(text), iotest.DataErrReader(strings.NewReader(text)), iotest.HalfReader(strings.NewReader(text))} {
		r := NewReader(t.Context(), src)
		got, err := io.ReadAll(r)
		if string(got) != text || err != nil || r.Interrupted() {
			t.Errorf("%d bytes of %d, %v", len(got), len(text), err)
		}
		r.Close()
		r.Close()
	}
}

func TestReaderInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	silent, w := io.Pipe()
	defer w.Close()
	go func() {
		_, _ = w.Write([]byte("abc"))
		time.Sleep(10 * time.Millisecond)
		cancel(errStop)
	}()
	r := NewReader(ctx, silent)
	defer r.Close()
	if r.Interrupted() {
		t.Error("interrupted at once")
	}
	got, err := io.ReadAll(r)
	if string(got) != "abc" || err != errStop || !r.Interrupted() {
		t.Errorf("%q, %v", got, err)
	}
}

// full takes so many bytes, and then none until it is let go.
type full struct {
	bytes.Buffer
	room int
	wait chan struct{}
}

func (f *full) Write(p []byte) (int, error) {
	if f.Len() >= f.room {
		<-f.wait
	}
	return f.Buffer.Write(p)
}

func TestWriter(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	dst := &full{room: 3 * writeSize, wait: make(chan struct{})}
	w := NewWriter(ctx, dst)
	text := []byte(strings.Repeat("0123456789", writeSize))
	if n, err := w.Write(text[:writeSize+1]); n != writeSize+1 || err != nil || !bytes.Equal(dst.Bytes(), text[:n]) {
		t.Errorf("%d bytes, %v", n, err)
	}
	cancel(errStop)
	if n, err := w.Write(text[:5]); n != 5 || err != nil { // what was seen is told
		t.Errorf("%d bytes, %v", n, err)
	}
	began := time.Now()
	if n, err := w.Write(text); n == 0 || n%writeSize != 0 || !errors.Is(err, ErrStuck) || !errors.Is(err, errStop) {
		t.Errorf("%d bytes, %v", n, err)
	}
	if n, err := w.Write(text); n != 0 || !errors.Is(err, ErrStuck) || !errors.Is(err, errStop) {
		t.Errorf("%d bytes, %v", n, err)
	}
	if took := time.Since(began); took < grace || took > 20*grace {
		t.Errorf("it waited for %v", took)
	}
	close(dst.wait)
}

// stalling takes a write of the given number later than the others.
type stalling struct {
	bytes.Buffer
	at, writes int
	wait       time.Duration
}

func (s *stalling) Write(p []byte) (int, error) {
	if s.writes++; s.writes == s.at {
		time.Sleep(s.wait)
	}
	return s.Buffer.Write(p)
}

// A reader that has taken more than a pipe holds since the interrupt may pause for longer than one that has not.
func TestWriterOfSlowReader(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errStop)
	text := make([]byte, 2*alive)
	for at, whole := range map[int]bool{alive/writeSize + 1: false, alive/writeSize + 2: true} {
		dst := &stalling{at: at, wait: 3 * grace}
		n, err := NewWriter(ctx, dst).Write(text)
		if got := err == nil && n == len(text); got != whole || !whole && !errors.Is(err, ErrStuck) {
			t.Errorf("write %d is late: %d bytes, %v", at, n, err)
		}
	}
}
