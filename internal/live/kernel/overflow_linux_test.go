package kernel_test

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tcptrace/internal/live/kernel"
	"tcptrace/internal/testutil/netns"
)

// TestListenDrops: a listening socket counts bare RSTs and FINs that it drops, too. It had no room when it drops a SYN because its queue is full.
func TestListenDrops(t *testing.T) {
	n := netns.New(t)
	listener := n.B.Listen(port)
	raw, err := listener.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = unix.Listen(int(fd), 0) }); err != nil || failed != nil { // room for one
		t.Fatal(err, failed)
	}
	var w *kernel.Watcher
	n.B.Do(func() { w, err = kernel.OpenDiag() })
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	to := addrPort(listener.Addr())
	first, err := n.A.Dial(listener.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	before := dropped(w, to)
	for range 5 {
		for _, flags := range []byte{0x04, 0x01} { // RST, FIN
			n.A.Do(func() { err = send(addrPort(first.LocalAddr()).Addr(), to, flags) })
			if err != nil {
				t.Skip(err)
			}
		}
	}
	told := uint32(0)
	read := func(over func() bool) {
		t.Helper()
		for end := time.Now().Add(4 * time.Second); !over() && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			if err := w.Read(func(c kernel.Change) { told += c.Drops }); err != nil {
				t.Fatal(err)
			}
		}
	}
	read(func() bool { return dropped(w, to) >= before+5 })
	if got := dropped(w, to) - before; got < 5 || told > 0 {
		t.Fatalf("it dropped %d of 10 segments, and told of %d", got, told)
	}
	n.A.Do(func() { // its SYN is dropped
		var fd int
		if fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK, 0); err != nil {
			return
		}
		t.Cleanup(func() { _ = unix.Close(fd) })
		_ = unix.Connect(fd, &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}) // in progress
	})
	if err != nil {
		t.Fatal(err)
	}
	if read(func() bool { return told > 0 }); told == 0 {
		t.Error("it does not tell that it had no room")
	}
}

// dropped is how much is known to have been dropped by who listens.
func dropped(w *kernel.Watcher, at netip.AddrPort) uint32 {
	for e := range w.Endpoints() {
		if e.Local == at && e.Listening != nil {
			return e.Listening.Drops
		}
	}
	return 0
}

// send sends a segment without a connection.
func send(from netip.Addr, to netip.AddrPort, flags byte) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_TCP)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	b := make([]byte, 12+20) // behind the pseudo-header
	source, target := from.As4(), to.Addr().As4()
	copy(b, source[:])
	copy(b[4:], target[:])
	b[9], b[11] = unix.IPPROTO_TCP, 20
	s := b[12:]
	binary.BigEndian.PutUint16(s, 999)
	binary.BigEndian.PutUint16(s[2:], to.Port())
	s[12], s[13] = 5<<4, flags
	sum := uint32(0)
	for i := 0; i < len(b); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	binary.BigEndian.PutUint16(s[16:], ^uint16(sum))
	return unix.Sendto(fd, s, 0, &unix.SockaddrInet4{Addr: target})
}
