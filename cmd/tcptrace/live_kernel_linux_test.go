package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"tcptrace/internal/live/kernel"
	"tcptrace/internal/testutil/netns"
	"tcptrace/report"
)

// kernelEvents are what the kernel said of an endpoint, a word for each; those without a socket have a star.
func (r *liveRun) kernelEvents(endpoint string) (states []string, last report.EventRecord) {
	r.t.Helper()
	for line := range bytes.Lines(r.events.Bytes()) {
		var e report.EventRecord
		if err := json.Unmarshal(line, &e); err != nil {
			r.t.Fatal(err)
		}
		if e.Event != "kernel" || e.Endpoint != endpoint {
			continue
		}
		if !e.Socket {
			e.State += "*"
		}
		states, last = append(states, e.State), e
	}
	return states, last
}

// needBPF skips a test where the kernel does not tell.
func needBPF(t *testing.T) {
	t.Helper()
	w, err := kernel.Open()
	if err != nil {
		t.Skip(err)
	}
	defer w.Close()
	if w.Lacks() != nil {
		t.Skip(w.Lacks())
	}
}

// TestLiveKernel: what the kernel says of an end on this host is told beside, also once all rights are given up.
func TestLiveKernel(t *testing.T) {
	t.Parallel()
	n := netns.New(t)
	needBPF(t)
	l := n.B.Listen(8000)
	before := dial(t, n, l, 0)
	r := startLive(t, n.A)
	err := withoutRights(r.cmd.Process.Pid)
	for end := time.Now().Add(10 * time.Second); err != nil && time.Now().Before(end); err = withoutRights(r.cmd.Process.Pid) {
		time.Sleep(20 * time.Millisecond)
	}
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); !strings.Contains(r.events.String(), `"event":"silent"`) && time.Now().Before(end); {
		time.Sleep(20 * time.Millisecond)
	}
	if text := r.events.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, `"endpoint":"client","state":"ESTABLISHED","socket":true,"process":{"pid":`+strconv.Itoa(os.Getpid())) {
		t.Errorf("of what is open and silent: %s", text)
	}
	send(t, before.client, before.server, 10) // it is open already
	time.Sleep(100 * time.Millisecond)
	c := dial(t, n, l, 0)
	send(t, c.client, c.server, 10)
	c.client.Close()
	time.Sleep(100 * time.Millisecond)
	c.server.Close()
	time.Sleep(1500 * time.Millisecond)
	if code := r.finish(syscall.SIGINT); code != exitInterrupted {
		t.Errorf("exit %d: %s", code, r.notes.String())
	}
	states, last := r.kernelEvents("client")
	// FIN_WAIT_2 without a socket is found by asking, and a busy machine may ask only after the peer's FIN.
	states = slices.DeleteFunc(states, func(state string) bool { return state == "FIN_WAIT_2*" })
	if want := strings.Fields("ESTABLISHED SYN_SENT ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 TIME_WAIT*"); !slices.Equal(states, want) {
		t.Errorf("the kernel says %v, want %v", states, want)
	}
	if last.Process.PID != uint32(os.Getpid()) || last.Process.Listens {
		t.Errorf("belongs to %+v", last.Process)
	}
	if states, _ := r.kernelEvents("server"); len(states) > 0 {
		t.Errorf("of the other host it says %v", states)
	}
	r.heard("1 client: SYN_SENT kernel ESTABLISHED kernel FIN_WAIT_1 kernel FIN_WAIT_2 kernel TIME_WAIT kernel",
		"1 server: LISTEN assumed SYN_RCVD sent ESTABLISHED acknowledged CLOSE_WAIT acknowledged LAST_ACK sent CLOSED assumed")
	for line := range strings.Lines(r.notes.String()) { // what the kernel does not report beside states is up to it
		if strings.Contains(line, "kernel") && !strings.Contains(line, "does not report calls of") {
			t.Error(line)
		}
	}
}

// heard checks what the last record of a stream has of its sides, and that it is of this process.
func (r *liveRun) heard(want ...string) {
	r.t.Helper()
	got := map[string]bool{}
	for line := range bytes.Lines(r.events.Bytes()) {
		var e report.EventRecord
		if err := json.Unmarshal(line, &e); err != nil || !e.Final {
			continue
		}
		if p := e.Record.Process; p.PID != uint32(os.Getpid()) || p != e.Record.Endpoints.Client.Process || e.Record.Endpoints.Server.Process.PID != 0 {
			r.t.Errorf("%d: process %+v", e.Stream, p)
		}
		for side, end := range map[string]*report.Endpoint{"client": &e.Record.Endpoints.Client, "server": &e.Record.Endpoints.Server} {
			text := fmt.Sprintf("%d %s:", e.Stream, side)
			for _, s := range end.Trajectory {
				text += " " + s.State + " " + s.Evidence
			}
			got[text] = true
		}
	}
	for _, w := range want {
		if !got[w] {
			r.t.Errorf("no %q in\n%v", w, got)
		}
	}
}

