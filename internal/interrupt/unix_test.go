//go:build unix

package interrupt

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A second signal is impatience only if it comes later than Patience after the first.
func TestContext(t *testing.T) {
	hurried := make(chan struct{}, 9)
	ctx := Context(func() { hurried <- struct{}{} }, syscall.SIGUSR1)
	send := func() {
		if err := syscall.Kill(os.Getpid(), syscall.SIGUSR1); err != nil {
			t.Fatal(err)
		}
	}
	send()
	<-ctx.Done()
	for range 3 {
		send()
		time.Sleep(Patience / 10)
	}
	if len(hurried) > 0 {
		t.Error("signals at once are taken for impatience")
	}
	time.Sleep(Patience)
	send()
	select {
	case <-hurried:
	case <-time.After(10 * time.Second):
		t.Error("a later signal changes nothing")
	}
}

func TestOpenFIFO(t *testing.T) {
	name := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(name, 0o600); err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(20*time.Millisecond, func() { cancel(errStop) })
	if f, err := Open(ctx, name, os.Open); f != nil || err != errStop {
		t.Errorf("%v, %v", f, err)
	}
	w, err := os.OpenFile(name, os.O_RDWR, 0) // a writer that stays: one that came and went might have met the reader left behind alone
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	f, err := Open(t.Context(), name, os.Open)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	if _, err := Open(t.Context(), name+"x", os.Open); !os.IsNotExist(err) {
		t.Error(err)
	}
}
