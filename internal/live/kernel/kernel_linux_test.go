package kernel_test

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tcptrace/analyzer/host"
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
	var w *kernel.Watcher
	var err error
	n.A.Do(func() { w, err = kernel.OpenDiag() })
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
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

// beOther watches a connection of its own as a user without rights.
func beOther() error {
	w, err := kernel.Open()
	if err != nil {
		return err
	}
	defer w.Close()
	fmt.Println(w.Source(), w.Lacks())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		return err
	}
	defer c.Close()
	p, err := owner(w, addrPort(c.LocalAddr()), addrPort(c.RemoteAddr()), uint32(os.Getpid()), false)
	fmt.Println(p.PID == uint32(os.Getpid()), p.User, p.Listens)
	for _, n := range w.Notes()[1:] {
		fmt.Println(n)
	}
	return err
}

// owner waits for an end to belong to a process, or to one that listens.
func owner(w *kernel.Watcher, local, remote netip.AddrPort, pid uint32, listens bool) (p host.Process, err error) {
	k := kernel.Key{Namespace: w.Namespace(), Local: local, Remote: remote}
	w.Want(k)
	for end := time.Now().Add(8 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if err := w.Read(func(kernel.Change) {}); err != nil {
			return p, err
		}
		e, _ := w.Lookup(k)
		if p = e.Process; p.PID == pid && p.Listens == listens {
			break
		}
	}
	return p, nil
}

// TestWithoutRights: who may not use BPF is told so, and asks; and finds its own processes, but no others.
func TestWithoutRights(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("root can become another user")
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Dir, cmd.Env = "/", append(os.Environ(), otherTask+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	want := regexp.MustCompile(`^sock_diag BPF is for root, or takes CAP_BPF and CAP_PERFMON
true 65534 false
the connections of [1-9]\d* processes are shown without their process: .*
$`)
	if err != nil || !want.Match(out) {
		t.Errorf("%v: %q, want %v", err, out, want)
	}
}

// TestAccepted: a connection belongs to the process that has accepted it, which need not be the one that listens first, and to the one that has it
// since; until then to the one that listens.
func TestAccepted(t *testing.T) {
	for _, open := range []func() (*kernel.Watcher, error){kernel.Open, kernel.OpenDiag} {
		n := netns.New(t)
		var w *kernel.Watcher
		var err error
		n.A.Do(func() { w, err = open() })
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		l := n.A.Listen(port)
		c, err := n.A.Dial(l.Addr())
		if err != nil {
			t.Fatal(err)
		}
		pid := uint32(os.Getpid())
		client, server := addrPort(c.LocalAddr()), addrPort(c.RemoteAddr())
		is := func(what string, local, remote netip.AddrPort, pid uint32, listens bool) {
			t.Helper()
			if p, err := owner(w, local, remote, pid, listens); err != nil || p.PID != pid || p.Listens != listens {
				t.Errorf("%s: %s belongs to %+v, not %d: %v", w.Source(), what, p, pid, err)
			}
		}
		is("the client", client, server, pid, false)
		is("what waits", server, client, pid, true)
		file, err := l.File()
		if err != nil {
			t.Fatal(err)
		}
		worker := start(t, takeTask, file)
		is("accepted", server, client, worker, false)

		if c, err = n.A.Dial(l.Addr()); err != nil {
			t.Fatal(err)
		}
		s, err := l.AcceptTCP()
		if err != nil {
			t.Fatal(err)
		}
		client = addrPort(c.LocalAddr())
		is("accepted here", server, client, pid, false)
		if file, err = s.File(); err != nil {
			t.Fatal(err)
		}
		holder := start(t, holdTask, file)
		s.Close()
		is("handed on", server, client, holder, false)
	}
}

// start starts a process with a file, which is its own then.
func start(t *testing.T, task string, file *os.File) (pid uint32) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env, cmd.ExtraFiles = append(os.Environ(), task+"=1"), []*os.File{file}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	file.Close()
	return uint32(cmd.Process.Pid)
}

