package metrics

import (
	"strings"
	"testing"
	"time"

	"tcptrace/fsm"
	"tcptrace/internal/live"
)

// TestHost: what the kernel says is counted where it is asked, under the names that the user gave; where it is not asked there are no series.
func TestHost(t *testing.T) {
	services, err := ParseServices([]string{"443", "www.example.org"})
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Services: services, Processes: Processes{"nginx": true}}
	said := Host{Queues: []Queue{{443, "nginx", 3, 10}, {443, "nginx", 2, 4}, {80, "nginx", 1, 128}, {22, "sshd", 0, 128}, {23, "telnetd", 1, 0}}}
	said.Silent[fsm.CloseWait] = 2
	asked := 0
	o.Host = func() Host { asked++; return said }
	m, _ := observed(t, "../../../testdata/pcaps/showcase.pcap", o, live.Options{}, nil)
	m.Cookies(7, 5, 2)
	m.Cookies(1, 0, 0)
	now := time.Now()
	m.asked = now
	if m.host(now.Add(hostEvery - 1)); asked != 1 {
		t.Errorf("asked %d times within a second", asked)
	}
	if m.now.host = m.host(now.Add(hostEvery)); asked != 2 {
		t.Errorf("asked %d times", asked)
	}
	for _, c := range []struct {
		name  string
		label []string
		want  float64
	}{
		{"tcptrace_service_accept_queue_length", []string{"443"}, 2}, {"tcptrace_service_accept_queue_limit", []string{"443"}, 4},
		{"tcptrace_service_accept_queue_length", []string{"other"}, 1}, {"tcptrace_service_accept_queue_limit", []string{"other"}, 0},
		{"tcptrace_service_accept_queue_limit", []string{"www.example.org"}, 0},
		{"tcptrace_process_accept_queue_limit", []string{"nginx"}, 4}, {"tcptrace_process_accept_queue_length", []string{"other"}, 1},
		{"tcptrace_silent_endpoints", []string{"CLOSE_WAIT"}, 2}, {"tcptrace_silent_endpoints", []string{"ESTABLISHED"}, 0},
		{"tcptrace_syn_cookies_total", []string{"sent"}, 8}, {"tcptrace_syn_cookies_total", []string{"accepted"}, 5}, {"tcptrace_syn_cookies_total", []string{"refused"}, 2},
	} {
		if got := value(t, m, c.name, c.label...); got != c.want {
			t.Errorf("%s of %v is %v, want %v", c.name, c.label, got, c.want)
		}
	}
	said.Queues = nil // nobody listens any more
	if m.host(now.Add(3 * hostEvery)); value(t, m, "tcptrace_service_accept_queue_limit", "443") != 0 {
		t.Error("a socket that is closed still listens")
	}

	o.Host = nil
	m, _ = observed(t, "../../../testdata/pcaps/showcase.pcap", o, live.Options{}, nil)
	m.Cookies(7, 5, 2)
	for _, name := range []string{"_accept_queue_length", "silent_endpoints", "syn_cookies"} {
		if text := ours(t, m); strings.Contains(text, name) {
			t.Errorf("%s, though the kernel is not asked", name)
		}
	}
}

// TestFuller: of two queues the one is fuller that is nearer to its limit; one without a limit has room for one.
func TestFuller(t *testing.T) {
	for _, c := range []struct {
		a, b Queue
		want bool
	}{
		{Queue{Length: 5, Limit: 9}, Queue{Length: 4, Limit: 9}, true}, {Queue{Length: 5, Limit: 9}, Queue{Length: 5, Limit: 9}, false},
		{Queue{Length: 1, Limit: 0}, Queue{Length: 128, Limit: 128}, true}, {Queue{Length: 0, Limit: 0}, Queue{Length: 1, Limit: 1 << 31}, false},
		{Queue{Length: 1 << 31, Limit: 1 << 31}, Queue{Length: 1<<31 - 1, Limit: 1 << 31}, true},
	} {
		if got := c.a.fuller(&c.b); got != c.want {
			t.Errorf("%+v, %+v: %v", c.a, c.b, got)
		}
	}
}
