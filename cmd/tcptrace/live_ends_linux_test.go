package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tcptrace/internal/testutil/netns"
)

// TestLiveEndsBySignal: whichever signal ends it, what is open is reported, and the file is whole.
func TestLiveEndsBySignal(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGHUP} {
		t.Run(sig.String(), func(t *testing.T) {
			n := netns.New(t)
			l := n.B.Listen(8000)
			run := startLive(t, n.A)
			c := dial(t, n, l, 0)
			send(t, c.client, c.server, 1000)
			if code := run.finish(sig); code != exitInterrupted {
				t.Errorf("exit %d: %s", code, run.notes.String())
			}
			run.endsWith(t, "end", "open")
			if read := readAll(t, run.file); len(read) != 1 {
				t.Errorf("the file has %d conversations", len(read))
			}
		})
	}
}

// endsWith expects the last record of the only conversation, and a summary behind it.
func (r *liveRun) endsWith(t *testing.T, reason, outcome string) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(r.events.String()), "\n")
	if len(lines) < 2 {
		t.Fatalf("%d events; %s", len(lines), r.notes.String())
	}
	for i, want := range []string{
		`"event":"conversation",.*"final":true,"reason":"` + reason + `",.*"outcome":"` + outcome + `"`, `"event":"summary",.*"drops":0`,
	} {
		for _, part := range strings.Split(want, ".*") {
			if line := lines[len(lines)-2+i]; !strings.Contains(line, part) {
				t.Errorf("want %s in\n%s", part, line)
			}
		}
	}
}

// TestLiveLosesItsInterface: what was seen is reported, and the message says which interface it was.
func TestLiveLosesItsInterface(t *testing.T) {
	n := netns.New(t)
	l := n.B.Listen(8000)
	run := startLive(t, n.A)
	c := dial(t, n, l, 0)
	send(t, c.client, c.server, 1000)
	time.Sleep(100 * time.Millisecond)
	n.A.IP("link", "del", n.A.Device)
	_ = run.cmd.Wait()
	if code := run.cmd.ProcessState.ExitCode(); code != exitBadInput {
		t.Errorf("exit %d", code)
	}
	if notes := run.notes.String(); !strings.Contains(notes, n.A.Device+": the interface") {
		t.Errorf("it says: %s", notes)
	}
	run.endsWith(t, "end", "open")
	if read := readAll(t, run.file); len(read) != 1 {
		t.Errorf("the file has %d conversations", len(read))
	}
}

// TestLiveGivesUpRights: once it captures, it has no capability left, and can get none; it still writes and serves.
func TestLiveGivesUpRights(t *testing.T) {
	t.Parallel()
	n := netns.New(t)
	l := n.B.Listen(8000)
	run := startLive(t, n.A, "--metrics", "127.0.0.1:9310", "--rotate-count", "10", "--compress", "gzip")
	for range 5 {
		c := dial(t, n, l, 0)
		send(t, c.client, c.server, 1000)
	}
	time.Sleep(200 * time.Millisecond)
	status, err := os.ReadFile("/proc/" + strconv.Itoa(run.cmd.Process.Pid) + "/status")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(status, []byte("NoNewPrivs:\t1")) {
		t.Error("it can get privileges")
	}
	for line := range strings.Lines(string(status)) {
		set, value, _ := strings.Cut(strings.TrimSpace(line), ":\t")
		if (set == "CapPrm" || set == "CapEff" || set == "CapInh" || set == "CapAmb") && strings.Trim(value, "0") != "" {
			t.Errorf("%s is %s", set, value)
		}
	}
	if body := scrape(t, n.A, "127.0.0.1:9310"); !strings.Contains(body, "tcptrace_connections_opened_total 5") {
		t.Errorf("metrics:\n%s", body)
	}
	if code := run.finish(os.Interrupt); code != exitInterrupted {
		t.Errorf("exit %d: %s", code, run.notes.String())
	}
	if notes := run.notes.String(); strings.Contains(notes, "could not") || !strings.Contains(notes, " files") {
		t.Errorf("it says: %s", notes)
	}
}

// scrape gets the metrics that are served on h.
func scrape(t *testing.T, h *netns.Host, addr string) (body string) {
	t.Helper()
	h.Do(func() { // only this goroutine is on the host: the client must not connect in its own
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Error(err)
			return
		}
		client := http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return conn, nil }}}
		r, err := client.Get("http://" + addr + "/metrics")
		if err != nil {
			t.Error(err)
			return
		}
		defer r.Body.Close()
		text, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		body = string(text)
	})
	return body
}

