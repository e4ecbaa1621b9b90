package view

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/analyzer/host"
	"tcptrace/fsm"
	"tcptrace/internal/live/kernel"
)

// TestKernel: what the kernel says of an end on this host has columns, which are not there where it says nothing.
func TestKernel(t *testing.T) {
	for _, here := range []bool{true, false} {
		ask := func(c *analyzer.Conversation, side analyzer.Side) (kernel.Endpoint, bool) {
			if !here || side != analyzer.Client || c.Addr[side].String() != "10.0.0.1:40000" {
				return kernel.Endpoint{}, false
			}
			return kernel.Endpoint{State: fsm.LastAck, Process: host.Process{PID: 77, Name: "own\x1b[2J"}}, true
		}
		s := newStage(t, "showcase", Options{Kernel: ask})
		s.packets(28)
		s.size(400, 50)
		text := s.text()
		for _, want := range []string{"client's kernel", "server's kernel", "LAST_ACK*", "own?[2J[77]"} {
			if strings.Contains(text, want) != here {
				t.Errorf("here %v, %q:\n%s", here, want, text)
			}
		}
		const ofKernel = 3
		if n := len(shownColumns(s.m.rows)); n != len(columns) && here || n != len(columns)-ofKernel && !here {
			t.Errorf("here %v: %d of %d columns", here, n, len(columns))
		}
		seen := map[int]bool{}
		for range columns {
			s.keys(">")
			seen[s.m.sort] = true
		}
		if len(seen) != len(shownColumns(s.m.rows)) {
			t.Errorf("here %v: sorted by %d columns", here, len(seen))
		}
	}
}

// TestProcessGrows: the column of processes has the room that is left, up to what is in it.
func TestProcessGrows(t *testing.T) {
	long := "aaaaaaaaaaaaaaa[4000001] bbbbbbbbbbbbbbb[4000002]"
	ask := func(_ *analyzer.Conversation, side analyzer.Side) (kernel.Endpoint, bool) {
		p := []host.Process{{PID: 4000001, Name: "aaaaaaaaaaaaaaa"}, {PID: 4000002, Name: "bbbbbbbbbbbbbbb"}}[side]
		return kernel.Endpoint{State: fsm.Established, Process: p}, true
	}
	for width, want := range map[int]bool{400: true, 80: false} {
		s := newStage(t, "showcase", Options{Kernel: ask})
		s.packets(28)
		s.size(width, 50)
		for !strings.Contains(s.text(), "process") {
			s.keys("tab")
		}
		if got := strings.Contains(s.text(), long); got != want {
			t.Errorf("%d columns: whole %t\n%s", width, got, s.text())
		}
		for _, line := range strings.Split(s.text(), "\n") {
			if n := len([]rune(line)); n > width {
				t.Errorf("%d columns in %d: %s", n, width, line)
			}
		}
	}
	rows := []*row{{kernel: [2]kernel.Endpoint{{Process: host.Process{PID: 4000001, Name: "aaaaaaaaaaaaaaa"}}, {Process: host.Process{PID: 4000002, Name: "bbbbbbbbbbbbbbb"}}}}}
	process := slices.IndexFunc(columns, func(c column) bool { return c.head == "process" })
	more := len(long) - columns[process].width
	for room, want := range map[int]int{-1: 0, 0: 0, 1: 1, more: more, more + 1: more} {
		if got := widen(process, rows, room); got != want {
			t.Errorf("%d columns more of %d, want %d", got, room, want)
		}
	}
	if got := widen(colClient, rows, 9); got != 0 {
		t.Errorf("another column grows by %d", got)
	}
}