// TestConnecting: while a connection is being opened, it is known whose it is.
func TestConnecting(t *testing.T) {
	for _, open := range []func() (*kernel.Watcher, error){kernel.Open, kernel.OpenDiag} {
		n := netns.New(t)
		var w *kernel.Watcher
		var err error
		n.A.Do(func() { w, err = open() })
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		var fd int
		n.A.Do(func() { fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0) })
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		nobody := n.B.IPv4.As4()
		nobody[3] += 100 // of the same network
		if err := unix.Connect(fd, &unix.SockaddrInet4{Port: port, Addr: nobody}); err != unix.EINPROGRESS {
			t.Fatal(err)
		}
		name, err := unix.Getsockname(fd)
		if err != nil {
			t.Fatal(err)
		}
		local := name.(*unix.SockaddrInet4)
		k := kernel.Key{Namespace: w.Namespace(), Local: netip.AddrPortFrom(netip.AddrFrom4(local.Addr), uint16(local.Port)),
			Remote: netip.AddrPortFrom(netip.AddrFrom4(nobody), port)}
		p, err := owner(w, k.Local, k.Remote, uint32(os.Getpid()), false)
		if e, ok := w.Lookup(k); err != nil || p.PID != uint32(os.Getpid()) || !ok || e.State != fsm.SynSent {
			t.Errorf("%s: %+v, %v", w.Source(), e, err)
		}
	}
}

// TestContainer: of a container that is started later it is known what its processes have, and whether it is one.
func TestContainer(t *testing.T) {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	where := regexp.MustCompile(`(?m)^\S+ (\S+) cgroup2 `).FindSubmatch(mounts)
	if where == nil {
		t.Skip("no control groups of version 2 are mounted")
	}
	for _, open := range []func() (*kernel.Watcher, error){kernel.Open, kernel.OpenDiag} {
		n := netns.New(t)
		var w *kernel.Watcher
		n.A.Do(func() { w, err = open() })
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		id := fmt.Sprintf("%064x", time.Now().UnixNano())
		group := filepath.Join(string(where[1]), "docker-"+id+".scope")
		if err := os.Mkdir(group, 0o755); err != nil {
			t.Skip(err)
		}
		t.Cleanup(func() { // its process has ended by then
			if err := os.Remove(group); err != nil {
				t.Error(err)
			}
		})
		l := n.A.Listen(port)
		file, err := l.File()
		if err != nil {
			t.Fatal(err)
		}
		worker := start(t, takeTask, file)
		if err := os.WriteFile(filepath.Join(group, "cgroup.procs"), fmt.Append(nil, worker), 0); err != nil {
			t.Skip(err)
		}
		c, err := n.A.Dial(l.Addr())
		if err != nil {
			t.Fatal(err)
		}
		p, err := owner(w, addrPort(c.RemoteAddr()), addrPort(c.LocalAddr()), worker, false)
		if err != nil || p.PID != worker {
			t.Errorf("%s: %+v, %v", w.Source(), p, err)
		}
		told := false
		for end := time.Now().Add(5 * time.Second); !told && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			if err := w.Read(func(c kernel.Change) { told = told || c.Process.Container == id }); err != nil {
				t.Fatal(err)
			}
			e, _ := w.Lookup(kernel.Key{Namespace: w.Namespace(), Local: addrPort(c.RemoteAddr()), Remote: addrPort(c.LocalAddr())})
			if told = told || e.Process.Container == id; told && e.Process.Unit != "" {
				t.Errorf("%+v", e.Process)
			}
		}
		e, _ := w.Lookup(kernel.Key{Namespace: w.Namespace(), Local: addrPort(c.LocalAddr()), Remote: addrPort(c.RemoteAddr())})
		if !told || e.Process.Container != "" {
			t.Errorf("%s: told %v; the client belongs to %+v", w.Source(), told, e.Process)
		}
	}
}

// TestCookies: a host that remembers no SYN says how many cookies it has sent, and how many connections it has made of those; one that does, says nothing.
func TestCookies(t *testing.T) {
	for setting, want := range map[string]bool{"2": true, "0": false} {
		n := netns.New(t)
		var w *kernel.Watcher
		var err error
		n.B.Do(func() {
			if err = os.WriteFile("/proc/sys/net/ipv4/tcp_syncookies", []byte(setting), 0); err == nil {
				w, err = kernel.Open()
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		l := n.B.Listen(port)
		if _, err := n.A.Dial(l.Addr()); err != nil {
			t.Fatal(err)
		}
		var all kernel.Cookies
		for end := time.Now().Add(3 * time.Second); all.Accepted == 0 && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			if err := w.Read(func(kernel.Change) {}); err != nil {
				t.Fatal(err)
			}
			one := w.Cookies()
			all = kernel.Cookies{Sent: all.Sent + one.Sent, Accepted: all.Accepted + one.Accepted, Refused: all.Refused + one.Refused}
		}
		if got := all == (kernel.Cookies{Sent: 1, Accepted: 1}); got != want || !want && all != (kernel.Cookies{}) {
			t.Errorf("tcp_syncookies %s: %+v", setting, all)
		}
	}
}
