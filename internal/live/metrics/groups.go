package metrics

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"tcptrace/analyzer"
	"tcptrace/fsm"
)

// Services are the servers that have series of their own: ports and names. What is not among them is counted as other, so that no packet makes a
// series.
type Services struct {
	ports map[uint16]string
	names map[string]string
}

// mostServices bounds the series.
const mostServices = 256

// ParseServices takes ports and names of servers as they are written: 443, www.example.org, *.example.org for all names below it.
func ParseServices(list []string) (*Services, error) {
	if len(list) == 0 {
		return nil, nil
	}
	if len(list) > mostServices {
		return nil, fmt.Errorf("%d services: there are at most %d", len(list), mostServices)
	}
	s := &Services{map[uint16]string{}, map[string]string{}}
	for _, text := range list {
		port, err := strconv.ParseUint(text, 10, 16)
		switch name := strings.ToLower(strings.TrimSuffix(text, ".")); {
		case err == nil && port > 0:
			s.ports[uint16(port)] = text
		case err == nil || name == "" || name == otherService || strings.Trim(name, "0123456789") == "" || !utf8.ValidString(text) || strings.Contains(strings.TrimPrefix(name, "*."), "*"):
			return nil, fmt.Errorf("%q is neither a port, a name nor *.NAME", text)
		default:
			s.names[name] = name
		}
	}
	return s, nil
}

const otherService = "other"

// of is the label of a conversation: its server's name, what that is below, or its port.
func (s *Services) of(c *analyzer.Conversation) string {
	name := strings.ToLower(c.Names[analyzer.Server].Text)
	if label, ok := s.names[name]; ok && name != "" {
		return label
	}
	for rest := name; ; {
		_, below, ok := strings.Cut(rest, ".")
		if !ok {
			break
		}
		if label, ok := s.names["*."+below]; ok {
			return label
		}
		rest = below
	}
	if label, ok := s.ports[c.Addr[analyzer.Server].Port()]; ok {
		return label
	}
	return otherService
}

// labels are all that of returns.
func (s *Services) labels() []string {
	list := []string{otherService}
	for _, label := range s.ports {
		list = append(list, label)
	}
	for _, label := range s.names {
		list = append(list, label)
	}
	return list
}

// Processes are the names of processes that have series of their own. All others are counted as other.
type Processes map[string]bool

// ParseProcesses takes names of processes, as a kernel has them.
func ParseProcesses(list []string) (Processes, error) {
	if len(list) > mostServices {
		return nil, fmt.Errorf("%d processes: there are at most %d", len(list), mostServices)
	}
	p := Processes{}
	for _, name := range list {
		if name == "" || name == otherService || len(name) > longestProcess || !utf8.ValidString(name) {
			return nil, fmt.Errorf("%q is not the name of a process: the kernel keeps its first %d bytes", name, longestProcess)
		}
		p[name] = true
	}
	return p, nil
}

// longestProcess is how many bytes of a process's name the kernel keeps.
const longestProcess = 15

// of is the label of a conversation: the name of the process it belongs to.
func (p Processes) of(c *analyzer.Conversation) string {
	if end := c.Owner(); end != nil && p[end.Process.Name] {
		return end.Process.Name
	}
	return otherService
}

func (p Processes) labels() []string { return append(slices.Collect(maps.Keys(p)), otherService) }

// group is what tells connections apart that are counted apart.
type group interface {
	of(*analyzer.Conversation) string // the label of one
	labels() []string                 // all that of returns
	listener(port uint16, process string) string
}

// grouped is what is counted by the labels of a group.
type grouped struct {
	group
	by map[string]*counted
}

// counted is what is counted under one label.
type counted struct {
	ended     [analyzer.NumOutcomes]prometheus.Counter
	anomalies [analyzer.SeverityError + 1]prometheus.Counter
	resent    prometheus.Counter
	bytes     [2]prometheus.Counter
	handshake prometheus.Observer
	overflow  prometheus.Counter

	queue, limit prometheus.Gauge
}

// countGroups makes the series of services and of processes, each at 0.
func (m *Metrics) countGroups() {
	if m.opts.Services != nil {
		m.countGroup("service", "to a service", m.opts.Services)
	}
	if len(m.opts.Processes) > 0 {
		m.countGroup("process", "of a process of this host", m.opts.Processes)
	}
}

