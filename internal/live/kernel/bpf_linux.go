//go:build amd64 || arm64

package kernel

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net/netip"
	"os"
	"time"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/ringbuf"
	"github.com/cilium/ebpf/rlimit"
	"golang.org/x/sys/unix"

	"tcptrace/analyzer/host"
)

// The compiler needs <asm/types.h>: on Debian C_INCLUDE_PATH=/usr/include/x86_64-linux-gnu.
//go:generate go run github.com/cilium/ebpf/cmd/bpf2go -target bpfel -type record -tags linux bpf states.bpf.c -- -O2 -Wall -Werror

// program is states.bpf.c in the kernel.
type program struct {
	required
	links  []link.Link
	more   []*ebpf.Collection // of optional programs
	lacks  []lack             // those of these that do not run
	list   *link.Iter         // of holders; nil: there is none
	reader *ringbuf.Reader
	last   ringbuf.Record
}

// required is what nothing is told without.
type required struct {
	State   *ebpf.Program  `ebpf:"state"`
	Records *ebpf.Map      `ebpf:"records"`
	Data    *ebpf.Map      `ebpf:".bss"` // has lost
	Lost    *ebpf.Variable `ebpf:"lost"`
}

// optional are the other programs of states.bpf.c.
var optional = []string{"connect", "accept"}

// load has the kernel tell what it does from now on.
func load() (*program, error) {
	// Kernels before 5.11 count the memory of maps against a limit; those are too old anyway.
	_ = rlimit.RemoveMemlock()
	spec, err := loadBpf()
	if err != nil {
		return nil, err
	}
	p := &program{}
	if err := spec.LoadAndAssign(&p.required, nil); err != nil {
		return nil, err
	}
	if err := p.attach(p.State); err != nil {
		return nil, errors.Join(err, p.close())
	}
	for _, name := range optional {
		if err := p.add(spec, name, p.attach); err != nil {
			p.lacks = append(p.lacks, lack{name, err})
		}
	}
	if err := p.add(spec, "holders", p.attachList); err != nil {
		p.lacks = append(p.lacks, lack{"holders", err})
	}
	if p.reader, err = ringbuf.NewReader(p.Records); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

func (p *program) attach(run *ebpf.Program) error {
	l, err := link.AttachTracing(link.TracingOptions{Program: run})
	if err == nil {
		p.links = append(p.links, l)
	}
	return err
}

func (p *program) attachList(run *ebpf.Program) (err error) {
	p.list, err = link.AttachIter(link.IterOptions{Program: run})
	return err
}

// add attaches an optional program, which writes to the maps of the required one.
func (p *program) add(spec *ebpf.CollectionSpec, name string, attach func(*ebpf.Program) error) error {
	alone := spec.Copy()
	maps.DeleteFunc(alone.Programs, func(other string, _ *ebpf.ProgramSpec) bool { return other != name })
	c, err := ebpf.NewCollectionWithOptions(alone, ebpf.CollectionOptions{MapReplacements: map[string]*ebpf.Map{"records": p.Records, ".bss": p.Data}})
	if err != nil {
		return err
	}
	p.more = append(p.more, c)
	return attach(c.Programs[name])
}

func (p *program) close() error {
	var errs []error
	if p.reader != nil {
		errs = append(errs, p.reader.Close())
	}
	if p.list != nil {
		errs = append(errs, p.list.Close())
	}
	for _, l := range p.links {
		errs = append(errs, l.Close())
	}
	for _, c := range p.more {
		c.Close()
	}
	return errors.Join(append(errs, p.State.Close(), p.Records.Close(), p.Data.Close())...)
}

// read calls f with what the kernel told since the last time. It does not wait.
func (p *program) read(f func(*record)) error {
	boot, err := booted()
	if err != nil {
		return err
	}
	p.reader.SetDeadline(time.Unix(0, 1))
	for {
		err := p.reader.ReadInto(&p.last)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(p.last.RawSample) < recordSize {
			return fmt.Errorf("a record of %d bytes", len(p.last.RawSample))
		}
		r := decode(p.last.RawSample, boot)
		f(&r) // f may keep it
	}
}

// listsWithoutRights reports whether who has a list's link may read it without rights, as from Linux 5.19 on.
func listsWithoutRights() bool {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return false
	}
	var major, minor int
	n, _ := fmt.Sscanf(unix.ByteSliceToString(name.Release[:]), "%d.%d", &major, &minor)
	return n == 2 && (major > 5 || major == 5 && minor >= 19)
}

// look lists who has sockets. It may run beside read.
func (p *program) look(wanted sought) (holding, error) {
	r, err := p.list.Open()
	if err != nil {
		return holding{}, err
	}
	defer r.Close()
	return choose(r, wanted)
}

// choose reads records, of all files of sockets that there are, and keeps those that are wanted.
func choose(r io.Reader, wanted sought) (found holding, err error) {
	boot, err := booted()
	if err != nil {
		return found, err
	}
	socks, inodes := setOf(wanted.socks), setOf(wanted.inodes)
	in, b := bufio.NewReaderSize(r, 1<<16), make([]byte, recordSize)
	for {
		if _, err := io.ReadFull(in, b); err != nil {
			if errors.Is(err, io.EOF) {
				return found, nil
			}
			return found, err
		}
		if raw := (*bpfRecord)(unsafe.Pointer(&b[0])); socks[raw.Sock] || inodes[raw.Inode] {
			found.add(decode(b, boot))
		}
	}
}

const recordSize = int(unsafe.Sizeof(bpfRecord{}))

// lost is how many records there was no room for, or were not made because another was being made on the same processor.
func (p *program) lost() (n uint64) {
	_ = p.Lost.Get(&n)                         // of a map that is open
	if s, err := p.State.Stats(); err == nil { // kernels before 5.12 do not count that
		n += s.RecursionMisses
	}
	return n
}

// clockReadings is how often both clocks are read to find out how they stand to each other: whoever is interrupted in between reads another time.
const clockReadings = 5

// booted is when the clock of the records began. It holds both clocks' readings, as time.Now does: moments made of it are on the wall as that is set now, and
// are told to be before or behind others by the clock of the records, whose time goes on when the wall's is set back.
func booted() (boot time.Time, err error) {
	closest := time.Duration(math.MaxInt64)
	for range clockReadings {
		var t unix.Timespec
		before := time.Now()
		if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
			return time.Time{}, err
		}
		if took := time.Since(before); took < closest {
			closest = took
			boot = before.Add(took/2 - time.Duration(t.Nano()))
		}
	}
	return boot, nil
}

// decode reads a record at the beginning of b.
func decode(b []byte, boot time.Time) record {
	raw := *(*bpfRecord)(unsafe.Pointer(&b[0]))
	return record{
		key: Key{
			Namespace: raw.Netns,
			Local:     netip.AddrPortFrom(address(raw.Family, &raw.Local), raw.LocalPort),
			Remote:    netip.AddrPortFrom(address(raw.Family, &raw.Remote), raw.RemotePort),
		},
		kind: kind(raw.Kind), state: stateOf(raw.State), before: stateOf(raw.Before), sock: raw.Sock, inode: raw.Inode,
		time:    boot.Add(time.Duration(raw.Time)),
		process: host.Process{PID: raw.Pid, User: raw.Uid, Cgroup: raw.Cgroup, Name: unix.ByteSliceToString(raw.Command[:])},
	}
}
