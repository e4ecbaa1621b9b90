package verify

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"tcptrace/internal/live/capture"
	"tcptrace/internal/verify/record"
)

// system is the kernel's name and release.
func system() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return runtime.GOOS
	}
	return unix.ByteSliceToString(u.Sysname[:]) + " " + unix.ByteSliceToString(u.Release[:])
}

// room is a network namespace. It has no name, and lasts for as long as it and what was opened in it: nothing is left of it however the program ends.
type room struct {
	file *os.File // stands for it
}

func newRoom() (*room, error) {
	r := &room{}
	return r, inThread(func() (err error) {
		if err = unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return os.NewSyscallError("unshare", err)
		}
		r.file, err = os.Open("/proc/thread-self/ns/net")
		return err
	})
}

// inThread calls f on a thread of its own, which f may take elsewhere.
func inThread(f func() error) error {
	done := make(chan error)
	go onThread(func() { done <- f() })
	return <-done
}

// onThread calls f on a thread that ends with it. The first thread of a program cannot end, and stands for it in /proc: it stays as it is.
func onThread(f func()) {
	runtime.LockOSThread()
	if unix.Gettid() != unix.Getpid() {
		f()
		return
	}
	defer runtime.UnlockOSThread()
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		f()
	}()
	<-done
}

// do calls f in the namespace.
func (r *room) do(f func() error) error {
	return inThread(func() error {
		if err := unix.Setns(int(r.file.Fd()), unix.CLONE_NEWNET); err != nil {
			return os.NewSyscallError("setns", err)
		}
		return f()
	})
}

func (r *room) close() { r.file.Close() }

func (r *room) number() uint32 {
	var s unix.Stat_t
	if unix.Fstat(int(r.file.Fd()), &s) != nil {
		return 0
	}
	return uint32(s.Ino)
}

// The devices: of both hosts, and of what is between them.
const (
	hostDevice = "eth0"
	toClient   = "to-client"
	toServer   = "to-server"
)

// The addresses of both hosts in their namespaces.
var (
	clientAddr = netip.AddrFrom4([4]byte{10, 77, 0, 2})
	serverAddr = netip.AddrFrom4([4]byte{10, 77, 0, 3})
)

// newNamespaces makes both hosts, and a namespace between them whose bridge is this program.
func newNamespaces() (*stage, error) {
	var rooms []*room
	var b *bridge
	leave := func() {
		if b != nil {
			b.close()
		}
		for _, r := range rooms {
			r.close()
		}
	}
	for range 3 {
		r, err := newRoom()
		if err != nil {
			leave()
			return nil, err
		}
		rooms = append(rooms, r)
	}
	client, server, middle := rooms[0], rooms[1], rooms[2]
	err := middle.do(func() error {
		return errors.Join(addVeth(toClient, hostDevice, client.file), addVeth(toServer, hostDevice, server.file), up(toClient, netip.Addr{}), up(toServer, netip.Addr{}))
	})
	if err == nil {
		err = errors.Join(
			client.do(func() error { return errors.Join(up(capture.Loopback, netip.Addr{}), up(hostDevice, clientAddr)) }),
			server.do(func() error { return errors.Join(up(capture.Loopback, netip.Addr{}), up(hostDevice, serverAddr)) }))
	}
	if err == nil {
		err = middle.do(func() (err error) { b, err = newBridge(toClient, toServer); return err })
	}
	if err != nil {
		leave()
		return nil, err
	}
	s := &stage{
		client: &place{addr: clientAddr, do: client.do, namespace: client.number()}, server: &place{addr: serverAddr, do: server.do, namespace: server.number()},
		bridge: b, close: leave,
	}
	for _, p := range []*place{s.client, s.server} {
		s.taps = append(s.taps, &tap{at: p, device: hostDevice, buffer: smallBuffer}, &tap{at: p, device: hostDevice, buffer: smallBuffer, shows: true})
	}
	s.taps = append(s.taps, &tap{at: &place{do: middle.do}, device: toClient, buffer: smallBuffer, kind: record.Middle})
	return s, nil
}

// up takes a device of the namespace into use, with an address if it is to have one.
func up(device string, addr netip.Addr) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq(device)
	if err != nil {
		return err
	}
	set := func(what uint, set func() error) error {
		return errors.Join(set(), unix.IoctlIfreq(fd, what, request))
	}
	if addr.IsValid() {
		err = errors.Join(
			set(unix.SIOCSIFADDR, func() error { return request.SetInet4Addr(addr.AsSlice()) }),
			set(unix.SIOCSIFNETMASK, func() error { return request.SetInet4Addr([]byte{255, 255, 255, 0}) }))
	}
	if err == nil {
		err = set(unix.SIOCSIFFLAGS, func() error { request.SetUint16(unix.IFF_UP | unix.IFF_RUNNING); return nil })
	}
	if err != nil {
		return fmt.Errorf("%s: %w", device, err)
	}
	return nil
}
