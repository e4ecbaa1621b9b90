//go:build amd64 || arm64

package kernel

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"os"
	"time"
	"unsafe"

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
	objects bpfObjects
	link    link.Link
	reader  *ringbuf.Reader
	last    ringbuf.Record
}

// load has the kernel tell what it does from now on.
func load() (*program, error) {
	// Kernels before 5.11 count the memory of maps against a limit; those are too old anyway.
	_ = rlimit.RemoveMemlock()
	spec, err := loadBpf()
	if err != nil {
		return nil, err
	}
	p := &program{}
	if err := spec.LoadAndAssign(&p.objects, nil); err != nil {
		return nil, err
	}
	if p.link, err = link.AttachTracing(link.TracingOptions{Program: p.objects.State}); err != nil {
		return nil, errors.Join(err, p.close())
	}
	if p.reader, err = ringbuf.NewReader(p.objects.Records); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

func (p *program) close() error {
	var errs []error
	if p.reader != nil {
		errs = append(errs, p.reader.Close())
	}
	if p.link != nil {
		errs = append(errs, p.link.Close())
	}
	return errors.Join(append(errs, p.objects.Close())...)
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
		var raw bpfRecord
		if len(p.last.RawSample) < int(unsafe.Sizeof(raw)) {
			return fmt.Errorf("a record of %d bytes", len(p.last.RawSample))
		}
		raw = *(*bpfRecord)(unsafe.Pointer(&p.last.RawSample[0]))
		r := decode(&raw, boot)
		f(&r) // f may keep it
	}
}

// lost is how many records there was no room for.
func (p *program) lost() (n uint64) {
	_ = p.objects.Lost.Get(&n) // of a map that is open
	return n
}

// clockReadings is how often both clocks are read to find out how they stand to each other: whoever is interrupted in between reads another time.
const clockReadings = 5

// booted is when the clock of the records began, by the clock on the wall.
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
			boot = before.Round(0).Add(took/2 - time.Duration(t.Nano()))
		}
	}
	return boot, nil
}

func decode(raw *bpfRecord, boot time.Time) record {
	return record{
		key: Key{
			Namespace: raw.Netns,
			Local:     netip.AddrPortFrom(address(raw.Family, &raw.Local), raw.LocalPort),
			Remote:    netip.AddrPortFrom(address(raw.Family, &raw.Remote), raw.RemotePort),
		},
		state: stateOf(raw.State), before: stateOf(raw.Before), sock: raw.Sock,
		time:    boot.Add(time.Duration(raw.Time)),
		process: host.Process{PID: raw.Pid, User: raw.Uid, Cgroup: raw.Cgroup, Name: unix.ByteSliceToString(raw.Command[:])},
	}
}
