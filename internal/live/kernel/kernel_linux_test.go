package kernel_test

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"tcptrace/fsm"
	"tcptrace/internal/live/kernel"
	"tcptrace/internal/testutil/netns"
)

// The test binary runs itself as a process that has a connection and is killed. The connection is its file 3.
const (
	holdTask  = "KERNEL_TEST_HOLD"
	otherTask = "KERNEL_TEST_OTHER" // as a user without rights
	takeTask  = "KERNEL_TEST_TAKE"  // accepts a connection from its file 3 and has it
)

func TestMain(m *testing.M) {
	if os.Getenv(otherTask) != "" {
		if err := beOther(); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if os.Getenv(takeTask) != "" {
		l, err := net.FileListener(os.NewFile(3, "listener"))
		if err == nil {
			_, err = l.Accept()
		}
		fmt.Println(err)
		time.Sleep(time.Minute)
		os.Exit(1)
	}
	if os.Getenv(holdTask) != "" {
		time.Sleep(time.Minute)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// watch opens a watcher that uses BPF.
func watch(t *testing.T) *kernel.Watcher {
	t.Helper()
	w, err := kernel.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	if w.Source() != kernel.BPF {
		t.Skip(w.Lacks())
	}
	return w
}

// run is a scenario: two hosts, a listening server, and what the kernels say of their connections.
type run struct {
	*testing.T
	net      *netns.Net
	w        *kernel.Watcher
	listener *net.TCPListener
	changes  []kernel.Change
}

const port = 8080

func newRun(t *testing.T) *run {
	n := netns.New(t)
	r := &run{T: t, net: n, w: watch(t), listener: n.B.Listen(port)}
	for _, h := range []*netns.Host{n.A, n.B} {
		var err error
		h.Do(func() { err = r.w.Add() })
		if err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// connect makes a connection; the server's end is nil if accept is false.
func (r *run) connect(accept bool) (client, server *net.TCPConn) {
	r.Helper()
	client, err := r.net.A.Dial(r.listener.Addr())
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { client.Close() }) // and not as soon as nobody uses it: what is garbage is closed
	if accept {
		if server, err = r.listener.AcceptTCP(); err != nil {
			r.Fatal(err)
		}
		r.Cleanup(func() { server.Close() })
	}
	return client, server
}

// path is the states of the endpoint that is local, in order; one with "*" has no socket.
func (r *run) path(local, remote net.Addr) string {
	r.Helper()
	if err := r.w.Read(func(c kernel.Change) { r.changes = append(r.changes, c) }); err != nil {
		r.Fatal(err)
	}
	var path []string
	for _, c := range r.changes {
		if c.Local != addrPort(local) || c.Remote != addrPort(remote) {
			continue
		}
		word := c.State.String()
		if !c.Socket {
			word += "*"
		}
		if len(path) == 0 && c.Before != fsm.Unknown && c.Before != fsm.Closed {
			path = append(path, c.Before.String())
		}
		if len(path) == 0 || path[len(path)-1] != word {
			path = append(path, word)
		}
	}
	return strings.Join(path, " ")
}

func addrPort(a net.Addr) netip.AddrPort { return a.(*net.TCPAddr).AddrPort() }

// expect waits for both ends to have gone through states.
func (r *run) expect(client net.Addr, ofClient, ofServer string) {
	r.Helper()
	server := r.listener.Addr()
	var c, s string
	for end := time.Now().Add(8 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if c, s = r.path(client, server), r.path(server, client); c == ofClient && s == ofServer {
			return
		}
	}
	r.Errorf("client %s\n  want %s\nserver %s\n  want %s", c, ofClient, s, ofServer)
}

const (
	opened   = "SYN_SENT ESTABLISHED"
	accepted = "SYN_RCVD ESTABLISHED"
)

func TestClose(t *testing.T) {
	r := newRun(t)
	c, s := r.connect(true)
	r.expect(c.LocalAddr(), opened, accepted)
	c.Close()
	r.expect(c.LocalAddr(), opened+" FIN_WAIT_1 FIN_WAIT_2 FIN_WAIT_2*", accepted+" CLOSE_WAIT")
	s.Close()
	r.expect(c.LocalAddr(), opened+" FIN_WAIT_1 FIN_WAIT_2 FIN_WAIT_2* TIME_WAIT*", accepted+" CLOSE_WAIT LAST_ACK CLOSED*")
}

// The server never closes: a leak.
func TestCloseWaitLeak(t *testing.T) {
	r := newRun(t)
	c, _ := r.connect(true)
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	r.expect(c.LocalAddr(), opened+" FIN_WAIT_1 FIN_WAIT_2", accepted+" CLOSE_WAIT")
	for end := time.Now().Add(5 * time.Second); r.find(c.RemoteAddr(), c.LocalAddr()).Process.Listens && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond) // it is looked for who has accepted
		r.path(c.LocalAddr(), c.RemoteAddr())
	}
	for _, ends := range []struct{ local, remote net.Addr }{{c.LocalAddr(), c.RemoteAddr()}, {c.RemoteAddr(), c.LocalAddr()}} {
		e := r.find(ends.local, ends.remote)
		if e.Process.PID != uint32(os.Getpid()) || e.Process.Listens || e.Process.User != uint32(os.Getuid()) || !strings.HasPrefix(os.Args[0], filepath.Dir(os.Args[0])+"/"+e.Process.Name[:4]) {
			t.Errorf("%v belongs to %+v, not to this process", e.Key, e.Process)
		}
	}
}

// find is the endpoint that is known for addresses.
func (r *run) find(local, remote net.Addr) *kernel.Endpoint {
	r.Helper()
	for e := range r.w.Endpoints() {
		if e.Local == addrPort(local) && e.Remote == addrPort(remote) {
			if known, ok := r.w.Lookup(e.Key); !ok || known != *e {
				r.Errorf("%v is looked up as %+v, %v", e, known, ok)
			}
			return e
		}
	}
	r.Fatalf("nothing known of %v to %v", local, remote)
	return nil
}

// The client closes, the server does not, and the client's kernel gives up.
func TestOrphan(t *testing.T) {
	r := newRun(t)
	r.net.A.Do(func() {
		if err := os.WriteFile("/proc/sys/net/ipv4/tcp_fin_timeout", []byte("1"), 0); err != nil {
			t.Fatal(err)
		}
	})
	c, _ := r.connect(true)
	c.Close()
	r.expect(c.LocalAddr(), opened+" FIN_WAIT_1 FIN_WAIT_2 FIN_WAIT_2* CLOSED*", accepted+" CLOSE_WAIT")
}

// A connection that the server's queue has no room for is one to the client only.
func TestQueueFull(t *testing.T) {
	r := newRun(t)
	raw, err := r.listener.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	control := func(f func(fd int) error) {
		t.Helper()
		var failed error
		if err := raw.Control(func(fd uintptr) { failed = f(int(fd)) }); err != nil || failed != nil {
			t.Fatal(err, failed)
		}
	}
	// Handshakes end with the first data, so that two can be under way.
	control(func(fd int) error { return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_DEFER_ACCEPT, 30) })
	first, _ := r.connect(false)
	second, _ := r.connect(false)
	r.expect(first.LocalAddr(), opened, "SYN_RCVD*")
	control(func(fd int) error { return unix.Listen(fd, 0) }) // room for one
	for _, c := range []*net.TCPConn{first, second} {
		if _, err := c.Write([]byte("now")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	r.expect(first.LocalAddr(), opened, "SYN_RCVD* ESTABLISHED")
	r.expect(second.LocalAddr(), opened, "SYN_RCVD*")
	if e := r.find(r.listener.Addr(), second.LocalAddr()); !e.Process.Listens || e.Process.PID != uint32(os.Getpid()) {
		t.Errorf("this process listens, but it belongs to %+v", e.Process)
	}
	// Reset while it waits.
	if err := second.SetLinger(0); err != nil {
		t.Fatal(err)
	}
	second.Close()
	r.expect(second.LocalAddr(), opened+" CLOSED*", "SYN_RCVD* CLOSED*")
}

// A process that is killed leaves what it has not read: its kernel resets the connection.
func TestKilled(t *testing.T) {
	r := newRun(t)
	c, s := r.connect(true)
	file, err := s.File()
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	holder := exec.Command("/proc/self/exe")
	holder.Env, holder.ExtraFiles = append(os.Environ(), holdTask+"=1"), []*os.File{file}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	file.Close()
	if _, err := c.Write([]byte("unread")); err != nil {
		t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond)
	r.expect(c.LocalAddr(), opened, accepted)
	if err := holder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = holder.Wait() // killed
	r.expect(c.LocalAddr(), opened+" CLOSED*", accepted+" CLOSED*")
}

func TestRefused(t *testing.T) {
	r := newRun(t)
	to := addrPort(r.listener.Addr())
	r.listener.Close()
	if _, err := r.net.A.Dial(net.TCPAddrFromAddrPort(to)); err == nil {
		t.Fatal("not refused")
	}
	var last kernel.Change
	if err := r.w.Read(func(c kernel.Change) {
		if c.Remote == to {
			last = c
		}
	}); err != nil {
		t.Fatal(err)
	}
	if last.Before != fsm.SynSent || last.State != fsm.Closed || last.Local.Port() == 0 {
		t.Errorf("refused: %+v", last)
	}
}

// Over IPv6, both close at once, more or less.
func TestIPv6(t *testing.T) {
	r := newRun(t)
	r.net.B.Do(func() {
		var err error
		if r.listener, err = net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.AddrPortFrom(r.net.B.IPv6, port))); err != nil {
			t.Fatal(err)
		}
	})
	defer r.listener.Close()
	c, s := r.connect(true)
	s.CloseWrite()
	r.expect(c.LocalAddr(), opened+" CLOSE_WAIT", accepted+" FIN_WAIT_1 FIN_WAIT_2")
	c.Close()
	r.expect(c.LocalAddr(), opened+" CLOSE_WAIT LAST_ACK CLOSED*", accepted+" FIN_WAIT_1 FIN_WAIT_2 TIME_WAIT*")
}

// The moments lie between those before and after what brought them.
func TestTime(t *testing.T) {
	r := newRun(t)
	before := time.Now()
	c, _ := r.connect(true)
	after := time.Now()
	r.expect(c.LocalAddr(), opened, accepted)
	e := r.find(c.LocalAddr(), c.RemoteAddr())
	const slack = 2 * time.Millisecond // between two readings of two clocks
	if e.Since.Before(before.Add(-slack)) || e.Since.After(after.Add(slack)) {
		t.Errorf("connected at %v, not between %v and %v", e.Since, before, after)
	}
}
