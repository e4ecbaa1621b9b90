package netns

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

// Net is two hosts and the link between them.
type Net struct{ A, B *Host }

// Host is one end of the link, in a network namespace of its own.
type Host struct {
	Namespace string // as `ip netns` knows it
	Device    string // its end of the veth pair; its only interface beside lo
	IPv4      netip.Addr
	IPv6      netip.Addr

	t testing.TB
}

// namespaces is where `ip netns` keeps the handles of its namespaces.
const namespaces = "/var/run/netns"

// made numbers the links of this process: tests may have several, and run at once.
var made atomic.Uint32

// New makes two hosts with a link between them, both up and with addresses, and removes
// them when the test ends. It skips the test, with the reason, where that is not allowed.
func New(t testing.TB) *Net {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("network namespaces can be made by root only")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skipf("network namespaces are made with iproute2: %v", err)
	}
	prefix := fmt.Sprintf("tcptrace-%d-%d", os.Getpid(), made.Add(1))
	n := &Net{A: newHost(t, prefix, "a", 1), B: newHost(t, prefix, "b", 2)}
	for _, h := range []*Host{n.A, n.B} {
		if out, err := command("netns", "add", h.Namespace); err != nil {
			t.Skipf("network namespaces cannot be made here: %v: %s", err, out)
		}
		t.Cleanup(func() { mustIP(t, "netns", "del", h.Namespace) })
	}
	mustIP(t, "link", "add", n.A.Device, "netns", n.A.Namespace, "type", "veth",
		"peer", "name", n.B.Device, "netns", n.B.Namespace)
	for _, h := range []*Host{n.A, n.B} {
		h.up()
	}
	return n
}

func newHost(t testing.TB, prefix, side string, number int) *Host {
	return &Host{
		Namespace: prefix + "-" + side,
		Device:    "veth-" + side,
		IPv4:      netip.AddrFrom4([4]byte{10, 77, 0, byte(number)}),
		IPv6:      netip.MustParseAddr(fmt.Sprintf("fd77::%d", number)),
		t:         t,
	}
}

func (h *Host) up() {
	h.IP("link", "set", "lo", "up")
	h.IP("addr", "add", h.IPv4.String()+"/24", "dev", h.Device)
	// Without duplicate address detection, which would keep the address unusable for a second.
	h.IP("addr", "add", h.IPv6.String()+"/64", "dev", h.Device, "nodad")
	h.IP("link", "set", h.Device, "up")
}

// IP runs iproute2's ip on the host. It ends the test if that fails.
func (h *Host) IP(args ...string) {
	h.t.Helper()
	mustIP(h.t, append([]string{"-netns", h.Namespace}, args...)...)
}

// Command is a program that will run on the host. Its process is the program itself, so it gets
// the signals sent to it.
func (h *Host) Command(name string, args ...string) *exec.Cmd {
	return exec.Command("ip", append([]string{"netns", "exec", h.Namespace, name}, args...)...)
}

// Do calls f on the host: sockets that f opens, and programs that it starts, stay there. What f
// starts in other goroutines is not on the host.
func (h *Host) Do(f func()) {
	h.t.Helper()
	runtime.LockOSThread()
	// A thread that is not back in its namespace stays locked, so that it ends with its goroutine.
	home, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		h.t.Fatal(err)
	}
	defer home.Close()
	there, err := os.Open(filepath.Join(namespaces, h.Namespace))
	if err != nil {
		h.t.Fatal(err)
	}
	defer there.Close()
	if err := unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); err != nil {
		h.t.Fatalf("entering %s: %v", h.Namespace, err)
	}
	defer func() {
		if err := unix.Setns(int(home.Fd()), unix.CLONE_NEWNET); err != nil {
			h.t.Errorf("leaving %s: %v", h.Namespace, err)
			return
		}
		runtime.UnlockOSThread()
	}()
	f()
}

// Listen listens for TCP on the host's IPv4 address, until the test ends.
func (h *Host) Listen(port uint16) *net.TCPListener {
	h.t.Helper()
	var l *net.TCPListener
	var err error
	h.Do(func() {
		l, err = net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.AddrPortFrom(h.IPv4, port)))
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { l.Close() })
	return l
}

// Dial connects from the host by TCP. The connection is closed when the test ends, at the latest.
func (h *Host) Dial(to net.Addr) (*net.TCPConn, error) {
	var c net.Conn
	var err error
	h.Do(func() { c, err = net.Dial("tcp", to.String()) })
	if err != nil {
		return nil, err
	}
	h.t.Cleanup(func() { c.Close() })
	return c.(*net.TCPConn), nil
}

func mustIP(t testing.TB, args ...string) {
	t.Helper()
	if out, err := command(args...); err != nil {
		t.Fatalf("ip %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

func command(args ...string) ([]byte, error) { return exec.Command("ip", args...).CombinedOutput() }
