package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tcptrace/internal/testutil/netns"
	"tcptrace/report"
)

// liveRun is tcptrace live on a host of a test network.
type liveRun struct {
	t      *testing.T
	cmd    *exec.Cmd
	events bytes.Buffer
	notes  bytes.Buffer
	file   string // the packets it captured
}

// startLive captures on h until finish, or until it ends by itself.
func startLive(t *testing.T, h *netns.Host, args ...string) *liveRun {
	t.Helper()
	return startLiveBy(t, h, nil, args...)
}

// startLiveBy is startLive by a command that runs another.
func startLiveBy(t *testing.T, h *netns.Host, by []string, args ...string) *liveRun {
	t.Helper()
	r := &liveRun{t: t, file: filepath.Join(t.TempDir(), "live.pcapng")}
	if i := slices.Index(args, "-w"); i >= 0 {
		r.file = args[i+1]
	}
	args = append([]string{"tcptrace", "live", "-i", h.Device, "--format", "ndjson", "-w", r.file}, args...)
	args = append(slices.Clip(by), args...)
	r.cmd = h.Command(args[0], args[1:]...)
	r.cmd.Stdout, r.cmd.Stderr = &r.events, &r.notes
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.cmd.Process.Kill() })
	begun := func() bool { // a file is made when the capture is open
		files, err := filepath.Glob(filepath.Join(filepath.Dir(r.file), "*"))
		return err == nil && len(files) > 0
	}
	for limit := time.Now().Add(30 * time.Second); !begun(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("no capture begins: %s", r.notes.String())
		}
	}
	time.Sleep(200 * time.Millisecond)
	return r
}

// finish interrupts the capture and returns how it exited.
func (r *liveRun) finish(sig os.Signal) int {
	r.t.Helper()
	time.Sleep(300 * time.Millisecond)
	if err := r.cmd.Process.Signal(sig); err != nil {
		r.t.Fatal(err)
	}
	_ = r.cmd.Wait()
	return r.cmd.ProcessState.ExitCode()
}

// conn is both ends of a connection from A to B.
type conn struct{ client, server socket }

// A socket sends its FIN when it is closed, and not only when a program that was started at that moment, and has all files of this one
// until it runs, lets go of it.
type socket struct{ *net.TCPConn }

func (s socket) Close() error {
	_ = s.CloseWrite()
	return s.TCPConn.Close()
}

// dial connects from A, from a port of its choice unless that is 0, to B.
func dial(t *testing.T, n *netns.Net, l *net.TCPListener, port int) conn {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{Port: port}, Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1) })
	}}
	var c conn
	n.A.Do(func() {
		one, err := d.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Error(err)
			return
		}
		c.client = socket{one.(*net.TCPConn)}
	})
	server, err := l.AcceptTCP()
	if err != nil || t.Failed() {
		t.Fatal(err)
	}
	c.server = socket{server}
	t.Cleanup(func() { c.client.Close(); c.server.Close() }) // and not as soon as nobody uses them: what is garbage is closed
	return c
}

