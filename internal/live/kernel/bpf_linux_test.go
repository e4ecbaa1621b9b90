//go:build amd64 || arm64

package kernel

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

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

// TestChoose: of all files of sockets those are kept that are wanted, by socket or by inode number; a part of a record is an error.
func TestChoose(t *testing.T) {
	var b []byte
	for _, r := range []bpfRecord{{Sock: 1, Inode: 11, Pid: 7}, {Sock: 2, Inode: 12, Pid: 8}, {Sock: 3, Inode: 13, Pid: 9}} {
		b = append(b, unsafe.Slice((*byte)(unsafe.Pointer(&r)), recordSize)...)
	}
	for _, c := range []struct {
		wanted sought
		want   []uint32
	}{{sought{}, nil}, {sought{socks: []uint64{3}, inodes: []uint32{11}}, []uint32{7, 9}}, {sought{socks: []uint64{11}, inodes: []uint32{2}}, nil}} {
		found, err := choose(bytes.NewReader(b), c.wanted)
		var got []uint32
		for i := range found.list {
			got = append(got, found.list[i].process.PID)
		}
		if err != nil || found.cut != 0 || !slices.Equal(got, c.want) {
			t.Errorf("%+v: processes %v, %v, want %v", c.wanted, got, err, c.want)
		}
	}
	if _, err := choose(bytes.NewReader(b[:len(b)-1]), sought{}); err == nil {
		t.Error("a part of a record is taken for the end")
	}
}

// TestLacks: what the kernel does not run is told, with what is not known without it; of what it runs nothing is said.
func TestLacks(t *testing.T) {
	w := Watcher{program: &program{}, search: newSearch(&answerer{})}
	if notes := w.Notes(); len(notes) != 0 {
		t.Errorf("nothing is lacking: %q", notes)
	}
	w.program.lacks = []lack{{"accept", fmt.Errorf("load: %w (MEMLOCK may be too low)", unix.EPERM)}}
	if notes := w.Notes(); len(notes) != 1 || strings.Contains(notes[0], "MEMLOCK") || !strings.Contains(notes[0], ": it is not permitted") {
		t.Errorf("not permitted: %q", notes)
	}
	for mode, want := range map[string]bool{"none [integrity] confidentiality\n": true, "none integrity [confidentiality]\n": true, "[none] integrity confidentiality\n": false, "": false} {
		if got := forbidden(mode); strings.Contains(got, "lockdown=none") != want {
			t.Errorf("%q: %s", mode, got)
		}
	}
	why := errors.New("no such function")
	w.program.lacks = []lack{{"connect", why}, {"accept", why}, {"holders", errors.New("another")}}
	if notes := w.Notes(); len(notes) != 3 || !strings.HasSuffix(notes[0], why.Error()) || !strings.HasSuffix(notes[1], ": for the same reason") || !strings.HasSuffix(notes[2], ": another") {
		t.Errorf("two for one reason: %q", notes)
	}
	for _, name := range append(optional, "holders") {
		w.program.lacks = []lack{{name, why}}
		notes := w.Notes()
		if len(notes) != 1 || !strings.HasSuffix(notes[0], ": "+why.Error()) || strings.Contains(notes[0], "%!") || len(notes[0]) < 80 {
			t.Errorf("%s: %q", name, notes)
		}
	}
}

// TestHooks: where the kernel has its functions call programs, connect and accept say at once whose a connection is; nobody looks for it.
func TestHooks(t *testing.T) {
	p, err := load()
	if err != nil {
		t.Skip(err)
	}
	defer p.close()
	for i := range p.lacks {
		t.Skip(p.lacks[i].note(p.lacks[i].why()))
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
