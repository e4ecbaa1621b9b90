package kernel_test

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tcptrace/analyzer/host"
	"tcptrace/fsm"
	"tcptrace/internal/live/kernel"
	"tcptrace/internal/testutil/netns"
)

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
		w := openedIn(t, n.A, open)
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
		w := openedIn(t, n.A, open)
		var fd int
		var err error
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
