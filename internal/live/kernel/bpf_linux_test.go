//go:build amd64 || arm64

package kernel

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"tcptrace/fsm"
)

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
