package verify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tcptrace/internal/live/kernel"
	"tcptrace/internal/verify/record"
)

// insideVariable has this program compare: as itself, or in the user namespace that it made for that.
const insideVariable = "VERIFY_TEST_INSIDE"

func again() *exec.Cmd {
	return &exec.Cmd{Path: "/proc/self/exe", Args: os.Args[:1], Env: append(os.Environ(), insideVariable+"=inside")}
}

func runAsTold(inside bool) int {
	o := Options{Rounds: 1, Peer: peer, Inside: inside}
	if !inside {
		o.Again = again
	}
	r, err := Run(context.Background(), o)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if r.JSON(os.Stdout) != nil {
		return 1
	}
	return 0
}

// TestNobody: who has no rights at all compares what the kernel was asked for, in namespaces.
func TestNobody(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root may be somebody else")
	}
	const nobody = 65534
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe")
	cmd.Env = append(os.Environ(), insideVariable+"=outside")
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Skipf("user namespaces are not for everybody here: %v: %s", err, errs.String())
	}
	var r record.Report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	if r.Place != record.Namespaces || r.Source != string(kernel.Diag) || r.Wrong > 0 || r.Shown == nil || r.Shown.Endpoints+r.LeftOut < 30 || len(r.Lacks) == 0 {
		t.Errorf("%s", out.Bytes())
	}
}

// TestInterrupted: whoever is interrupted says so, and leaves nothing: no thread is in another namespace, and the namespaces are gone with their threads.
func TestInterrupted(t *testing.T) {
	stopped := errors.New("stopped")
	ctx, stop := context.WithCancelCause(t.Context())
	go func() {
		time.Sleep(time.Second)
		stop(stopped)
	}()
	r, err := Run(ctx, Options{Rounds: 100, Peer: peer})
	if errors.Is(err, os.ErrPermission) {
		t.Skip(err)
	}
	if !errors.Is(err, stopped) || r != nil {
		t.Fatalf("%+v, %v", r, err)
	}
	left := ""
	for range 50 {
		if left = elsewhere(t); left == "" {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Errorf("a thread is left in %s", left)
}

// elsewhere is a network namespace other than the program's that it has a thread in; "": none.
func elsewhere(t *testing.T) string {
	t.Helper()
	home, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		t.Skip(err)
	}
	threads, _ := filepath.Glob("/proc/self/task/*/ns/net")
	for _, thread := range threads {
		if at, err := os.Readlink(thread); err == nil && at != home {
			return at
		}
	}
	return ""
}

// TestFollow: a bridge holds back the segments of the port that it is about, whichever side sent them, and no others.
func TestFollow(t *testing.T) {
	const ip, tcp = offload + ethernet, offload + ethernet + ipHeader
	segment := func(from, to byte) []byte {
		frame := make([]byte, tcp+20)
		frame[ip-2], frame[ip], frame[ip+9], frame[tcp+1], frame[tcp+3] = 8, 0x45, unix.IPPROTO_TCP, from, to
		return frame
	}
	file, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	b := &bridge{ports: [2]*os.File{file, file}}
	b.pass(0, segment(9, 80))
	b.follow(7)
	b.hold()
	b.pass(0, segment(9, 80))
	b.pass(1, segment(7, 9))
	if b.holding() != 0 || b.cut() == nil {
		t.Error("segments of another connection are held, or known")
	}
	b.pass(0, segment(7, 80))
	if b.holding() != 1 {
		t.Error("the client's are not held")
	}
	b.pass(1, segment(80, 7))
	if b.holding() != 2 || b.cut() != nil {
		t.Error("the server's are not held, or not known")
	}
	if b.release() != nil || b.holding() != 0 {
		t.Error("they are still held")
	}
}

// TestReset: a reset in somebody's name stands behind all that he sent, data and FIN, and is rightly summed.
func TestReset(t *testing.T) {
	const ip, tcp = offload + ethernet, offload + ethernet + ipHeader
	frame := make([]byte, tcp+20+7)
	frame[ip-2], frame[ip-1] = 8, 0
	frame[ip], frame[ip+3], frame[ip+9] = 0x45, ipHeader+20+7, unix.IPPROTO_TCP
	frame[tcp+7], frame[tcp+12], frame[tcp+13] = 100, 5<<4, 0x11 // seq, FIN+ACK
	if !isSegment(frame) || isSegment(frame[:tcp+19]) {
		t.Fatal("a segment has 20 octets of TCP, at least")
	}
	r := resetOf(frame)
	if len(r) != tcp+20 || r[tcp+7] != 108 || r[tcp+13] != 0x14 || sumOf(r[ip:tcp]) != 0 || checksum([4]byte(r[ip+12:]), [4]byte(r[ip+16:]), r[tcp:]) != 0 {
		t.Errorf("% x", r)
	}
	frame[ip+9] = unix.IPPROTO_UDP
	if isSegment(frame) {
		t.Error("UDP has none")
	}
}