// TestProcessIsSeen: where there is room for it the process is on the first page, before what matters less; where there is not, the first page is as it would
// be without, and the process begins the next one.
func TestProcessIsSeen(t *testing.T) {
	ask := func(_ *analyzer.Conversation, side analyzer.Side) (kernel.Endpoint, bool) {
		return kernel.Endpoint{State: fsm.Established, Process: host.Process{PID: 1234, Name: "nginx"}}, side == analyzer.Server
	}
	for width, want := range map[int][]string{
		80: {"client is", "server is", "B/s"}, 91: {"client is", "server is", "B/s"},
		92: {"client is", "server is", "B/s", "process"}, 108: {"client is", "server is", "B/s", "process", "RTT", "resent"},
		128: {"client is", "server is", "B/s", "process", "RTT", "resent"}, 129: {"client is", "server is", "B/s", "process", "RTT", "resent", "worst anomaly"},
	} {
		s := newStage(t, "showcase", Options{Kernel: ask})
		s.packets(28)
		s.size(width, 30)
		heads := func() (list []string) {
			for _, col := range s.m.layout.cols[numNaming:] {
				list = append(list, columns[col].head)
			}
			return list
		}
		if got := heads(); !slices.Equal(got, want) {
			t.Errorf("%d columns: %q, want %q", width, got, want)
		}
		if slices.Contains(want, "process") != strings.Contains(s.text(), "nginx[1234]") {
			t.Errorf("%d columns:\n%s", width, s.text())
		}
		if s.keys("tab"); width < 92 && heads()[0] != "process" {
			t.Errorf("%d columns: the next page is %q", width, heads())
		}
	}
}

func TestKernelText(t *testing.T) {
	r := &row{kernel: [2]kernel.Endpoint{
		{State: fsm.Established, Socket: true, Process: host.Process{PID: 1, Name: "a"}},
		{State: fsm.TimeWait, Process: host.Process{PID: 2, Name: "b"}},
	}}
	if got := kernelText(analyzer.Client)(r) + " " + kernelText(analyzer.Server)(r) + " " + r.processes(); got != "ESTABLISHED TIME_WAIT* a[1] b[2]" {
		t.Error(got)
	}
	r.kernel[analyzer.Server] = r.kernel[analyzer.Client]
	if got := r.processes(); got != "a[1]" {
		t.Errorf("of one process: %s", got)
	}
	r.kernel[analyzer.Server] = kernel.Endpoint{}
	r.c.Hosts[analyzer.Server] = &host.End{Process: host.Process{PID: 3, Name: "c", Listens: true}}
	if got := r.processes(); got != "a[1] c[3]" {
		t.Errorf("what the record alone has: %s", got)
	}
	r.c.Hosts[analyzer.Client] = &host.End{Process: host.Process{PID: 4, Name: "d"}}
	if got := r.processes(); got != "d[4] c[3]" {
		t.Errorf("what the record has otherwise: %s", got)
	}
}

// TestSilent: a connection without packets has a row that stays selected, is found by conditions, and says why it has no ladder; once one comes it is a
// conversation like any other.
func TestSilent(t *testing.T) {
	var silent []*analyzer.Conversation
	for n := range 2 {
		c := &analyzer.Conversation{}
		c.Stream = firstSilent + uint64(n)
		c.Addr = [2]netip.AddrPort{netip.MustParseAddrPort("10.9.9.9:1000"), netip.AddrPortFrom(netip.MustParseAddr("10.9.9.8"), uint16(7000+n))}
		c.Hosts[analyzer.Client] = &host.End{Words: []host.Word{{State: fsm.CloseWait, Time: 1, Found: true}}, All: true, Process: host.Process{PID: 7, Name: "own"}}
		silent = append(silent, c)
	}
	s := newStage(t, "showcase", Options{Silent: func() []*analyzer.Conversation { return silent }})
	s.packets(28)
	s.size(300, 50)
	s.keys("/")
	s.keys(strings.Split(`process.name == "own"`, "")...)
	s.keys("enter", "down")
	if text := s.text(); strings.Count(text, "CLOSE_WAIT") != 2 || strings.Contains(text, "10.0.0.1") || s.m.selected != silent[1].Stream {
		t.Errorf("selected %d:\n%s", s.m.selected, text)
	}
	if text := s.text(); !strings.Contains(text, " of 6 · 2 silent · ") {
		t.Errorf("they are not counted:\n%s", text)
	}
	silent = silent[1:]
	s.keys("enter")
	if text := s.text(); !strings.Contains(text, noPackets) {
		t.Errorf("no word of it:\n%s", text)
	}
	s.keys("esc")
	if text := s.text(); strings.Count(text, "CLOSE_WAIT") != 1 {
		t.Errorf("one is heard of now:\n%s", text)
	}
	if silent = nil; s.status(t) != "" {
		t.Errorf("none is silent: %s", s.status(t))
	}
}

// status is what the status line says of silent connections.
func (s *stage) status(t *testing.T) string {
	t.Helper()
	s.do(s.m.sample())
	return strings.Join(slices.DeleteFunc(strings.Split(s.m.statusText(), " · "), func(part string) bool { return !strings.HasSuffix(part, "silent") }), "")
}
