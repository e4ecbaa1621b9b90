package kernel

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestServe: a helper that cannot give up its rights answers nothing.
func TestServe(t *testing.T) {
	cannot := errors.New("cannot")
	for _, c := range []struct {
		err     error
		answers int
	}{{nil, len(appendAnswer(nil, &holding{}, 0))}, {cannot, 0}} {
		var answers bytes.Buffer
		question := bytes.NewReader(make([]byte, 4)) // about no sockets
		if err := serve(func() error { return c.err }, question, &answers); !errors.Is(err, c.err) || answers.Len() != c.answers {
			t.Errorf("%v: %v, %d bytes of answers", c.err, err, answers.Len())
		}
	}
}

// TestStuck: a helper that is stuck holds up neither who asks nor who closes; one that is not answers, and ends by itself.
func TestStuck(t *testing.T) {
	start := func() *helper {
		h, err := startHelper()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(h.kill)
		if _, err := h.look(sought{}); err != nil {
			t.Fatal(err)
		}
		return h
	}
	began := time.Now()
	h := start()
	if err := h.close(); err != nil || time.Since(began) >= h.grace {
		t.Errorf("%v after %v", err, time.Since(began))
	}

	h = start() // stuck while it is asked
	h.patience = 50 * time.Millisecond
	stop(t, h)
	if _, err := h.look(sought{}); err == nil || !strings.Contains(err.Error(), "did not answer within 50ms") {
		t.Errorf("a stuck helper answers: %v", err)
	}
	if !h.ends() {
		t.Error("it is not killed")
	}
	if _, err := h.look(sought{}); err == nil {
		t.Error("it answers once more")
	}
	if err := h.close(); err != nil {
		t.Error(err)
	}

	h = start() // stuck while the watcher closes, which has asked
	h.grace = 50 * time.Millisecond
	stop(t, h)
	w := &Watcher{table: newTable(nothingLeft), poll: newPoll(), groups: newGroups(), search: newSearch(h), helper: h}
	w.search.aside.start(time.Now(), 0, func() looked { return look(h, sought{}, time.Now()) })
	if began = time.Now(); w.Close() != nil || time.Since(began) >= h.patience/2 {
		t.Errorf("closed after %v", time.Since(began))
	}
}

// stop has a helper be stuck.
func stop(t *testing.T, h *helper) {
	t.Helper()
	if err := h.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	var s unix.Siginfo
	if err := unix.Waitid(unix.P_PID, h.cmd.Process.Pid, &s, unix.WSTOPPED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
}

// TestFlagsIn: kernel threads are told from processes, whatever these are called.
func TestFlagsIn(t *testing.T) {
	for stat, want := range map[string]bool{
		"2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0":                  true,
		"7 (sshd) S 1 7 7 0 -1 4194560 1 0 0 0":                      false,
		"8 (x) S 0 0 0 0 -1 2129984) S 1 8 8 0 -1 4194560 1 0 0 0\n": false,
		"9 (short) S 1 9 9 0 -1":                                     false,
		"":                                                           false,
	} {
		if got := flagsIn(stat)&kernelThread != 0; got != want {
			t.Errorf("%q: %v", stat, got)
		}
	}
	if isKernels("/proc/self") || !isKernels("/proc/none") {
		t.Error("this process is the kernel's, or one that has ended is not")
	}
}

// TestOwnFails: what is open at the start is listed without processes if the helper fails, and it is not asked again.
func TestOwnFails(t *testing.T) {
	cut := appendAnswer(nil, &holding{list: []record{{inode: 11}}}, 0)
	for missing, want := range []bool{true, false} { // a byte
		h := &helper{questions: closer{new(bytes.Buffer)}, answers: io.NopCloser(bytes.NewReader(cut[:len(cut)-missing])), patience: time.Minute}
		w := &Watcher{search: newSearch(h), helper: h}
		w.own(nil)
		if (w.search.looker != nil) != want || (w.search.failed == nil) != want {
			t.Errorf("%d bytes missing: %v", missing, w.search.failed)
		}
	}
}