func (m *Metrics) countGroup(name, whose string, g group) {
	prefix := "tcptrace_" + name + "_"
	counter := func(what, help string, labels ...string) *prometheus.CounterVec {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: prefix + what, Help: help + " Counted at the end of a connection."}, append([]string{name}, labels...))
		m.registry.MustRegister(v)
		return v
	}
	ended := counter("connections_ended_total", "Connections "+whose+" that are not followed any longer, by how they went.", "outcome")
	anomalies := counter("anomalies_total", "Anomalies of connections "+whose+".", "severity")
	resent := counter("retransmitted_packets_total", "Segments that either endpoint of a connection "+whose+" sent again.")
	bytes := counter("payload_bytes_total", "Payload that an endpoint sent.", "endpoint")
	overflow := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: prefix + "accept_queue_drops_total",
		Help: "SYNs and ACKs of handshakes that listening sockets of this host dropped, since too many connections waited for accept(), as its kernel says.",
	}, []string{name})
	m.registry.MustRegister(overflow)
	handshake := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: prefix + "handshake_seconds", Help: "As tcptrace_handshake_seconds, of connections " + whose + ".", Buckets: buckets,
	}, []string{name})
	m.registry.MustRegister(handshake)
	gauge := func(what, help string) *prometheus.GaugeVec {
		v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: prefix + what, Help: help}, []string{name})
		if m.opts.Host != nil {
			m.registry.MustRegister(v)
		}
		return v
	}
	queue := gauge("accept_queue_length", "Connections that wait for accept() at a listening socket of this host, as its kernel says: of several the one that is nearest to its limit.")
	limit := gauge("accept_queue_limit", "How many may wait there (the backlog). Linux lets one more wait.")
	all := grouped{g, map[string]*counted{}}
	for _, label := range g.labels() {
		s := &counted{resent: resent.WithLabelValues(label), handshake: handshake.WithLabelValues(label), overflow: overflow.WithLabelValues(label),
			queue: queue.WithLabelValues(label), limit: limit.WithLabelValues(label)}
		for o := range s.ended {
			s.ended[o] = ended.WithLabelValues(label, analyzer.Outcome(o).String())
		}
		for v := range s.anomalies {
			s.anomalies[v] = anomalies.WithLabelValues(label, analyzer.Severity(v).String())
		}
		for side := range s.bytes {
			s.bytes[side] = bytes.WithLabelValues(label, analyzer.Side(side).String())
		}
		all.by[label] = s
	}
	m.groups = append(m.groups, all)
}

// Overflow counts what a listening socket of this host dropped since it had no room: SYNs, and ACKs of handshakes. It may be called from any goroutine.
func (m *Metrics) Overflow(port uint16, process string, dropped uint32) {
	for _, g := range m.groups {
		g.by[g.listener(port, process)].overflow.Add(float64(dropped))
	}
}

// listener is the label of a socket that listens at a port: that of the port, as names are of connections.
func (s *Services) listener(port uint16, _ string) string {
	if label, ok := s.ports[port]; ok {
		return label
	}
	return otherService
}

func (p Processes) listener(_ uint16, process string) string {
	if p[process] {
		return process
	}
	return otherService
}

// over counts a conversation that is over with those of its label.
func (s *counted) over(e *analyzer.Event) {
	s.ended[e.Conversation.Outcome].Inc()
	for i := range e.Judgment.Anomalies {
		s.anomalies[e.Judgment.Anomalies[i].Kind.Severity].Inc()
	}
	for side := range s.bytes {
		sent := &e.Conversation.Sent[side]
		s.bytes[side].Add(float64(sent.PayloadBytes))
		s.resent.Add(float64(sent.Retransmitted()))
	}
	if took, ok := opening(e); ok {
		s.handshake.Observe(took)
	}
}

// opening is how long a handshake took that was seen whole, in seconds.
func opening(e *analyzer.Event) (seconds float64, ok bool) {
	const whole = analyzer.SawSYN | analyzer.SawSYNACK | analyzer.SawACK
	if e.Conversation.Completeness&whole != whole {
		return 0, false
	}
	dialed, ok := entered(e.Judgment, analyzer.Client, fsm.SynSent)
	accepted, also := entered(e.Judgment, analyzer.Server, fsm.Established)
	return accepted.Sub(dialed).Seconds(), ok && also
}
