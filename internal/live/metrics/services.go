package metrics

import (
	"fmt"
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

// byService is what is counted of a service.
type byService struct {
	ended     [analyzer.NumOutcomes]prometheus.Counter
	anomalies [analyzer.SeverityError + 1]prometheus.Counter
	resent    prometheus.Counter
	bytes     [2]prometheus.Counter
	handshake prometheus.Observer
}

// countServices makes the series of services, each at 0.
func (m *Metrics) countServices() {
	if m.opts.Services == nil {
		return
	}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help + " Counted at the end of a connection."}, append([]string{"service"}, labels...))
		m.registry.MustRegister(v)
		return v
	}
	ended := counter("tcptrace_service_connections_ended_total", "Connections to a service that are not followed any longer, by how they went.", "outcome")
	anomalies := counter("tcptrace_service_anomalies_total", "Anomalies of connections to a service.", "severity")
	resent := counter("tcptrace_service_retransmitted_packets_total", "Segments that either endpoint of a connection to a service sent again.")
	bytes := counter("tcptrace_service_payload_bytes_total", "Payload that an endpoint sent.", "endpoint")
	handshake := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "tcptrace_service_handshake_seconds", Help: "As tcptrace_handshake_seconds, of a service.", Buckets: buckets,
	}, []string{"service"})
	m.registry.MustRegister(handshake)
	m.services = map[string]*byService{}
	for _, label := range m.opts.Services.labels() {
		s := &byService{resent: resent.WithLabelValues(label), handshake: handshake.WithLabelValues(label)}
		for o := range s.ended {
			s.ended[o] = ended.WithLabelValues(label, analyzer.Outcome(o).String())
		}
		for v := range s.anomalies {
			s.anomalies[v] = anomalies.WithLabelValues(label, analyzer.Severity(v).String())
		}
		for side := range s.bytes {
			s.bytes[side] = bytes.WithLabelValues(label, analyzer.Side(side).String())
		}
		m.services[label] = s
	}
}

// over counts a conversation that is over with those of its service.
func (s *byService) over(e *analyzer.Event) {
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
