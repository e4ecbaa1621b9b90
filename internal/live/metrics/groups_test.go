package metrics

import (
	"net/netip"
	"strconv"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/analyzer/host"
	"tcptrace/internal/live"
)

func TestParseServices(t *testing.T) {
	for _, text := range []string{"", "0", "65536", "other", "*.", "a.*.b", "**.a", "\xff"} {
		if _, err := ParseServices([]string{text}); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
	for _, text := range []string{"1", "65535", "www.example.org", "*.example.org", "db-1"} {
		if _, err := ParseServices([]string{text}); err != nil {
			t.Error(err)
		}
	}
	var many []string
	for n := range mostServices {
		many = append(many, strconv.Itoa(1+n))
	}
	if _, err := ParseServices(many); err != nil {
		t.Error(err)
	}
	if _, err := ParseServices(append(many, "9999")); err == nil {
		t.Error("more than there may be are taken")
	}
}

// TestServiceOf: a name goes before what it is below, and that before the port.
func TestServiceOf(t *testing.T) {
	s, err := ParseServices([]string{"443", "www.example.org", "*.example.org", "*.org"})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		port uint16
		want string
	}{
		{"www.example.org", 80, "www.example.org"},
		{"WWW.EXAMPLE.ORG", 80, "www.example.org"},
		{"a.www.example.org", 80, "*.example.org"},
		{"example.org", 443, "*.org"},
		{"org", 443, "443"},
		{"www.example.com", 443, "443"},
		{"www.example.com", 444, "other"},
		{"", 443, "443"},
		{"", 80, "other"},
	} {
		c := analyzer.Conversation{}
		c.Addr[analyzer.Server] = netip.AddrPortFrom(netip.MustParseAddr("10.0.0.1"), test.port)
		c.Names[analyzer.Server].Text = test.name
		if got := s.of(&c); got != test.want {
			t.Errorf("%s:%d is %s, want %s", test.name, test.port, got, test.want)
		}
	}
}

// TestServices: what is counted of services is all there is, and each conversation once.
func TestServices(t *testing.T) {
	s, err := ParseServices([]string{"443", "www.example.org"})
	if err != nil {
		t.Fatal(err)
	}
	m, _ := observed(t, "../../../testdata/pcaps/showcase.pcap", Options{Services: s}, live.Options{}, func(*Metrics, *live.Loop) {})
	for _, test := range []struct {
		name   string
		labels []string
		want   float64
	}{
		{"tcptrace_service_connections_ended_total", nil, 6},
		{"tcptrace_service_connections_ended_total", []string{"reset", "443"}, 1},
		{"tcptrace_service_connections_ended_total", []string{"unanswered", "443"}, 1},
		{"tcptrace_service_connections_ended_total", []string{"closed", "www.example.org"}, 1},
		{"tcptrace_service_connections_ended_total", []string{"refused", "other"}, 1},
		{"tcptrace_service_anomalies_total", []string{"443", "error"}, 1},
		{"tcptrace_service_retransmitted_packets_total", []string{"443"}, 2},
		{"tcptrace_service_payload_bytes_total", []string{"client", "www.example.org"}, 79},
		{"tcptrace_service_payload_bytes_total", []string{"server", "www.example.org"}, 1000},
	} {
		if got := value(t, m, test.name, test.labels...); got != test.want {
			t.Errorf("%s of %v is %v, want %v", test.name, test.labels, got, test.want)
		}
	}
}

func TestParseProcesses(t *testing.T) {
	for _, text := range []string{"", "other", "\xff", "0123456789abcdef"} {
		if _, err := ParseProcesses([]string{text}); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
	if p, err := ParseProcesses([]string{"nginx", "0123456789abcde"}); err != nil || len(p) != 2 {
		t.Error(p, err)
	}
	if p, err := ParseProcesses(nil); err != nil || len(p) != 0 {
		t.Error(p, err)
	}
	if _, err := ParseProcesses(make([]string, mostServices+1)); err == nil {
		t.Error("more than there may be are taken")
	}
}

// TestProcessOf: a connection is of the process of its end on this host, of two the server's, if that is named.
func TestProcessOf(t *testing.T) {
	p := Processes{"nginx": true, "curl": true}
	end := func(name string) *host.End { return &host.End{Process: host.Process{PID: 1, Name: name}} }
	for _, test := range []struct {
		client, server *host.End
		want           string
	}{
		{nil, nil, "other"},
		{end("curl"), nil, "curl"},
		{nil, end("nginx"), "nginx"},
		{end("curl"), end("nginx"), "nginx"},
		{end("curl"), &host.End{}, "curl"},
		{end("wget"), nil, "other"},
	} {
		c := analyzer.Conversation{Hosts: [2]*host.End{test.client, test.server}}
		if got := p.of(&c); got != test.want {
			t.Errorf("%v, %v: %s, want %s", test.client, test.server, got, test.want)
		}
	}
}

// TestProcesses: connections whose process is not known are others.
func TestProcesses(t *testing.T) {
	m, _ := observed(t, "../../../testdata/pcaps/showcase.pcap", Options{Processes: Processes{"nginx": true}}, live.Options{}, func(*Metrics, *live.Loop) {})
	for label, want := range map[string]float64{"nginx": 0, "other": 1} {
		if got := value(t, m, "tcptrace_process_connections_ended_total", "closed", label); got != want {
			t.Errorf("%v closed connections of %s, want %v", got, label, want)
		}
	}
}

// TestOverflow: what a listening socket dropped is counted by its port and its process, if these are named.
func TestOverflow(t *testing.T) {
	services, err := ParseServices([]string{"443", "www.example.org"})
	if err != nil {
		t.Fatal(err)
	}
	m, _ := observed(t, "../../../testdata/pcaps/showcase.pcap", Options{Services: services, Processes: Processes{"nginx": true}}, live.Options{}, func(m *Metrics, _ *live.Loop) {
		m.Overflow(443, "nginx", 2)
		m.Overflow(80, "nginx", 3)
		m.Overflow(443, "", 4)
	})
	for label, want := range map[string]float64{"443": 6, "www.example.org": 0, "other": 3} {
		if got := value(t, m, "tcptrace_service_accept_queue_drops_total", label); got != want {
			t.Errorf("%v drops of service %s, want %v", got, label, want)
		}
	}
	for label, want := range map[string]float64{"nginx": 5, "other": 4} {
		if got := value(t, m, "tcptrace_process_accept_queue_drops_total", label); got != want {
			t.Errorf("%v drops of process %s, want %v", got, label, want)
		}
	}
}