// TestLiveProcess: conversations are chosen by the process that one of their ends belongs to.
func TestLiveProcess(t *testing.T) {
	t.Parallel()
	n := netns.New(t)
	needBPF(t)
	l := n.B.Listen(8000)
	name, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		t.Fatal(err)
	}
	for where, want := range map[string]bool{fmt.Sprintf("process.name == %q", strings.TrimSpace(string(name))): true, `process.name == "nginx"`: false,
		fmt.Sprintf("either(process.pid == %d)", os.Getpid()): true, "endpoints.server.process.pid > 0": false} {
		r := startLive(t, n.A, "--where", where)
		c := dial(t, n, l, 0)
		send(t, c.client, c.server, 10)
		time.Sleep(100 * time.Millisecond)
		c.client.Close()
		time.Sleep(400 * time.Millisecond)
		r.finish(syscall.SIGINT)
		for _, event := range []string{`"state":"FIN_WAIT_1"`, `"event":"opened"`, `"state":"SYN_RCVD"`} { // also what was before its process was known
			if got := strings.Contains(r.events.String(), event); got != want {
				t.Errorf("%s, %s: %s%s", where, event, r.events.String(), r.notes.String())
			}
		}
	}
	r := startLive(t, n.A, "--by", "process,port")
	c := dial(t, n, l, 0)
	send(t, c.client, c.server, 10)
	r.finish(syscall.SIGINT)
	if want := fmt.Sprintf(`"by":{"process":%q,"port":"8000"},"conversations":1,`, strings.TrimSpace(string(name))); !strings.Contains(r.events.String(), want) {
		t.Errorf("no %s in %s%s", want, r.events.String(), r.notes.String())
	}
}

// TestLiveAsks: where the kernel does not tell, it is asked, and a process that keeps the right to see what others have open finds those of new
// connections, after live has given up its rights.
func TestLiveAsks(t *testing.T) {
	t.Parallel()
	n := netns.New(t)
	setpriv, err := exec.LookPath("setpriv")
	if err != nil {
		t.Skip(err)
	}
	l := n.B.Listen(8000)
	r := startLiveBy(t, n.A, []string{setpriv, "--bounding-set", "-bpf,-perfmon,-sys_admin"}, "--verbose")
	c := dial(t, n, l, 0)
	send(t, c.client, c.server, 10)
	owned := func() bool {
		_, last := r.kernelEvents("client")
		return last.Process.PID == uint32(os.Getpid())
	}
	for end := time.Now().Add(8 * time.Second); !owned() && time.Now().Before(end); {
		time.Sleep(50 * time.Millisecond)
	}
	looks := regexp.MustCompile(`process (\d+) looks into /proc`).FindStringSubmatch(r.notes.String())
	if looks == nil {
		t.Fatalf("no process looks into /proc: %s", r.notes.String())
	}
	status, err := os.ReadFile("/proc/" + looks[1] + "/status")
	// CAP_DAC_READ_SEARCH and CAP_SYS_PTRACE.
	for _, want := range []string{"CapPrm:\t0000000000080004", "CapEff:\t0000000000080004", "CapInh:\t0000000000000000", "NoNewPrivs:\t1"} {
		if err != nil || !strings.Contains(string(status), want) {
			t.Errorf("%v: no %q in\n%s", err, want, status)
		}
	}
	if err := withoutRights(r.cmd.Process.Pid); err != nil {
		t.Error(err)
	}
	r.finish(syscall.SIGINT)
	if states, last := r.kernelEvents("client"); !owned() || last.Process.Listens {
		t.Errorf("%v of %+v: %s", states, last.Process, r.notes.String())
	}
	if _, err := os.Stat("/proc/" + looks[1]); err == nil {
		t.Error("the process that looks into /proc is still there")
	}
}

// withoutRights reports what a process has of the rights that it gave up.
func withoutRights(pid int) error {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil || len(files) < 2 {
		return fmt.Errorf("%d threads found, %v", len(files), err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // ended since
		}
		for _, want := range []string{"CapEff:\t0000000000000000", "CapInh:\t0000000000000000", "NoNewPrivs:\t1"} {
			if !strings.Contains(string(text), want) {
				return fmt.Errorf("%s: no %q in\n%s", name, want, text)
			}
		}
	}
	return nil
}

// TestKernelOff: nothing is told that was not asked for.
func TestKernelOff(t *testing.T) {
	n := netns.New(t)
	l := n.B.Listen(8000)
	r := startLive(t, n.A, "--kernel", "off")
	c := dial(t, n, l, 0)
	send(t, c.client, c.server, 10)
	c.client.Close()
	r.finish(syscall.SIGINT)
	if states, _ := r.kernelEvents("client"); len(states) > 0 || !strings.Contains(r.events.String(), "FIN_WAIT_1") {
		t.Errorf("the kernel says %v", states)
	}
}

func TestKernelElsewhere(t *testing.T) {
	for _, args := range [][]string{{"live", "-", "--kernel", "on"}, {"live", "-i", "lo", "--kernel", "maybe"}} {
		if code, _, stderr := tcptrace(t, env{}, args...); code != exitUsage || !strings.Contains(stderr, "--kernel") {
			t.Errorf("%v: %d, %s", args, code, stderr)
		}
	}
}
