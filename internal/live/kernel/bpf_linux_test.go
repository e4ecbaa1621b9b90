//go:build amd64 || arm64

package kernel

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tcptrace/fsm"
)

// TestBooted: moments of records are compared by the clock that nobody sets, and stand on the wall.
func TestBooted(t *testing.T) {
	var now unix.Timespec
	before := time.Now()
	err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now)
	after := time.Now()
	boot, failed := booted()
	if err != nil || failed != nil {
		t.Fatal(err, failed)
	}
	for name, at := range map[string]time.Time{"as nobody sets it": boot.Add(time.Duration(now.Nano())), "on the wall": boot.Add(time.Duration(now.Nano())).Round(0)} {
		if at.Before(before.Add(-time.Second)) || at.After(after.Add(time.Second)) {
			t.Errorf("%s it is %v, from %v to %v", name, at, before, after)
		}
	}
	if boot == boot.Round(0) {
		t.Error("it has one clock's reading only")
	}
}

// TestHooks: where the kernel has its functions call programs, connect and accept say at once whose a connection is; nobody looks for it.
func TestHooks(t *testing.T) {
	p, err := load()
	if err != nil {
		t.Skip(err)
	}
	defer p.close()
	if p.lacks != nil {
		t.Skip(errors.Join(p.lacks...))
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	self := uint32(os.Getpid())
	seen := map[string]bool{}
	tab := newTable(nothingLeft)
	tab.tell = func(c Change) {
		if c.Local.String() == l.Addr().String() && c.State == fsm.Established && c.Process.PID == self && !c.Process.Listens {
			seen["accepted"] = true
		}
		if c.Remote.String() == l.Addr().String() && c.State == fsm.SynSent && c.Process.PID == self && c.Process.Name != "" {
			seen["connecting"] = true
		}
	}
	time.Sleep(10 * time.Millisecond)
	kinds := map[kind]int{}
	if err := p.read(func(r *record) {
		kinds[r.kind]++
		tab.apply(r)
	}); err != nil {
		t.Fatal(err)
	}
	if !seen["accepted"] || !seen["connecting"] || kinds[connecting] == 0 || kinds[accepted] == 0 {
		t.Errorf("known: %v; records %v", seen, kinds)
	}
}