func send(t *testing.T, from, to socket, n int) {
	t.Helper()
	if _, err := from.Write(make([]byte, n)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(to, make([]byte, n)); err != nil {
		t.Fatal(err)
	}
}

// liveScenarios are what real endpoints do to each other.
var liveScenarios = []struct {
	name    string
	play    func(t *testing.T, n *netns.Net, l *net.TCPListener)
	states  [2]string // of the last conversation's client and server, "" if that is a matter of luck
	anomaly string    // that it must have
}{
	{"the client closes", func(t *testing.T, n *netns.Net, l *net.TCPListener) {
		c := dial(t, n, l, 0)
		send(t, c.client, c.server, 3000)
		c.client.Close()
		time.Sleep(50 * time.Millisecond)
		c.server.Close()
	}, [2]string{"TIME_WAIT", "CLOSED"}, ""},
	{"the server closes", func(t *testing.T, n *netns.Net, l *net.TCPListener) {
		c := dial(t, n, l, 0)
		send(t, c.server, c.client, 3000)
		c.server.Close()
		time.Sleep(50 * time.Millisecond)
		c.client.Close()
	}, [2]string{"CLOSED", "TIME_WAIT"}, ""},
	{"both close at once", func(t *testing.T, n *netns.Net, l *net.TCPListener) {
		c := dial(t, n, l, 0)
		send(t, c.client, c.server, 10)
		// What either sends to a wrong hardware address is lost.
		n.A.IP("neigh", "replace", n.B.IPv4.String(), "lladdr", "02:00:00:00:00:66", "dev", n.A.Device)
		n.B.IP("neigh", "replace", n.A.IPv4.String(), "lladdr", "02:00:00:00:00:66", "dev", n.B.Device)
		c.client.Close()
		c.server.Close()
		time.Sleep(50 * time.Millisecond)
		n.A.IP("neigh", "flush", "all")
		n.B.IP("neigh", "flush", "all")
		n.A.IP("neigh", "del", n.B.IPv4.String(), "dev", n.A.Device)
		n.B.IP("neigh", "del", n.A.IPv4.String(), "dev", n.B.Device)
		time.Sleep(900 * time.Millisecond)
	}, [2]string{}, "fin-retransmit"},
	{"half closed", func(t *testing.T, n *netns.Net, l *net.TCPListener) {
		c := dial(t, n, l, 0)
		send(t, c.client, c.server, 100)
		if err := c.client.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
		send(t, c.server, c.client, 5000)
		c.server.Close()
		time.Sleep(50 * time.Millisecond)
		c.client.Close()
	}, [2]string{"TIME_WAIT", "CLOSED"}, "half-close"},
	{"refused", func(t *testing.T, n *netns.Net, _ *net.TCPListener) {
		n.A.Do(func() {
			if _, err := net.Dial("tcp", net.JoinHostPort(n.B.IPv4.String(), "9")); err == nil {
				t.Error("somebody listens")
			}
		})
	}, [2]string{"CLOSED", "CLOSED"}, "connection-refused"},
	{"the server holds CLOSE_WAIT", func(t *testing.T, n *netns.Net, l *net.TCPListener) {
		c := dial(t, n, l, 0)
		send(t, c.client, c.server, 100)
		c.client.Close()
		time.Sleep(1500 * time.Millisecond)
		n.A.Do(func() { // a file ends with its last packet
			if u, err := net.Dial("udp", net.JoinHostPort(n.B.IPv4.String(), "9")); err == nil {
				_, _ = u.Write([]byte("later"))
				u.Close()
			}
		})
	}, [2]string{"FIN_WAIT_2", "CLOSE_WAIT"}, "close-wait-lingering"},
	{"written after the close", func(t *testing.T, n *netns.Net, l *net.TCPListener) {
		c := dial(t, n, l, 0)
		send(t, c.client, c.server, 100)
		c.client.Close()
		time.Sleep(50 * time.Millisecond)
		if _, err := c.server.Write(make([]byte, 100)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
	}, [2]string{"CLOSED", "CLOSED"}, "write-after-close"},
	{"a port used again", func(t *testing.T, n *netns.Net, l *net.TCPListener) {
		for range 2 {
			c := dial(t, n, l, 45678)
			send(t, c.client, c.server, 100)
			c.server.Close()
			time.Sleep(50 * time.Millisecond)
			c.client.Close()
			time.Sleep(50 * time.Millisecond)
		}
	}, [2]string{"CLOSED", "TIME_WAIT"}, "port-reused"},
}

// TestLiveEqualsFile: of real connections, what a listener to the events of a live capture believes at the end is what the
// analysis of the packets says that it wrote.
func TestLiveEqualsFile(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("-short: it takes seconds")
	}
	for _, s := range liveScenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel() // on hosts of its own, and mostly it waits
			n := netns.New(t)
			l := n.B.Listen(8000)
			run := startLive(t, n.A, "--kernel", "off") // which knows more than a file
			s.play(t, n, l)
			if code := run.finish(os.Interrupt); code != exitInterrupted {
				t.Errorf("exit %d: %s", code, run.notes.String())
			}
			heard := hearAll(t, run.events.Bytes())
			read := readAll(t, run.file)
			if len(read) == 0 || len(heard) != len(read) {
				t.Fatalf("heard of %d conversations, the file has %d", len(heard), len(read))
			}
			for stream, want := range read {
				if got := heard[stream]; !slices.Equal(got, want) {
					t.Errorf("stream %d: heard\n%s\nthe file has\n%s", stream, strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
			}
			last := strings.Join(read[uint64(len(read)-1)], "\n")
			for side, state := range s.states {
				if want := fmt.Sprintf("%s at the end: %s", []string{"client", "server"}[side], state); state != "" && !strings.Contains(last, want) {
					t.Errorf("want %s in\n%s", want, last)
				}
			}
			if !strings.Contains(last, s.anomaly) {
				t.Errorf("want %s in\n%s", s.anomaly, last)
			}
		})
	}
}

