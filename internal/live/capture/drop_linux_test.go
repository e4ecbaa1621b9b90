package capture_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/live/capture"
	"tcptrace/internal/testutil/netns"
)

// The test binary runs itself as a process that may be restricted. What it is to do is in childTask.
const (
	childTask   = "CAPTURE_TEST_TASK"
	childDevice = "CAPTURE_TEST_DEVICE"
	childDir    = "CAPTURE_TEST_DIR"
	listenPort  = 9464
	nobody      = 65534
)

var childTasks = map[string]func(device, dir string) error{
	"drop":   dropAndTry,
	"refuse": openRefused,
	"list":   listRefused,
}

func TestMain(m *testing.M) {
	task, ok := childTasks[os.Getenv(childTask)]
	if !ok {
		os.Exit(m.Run())
	}
	if err := task(os.Getenv(childDevice), os.Getenv(childDir)); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// child runs a task on a host, as a user with capabilities.
func child(t *testing.T, h *netns.Host, task, dir string, user *syscall.SysProcAttr) string {
	t.Helper()
	var out bytes.Buffer
	// Not by its path, which another user may not be allowed to walk.
	cmd := exec.Command("/proc/self/exe")
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), childTask+"="+task, childDevice+"="+h.Device, childDir+"="+dir)
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = &out, &out, user
	var err error
	h.Do(func() { err = cmd.Run() })
	if err != nil {
		t.Errorf("%v:\n%s", err, out.String())
	}
	return out.String()
}

// otherUser has no right but the capabilities.
func otherUser(capabilities ...uintptr) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}, AmbientCaps: capabilities}
}

// ownedDir is a directory that only its owner may write to.
func ownedDir(t *testing.T, owner int) string {
	t.Helper()
	dir := t.TempDir()
	if err := errors.Join(os.Chmod(dir, 0o755), os.Chmod(filepath.Dir(dir), 0o755), os.Chown(dir, owner, owner)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestDrop(t *testing.T) {
	for _, c := range []struct {
		name  string
		owner int
		user  *syscall.SysProcAttr
		kept  string
	}{
		{"user with CAP_NET_RAW", nobody, otherUser(unix.CAP_NET_RAW), ""},
		{"root", 0, nil, ""},
		{"root in another's directory", nobody, nil, "cap_dac_override"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := child(t, netns.New(t).A, "drop", ownedDir(t, c.owner), c.user)
			if strings.Contains(out, "cap_dac_override") != (c.kept != "") {
				t.Errorf("kept %q expected:\n%s", c.kept, out)
			}
			t.Log(out)
		})
	}
}

// dropAndTry drops all rights and then tries what must work and what must not.
func dropAndTry(device, dir string) error {
	c, err := capture.Open(capture.Options{Interfaces: []string{device}, BufferSize: 1 << 20})
	if err != nil {
		return err
	}
	defer c.Close()
	had, err := os.Create(filepath.Join(dir, "first"))
	if err != nil {
		return err
	}
	d := capture.Drop(capture.DropOptions{Write: []string{dir}, Listen: listenPort})
	fmt.Println(d.String())
	if d.NoNewPrivs != nil || d.Capabilities != nil {
		return errors.New("this has to work on every kernel")
	}
	errs := []error{stillWorks(c, had, dir), everyThread(d.Kept != "")}
	if _, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0); err != unix.EPERM {
		errs = append(errs, fmt.Errorf("another packet socket: %v", err))
	}
	if d.Files == nil {
		errs = append(errs, outside(dir))
	}
	if d.Network == nil {
		errs = append(errs, denied("connecting", dial()), denied("listening elsewhere", listen(listenPort+1)))
	}
	return errors.Join(errs...)
}

// stillWorks is what Drop promises to leave.
func stillWorks(c *capture.Capture, had *os.File, dir string) error {
	_, write := had.WriteString("more")
	next, create := os.Create(filepath.Join(dir, "next"))
	_, stat := os.ReadFile("/proc/self/stat")
	_, fds := os.ReadDir("/proc/self/fd")
	_, zone := time.LoadLocation("Europe/Berlin")
	if errors.Is(zone, fs.ErrNotExist) || zone != nil && strings.Contains(zone.Error(), "unknown time zone") {
		zone = nil
	}
	errs := []error{write, create, stat, fds, zone, listen(listenPort),
		os.Rename(next.Name(), filepath.Join(dir, "moved")), os.Remove(filepath.Join(dir, "moved"))}
	var b packet.Batch
	for range 5 {
		errs = append(errs, c.Next(&b))
	}
	if s := c.Stats(); len(s.Errors) != 0 {
		errs = append(errs, s.Errors[0])
	}
	return errors.Join(errs...)
}

// everyThread holds the rights of all threads against what Drop says.
func everyThread(kept bool) error {
	files, err := filepath.Glob("/proc/self/task/*/status")
	if err != nil || len(files) < 2 {
		return fmt.Errorf("%d threads found, %v", len(files), err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH) {
			continue // ended since
		}
		if err != nil {
			return err
		}
		want := []string{"CapInh:\t0000000000000000", "CapAmb:\t0000000000000000", "NoNewPrivs:\t1"}
		if !kept {
			want = append(want, "CapPrm:\t0000000000000000", "CapEff:\t0000000000000000")
		} else {
			want = append(want, "CapPrm:\t0000000000000002", "CapEff:\t0000000000000002")
		}
		for _, line := range want {
			if !strings.Contains(string(b), line) {
				return fmt.Errorf("%s: no %q in\n%s", name, line, b)
			}
		}
	}
	return nil
}

// outside is what files are not for any more. A file that is not there would be no proof.
func outside(dir string) error {
	_, read := os.ReadFile("/etc/passwd")
	return errors.Join(
		denied("writing above", os.WriteFile(filepath.Join(dir, "..", "elsewhere"), nil, 0o600)),
		denied("writing to /tmp", os.WriteFile(filepath.Join(os.TempDir(), fmt.Sprint("elsewhere-", os.Getpid())), nil, 0o600)),
		denied("reading /etc/passwd", read),
		denied("starting a program", exec.Command("/proc/self/exe").Run()),
	)
}

func denied(what string, err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return nil
	}
	return fmt.Errorf("%s is not denied: %v", what, err)
}

func dial() error {
	c, err := net.DialTimeout("tcp", "127.0.0.1:1", time.Second)
	if err == nil {
		c.Close()
	}
	return err
}

func listen(port int) error {
	var config net.ListenConfig
	config.SetMultipathTCP(false)
	l, err := config.Listen(context.Background(), "tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err == nil {
		l.Close()
	}
	return err
}

func TestPermission(t *testing.T) {
	out := child(t, netns.New(t).A, "refuse", "/", otherUser())
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out, "sudo setcap cap_net_raw+ep "+exe) {
		t.Errorf("got %s", out)
	}
}

// openRefused prints why the interface is not opened.
func openRefused(device, _ string) error {
	_, err := capture.Open(capture.Options{Interfaces: []string{device}})
	var p *capture.Permission
	if !errors.As(err, &p) || p.Interface != device {
		return fmt.Errorf("not a Permission: %v", err)
	}
	fmt.Println(err)
	return nil
}