// TestLiveUnderFlood: SYNs from everywhere fill the flow table. Connections that were established are followed to
// their end, and the summary says what was evicted.
func TestLiveUnderFlood(t *testing.T) {
	const room = 2000
	flood := 60_000
	if testing.Short() {
		flood /= 4
	}
	n := netns.New(t)
	l := n.B.Listen(8000)
	run := startLive(t, n.A, "--max-flows", strconv.Itoa(room), "--buffer", "256MiB")
	var open []conn
	for range 20 {
		c := dial(t, n, l, 0)
		send(t, c.client, c.server, 100)
		open = append(open, c)
	}
	n.A.Do(func() { sendSYNs(t, n.A.Device, flood) })
	time.Sleep(time.Second)
	for _, c := range open {
		send(t, c.client, c.server, 100)
		c.client.Close()
		c.server.Close()
	}
	if code := run.finish(os.Interrupt); code != exitInterrupted {
		t.Errorf("exit %d: %s", code, run.notes.String())
	}
	if strings.Contains(run.notes.String(), "the output is not whole") {
		t.Skip("the machine was too slow to take what is written at the end")
	}
	closed, evicted, kept := 0, uint64(0), 0
	in := bufio.NewScanner(&run.events)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var e struct {
			Event, Reason string
			Record        struct{ Outcome string }
			Summary       struct{ Evicted, Drops uint64 }
		}
		if err := json.Unmarshal(in.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		switch {
		case e.Event == "conversation" && e.Record.Outcome == "closed":
			closed++
		case e.Event == "conversation" && e.Reason == "end":
			kept++
		case e.Event == "summary":
			evicted = e.Summary.Evicted
			if e.Summary.Drops > 0 {
				t.Skipf("the machine was too slow: %d packets dropped", e.Summary.Drops)
			}
		}
	}
	if closed != len(open) {
		t.Errorf("%d of %d connections were followed to their end", closed, len(open))
	}
	if evicted != uint64(flood+len(open)-room) {
		t.Errorf("%d evicted of %d, with room for %d", evicted, flood+len(open), room)
	}
	if !strings.Contains(run.notes.String(), "flow table") {
		t.Errorf("it says: %s", run.notes.String())
	}
}

// TestLiveEndsFull: a signal ends it while it waits for what takes no more of its events.
func TestLiveEndsFull(t *testing.T) {
	t.Parallel()
	n := netns.New(t)
	dir := t.TempDir()
	cmd := n.A.Command("tcptrace", "live", "-i", n.A.Device, "--format", "ndjson", "-w", filepath.Join(dir, "live.pcapng"))
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var notes bytes.Buffer
	cmd.Stdout, cmd.Stderr = w, &notes
	err = cmd.Start()
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }()
	full := func() bool {
		queued, err := unix.IoctlGetInt(int(r.Fd()), unix.TIOCINQ)
		return err == nil && queued >= 32<<10 // of 64: what comes next no longer fits
	}
	for limit := time.Now().Add(time.Minute); !full(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("it does not fill the pipe: %s", notes.String())
		}
		n.A.Do(func() { sendSYNs(t, n.A.Device, 1000) })
	}
	endsSoon(t, cmd, unix.SIGTERM, 2*signalSlack(t))
	if !strings.Contains(notes.String(), "the output is not whole") {
		t.Errorf("it says: %s", notes.String())
	}
}

// sendSYNs sends n SYNs from as many sources out of an interface, to nobody.
func sendSYNs(t *testing.T, device string, n int) {
	link, err := net.InterfaceByName(device)
	if err != nil {
		t.Error(err)
		return
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
	if err != nil {
		t.Error(err)
		return
	}
	defer unix.Close(fd)
	frame := make([]byte, 54)
	copy(frame, []byte{2, 0, 0, 0, 0, 0x66, 2, 0, 0, 0, 0, 0x67, 8, 0, 0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6})
	copy(frame[30:], []byte{198, 51, 100, 1}) // RFC 5737
	binary.BigEndian.PutUint16(frame[36:], 80)
	frame[46], frame[47], frame[48] = 5<<4, 2, 0xff
	for i := range n {
		binary.BigEndian.PutUint32(frame[26:], 10<<24|uint32(i))
		binary.BigEndian.PutUint16(frame[34:], uint16(1024+i%60000))
		binary.BigEndian.PutUint32(frame[38:], uint32(i)*2654435761)
		if err := unix.Sendto(fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: link.Index, Halen: 6}); err != nil {
			t.Error(err)
			return
		}
	}
}
