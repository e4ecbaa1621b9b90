package kernel_test

import (
	"net"
	"os"
	"slices"
	"testing"
	"time"

	"tcptrace/fsm"
	"tcptrace/internal/live/kernel"
	"tcptrace/internal/testutil/netns"
)

// What is open when watching begins is known, by either source.
func TestOpenBefore(t *testing.T) {
	n := netns.New(t)
	listener := n.A.Listen(port)
	c, err := n.A.Dial(listener.Addr())
	if err != nil {
		t.Fatal(err)
	}
	waiting, err := n.A.Dial(listener.Addr())
	if err != nil {
		t.Fatal(err)
	}
	s, err := listener.AcceptTCP()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	for _, open := range []func() (*kernel.Watcher, error){kernel.Open, kernel.OpenDiag} {
		var w *kernel.Watcher
		n.A.Do(func() { w, err = open() })
		if err != nil {
			t.Fatal(err)
		}
		t.Log(w.Source(), w.Lacks())
		pid := os.Getpid()
		for _, want := range []struct {
			local, remote net.Addr
			state         fsm.State
			pid           int
		}{
			{c.LocalAddr(), c.RemoteAddr(), fsm.FinWait2, pid},
			{c.RemoteAddr(), c.LocalAddr(), fsm.CloseWait, pid},
			{waiting.LocalAddr(), waiting.RemoteAddr(), fsm.Established, pid},
			{waiting.RemoteAddr(), waiting.LocalAddr(), fsm.Established, pid}, // nobody has accepted it, but somebody listens
		} {
			k := kernel.Key{Namespace: w.Namespace(), Local: addrPort(want.local), Remote: addrPort(want.remote)}
			e, ok := w.Lookup(k)
			if listens := addrPort(want.remote) == addrPort(waiting.LocalAddr()); !ok || e.State != want.state || e.Process.Listens != listens || e.Process.PID != uint32(want.pid) || !e.Socket || !e.Since.IsZero() {
				t.Errorf("%s: %v is %+v, want %v of process %d", w.Source(), k, e, want.state, want.pid)
			}
		}
		listening := func(e *kernel.Endpoint) bool {
			return e.State == fsm.Listen && e.Local == addrPort(listener.Addr()) && e.Process.PID == uint32(pid)
		}
		if !slices.ContainsFunc(slices.Collect(w.Endpoints()), listening) {
			t.Errorf("%s: the listening socket is not known", w.Source())
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Without BPF, what became of connections is seen once a second.
func TestDiag(t *testing.T) {
	n := netns.New(t)
	w := openedIn(t, n.A, kernel.OpenDiag)
	listener := n.A.Listen(port)
	c, err := n.A.Dial(listener.Addr())
	if err != nil {
		t.Fatal(err)
	}
	key := kernel.Key{Namespace: w.Namespace(), Local: addrPort(c.LocalAddr()), Remote: addrPort(c.RemoteAddr())}
	wait := func(state fsm.State) {
		t.Helper()
		var e kernel.Endpoint
		for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			n.A.Do(func() { err = w.Read(func(kernel.Change) {}) })
			if err != nil {
				t.Fatal(err)
			}
			if e, _ = w.Lookup(key); e.State == state {
				return
			}
		}
		t.Errorf("it is %+v, want %v", e, state)
	}
	wait(fsm.Established)
	if err := c.SetLinger(0); err != nil {
		t.Fatal(err)
	}
	c.Close()
	wait(fsm.Closed)
}

// openedIn is a watcher that is opened in a namespace, and closed behind the test.
func openedIn(t *testing.T, h *netns.Host, open func() (*kernel.Watcher, error)) (w *kernel.Watcher) {
	t.Helper()
	var err error
	h.Do(func() { w, err = open() })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w
}