// event is what the test wants to know of an event record.
type event struct {
	Event, Endpoint, State, Of, Outcome string
	Stream, Frame                       uint64
	Final                               bool
	Anomaly                             *report.AnomalyRecord
	Told                                struct {
		Endpoint, State, ID string
		Frame               uint64
	}
	Record *report.Record
}

// hearAll applies all events, and returns by stream what they leave to believe, sorted.
func hearAll(t *testing.T, events []byte) map[uint64][]string {
	t.Helper()
	beliefs, final := map[uint64][]string{}, map[uint64][]string{}
	in := bufio.NewScanner(bytes.NewReader(events))
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var e event
		if err := json.Unmarshal(in.Bytes(), &e); err != nil {
			t.Fatalf("%v: %s", err, in.Text())
		}
		b := beliefs[e.Stream]
		switch e.Event {
		case "state":
			b = append(b, fmt.Sprint(e.Endpoint, " ", e.State, " frame ", e.Frame))
		case "anomaly":
			b = append(b, fmt.Sprint(e.Anomaly.Endpoint, " ", e.Anomaly.ID, " frame ", e.Anomaly.Frame))
		case "correction":
			told := fmt.Sprint(e.Told.Endpoint, " ", e.Told.State, e.Told.ID, " frame ", e.Told.Frame)
			switch i := slices.Index(b, told); {
			case e.Of == "closed":
			case e.Of == "opened":
				b = nil
			case i < 0:
				t.Errorf("taken back, but never told: %s", in.Text())
			default:
				b = slices.Delete(b, i, i+1)
			}
		case "conversation":
			if e.Final {
				final[e.Stream] = summed(e.Record, b)
			}
		}
		beliefs[e.Stream] = b
	}
	return final
}

// readAll is the same of the analysis of a file.
func readAll(t *testing.T, file string) map[uint64][]string {
	t.Helper()
	out, err := exec.Command("tcptrace", file, "--format", "ndjson").Output()
	if err != nil {
		t.Fatal(err)
	}
	all := map[uint64][]string{}
	for line := range bytes.Lines(out) {
		var r report.Record
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		var b []string
		for side, e := range map[string]*report.Endpoint{"client": &r.Endpoints.Client, "server": &r.Endpoints.Server} {
			for _, s := range e.Trajectory {
				b = append(b, fmt.Sprint(side, " ", s.State, " frame ", s.Frame))
			}
		}
		for _, a := range r.Anomalies {
			b = append(b, fmt.Sprint(a.Endpoint, " ", a.ID, " frame ", a.Frame))
		}
		all[r.Stream] = summed(&r, b)
	}
	return all
}

func summed(r *report.Record, b []string) []string {
	b = append(b, fmt.Sprint("client ", r.Client, " server ", r.Server, " ", r.Outcome, " packets ", r.Packets),
		"client at the end: "+r.Endpoints.Client.State, "server at the end: "+r.Endpoints.Server.State)
	slices.Sort(b)
	return b
}
