package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

// moment is what is read of at a scrape.
type moment struct {
	snapshot
	clock analyzer.Time // of the capture, by now; valid with runs
	runs  bool
}

// emit takes a sample, with a value for each label.
type emit func(value float64, labels ...string)

// family is a metric that is read from a copy of what the loop counts.
type family struct {
	name, help string
	kind       prometheus.ValueType
	labels     []string
	read       func(s *moment, emit emit)
}

// total is a counter without labels.
func total(name, help string, value func(s *moment) uint64) family {
	return family{name, help, prometheus.CounterValue, nil, func(s *moment, emit emit) { emit(float64(value(s))) }}
}

// level is a gauge without labels.
func level(name, help string, value func(s *moment) int) family {
	return family{name, help, prometheus.GaugeValue, nil, func(s *moment, emit emit) { emit(float64(value(s))) }}
}

var families = []family{
	{
		"tcptrace_connections", "Connections that are followed, by the state of each of their endpoints: the sum for an endpoint is all of them.",
		prometheus.GaugeValue, []string{"endpoint", "state"}, readStates,
	},
	{
		"tcptrace_connections_ended_total", "Connections that are not followed any longer, by how they went: after a close 2 MSL later, when nothing more can come. " +
			"Those that were let go before they ended are open, closing or half-open.",
		prometheus.CounterValue, []string{"outcome"}, readOutcomes,
	},
	{
		"tcptrace_retransmissions_total", "Segments sent again, by what made their sender do so, counted as they come.",
		prometheus.CounterValue, []string{"cause"}, readRetransmissions,
	},
	level("tcptrace_flow_table_entries", "Connections in the flow table, with those that wait for stragglers after their end.", func(s *moment) int { return s.open }),
	level("tcptrace_flow_table_capacity", "Connections that the flow table holds at most.", func(s *moment) int { return s.bound }),
	total("tcptrace_flows_evicted_total", "Connections that were let go because the flow table was full.", func(s *moment) uint64 { return s.summary.Evicted }),
	total("tcptrace_flows_timed_out_total", "Connections that were let go because they were silent for too long.", func(s *moment) uint64 { return s.summary.TimedOut }),
	total("tcptrace_flows_released_early_total", "Closed connections that were let go before stragglers could come, because too many waited.", func(s *moment) uint64 { return s.summary.ReleasedEarly }),
	{
		"tcptrace_left_out_total", "What did not fit into a bound, by the bound: packets, words of the kernel, segments, bytes; docs/live.md says which. " +
			"The bounds of the flow table have series of their own.",
		prometheus.CounterValue, []string{"bound"}, readLeftOut,
	},
	total("tcptrace_packets_total", "Packets that were read from the capture.", func(s *moment) uint64 { return s.summary.Packets }),
	total("tcptrace_bytes_total", "Lengths of the packets on the wire.", func(s *moment) uint64 { return s.summary.Bytes }),
	total("tcptrace_tcp_packets_total", "Packets that belong to a connection.", func(s *moment) uint64 { return s.summary.TCP }),
	total("tcptrace_filtered_packets_total", "Packets that the filter left out after they had been captured.", func(s *moment) uint64 { return s.summary.Filtered }),
	{
		"tcptrace_not_analyzed_packets_total", "Packets that are not TCP, or of which that cannot be read, by the reason.",
		prometheus.CounterValue, []string{"reason"}, readNotAnalyzed,
	},
	{
		"tcptrace_received_packets_total", "Packets that the capture got from an interface.",
		prometheus.CounterValue, []string{"interface"}, readReceived,
	},
	{
		"tcptrace_dropped_packets_total", "Packets that the capture lost: at the kernel, whose buffer was full, or at the interface itself.",
		prometheus.CounterValue, []string{"interface", "at"}, readDropped,
	},
	{
		"tcptrace_silent_endpoints", "Endpoints on this host of connections of which no packet has come, open at the start or in SYN_SENT for a second, by the state in which the kernel has them. " +
			"Absent if it is not asked.",
		prometheus.GaugeValue, []string{"state"}, readSilent,
	},
	{
		"tcptrace_capture_lag_seconds", "How far the analysis is behind the packets. Absent if they do not come as they happen.",
		prometheus.GaugeValue, nil, readLag,
	},
}

func readStates(s *moment, emit emit) {
	for side := range s.states {
		for state, n := range s.states[side] {
			emit(float64(n), analyzer.Side(side).String(), fsm.State(state).String())
		}
	}
}

func readOutcomes(s *moment, emit emit) {
	for outcome, n := range s.summary.Outcomes {
		emit(float64(n), analyzer.Outcome(outcome).String())
	}
}

func readRetransmissions(s *moment, emit emit) {
	for cause := analyzer.CauseNone + 1; cause < analyzer.NumCauses; cause++ {
		emit(float64(s.retransmissions[cause]), cause.String())
	}
}

func readNotAnalyzed(s *moment, emit emit) {
	counts := map[string]uint64{}
	for _, n := range s.summary.NotAnalyzed() {
		counts[n.Reason] = n.Packets
	}
	for v := wire.TCP + 1; v < wire.NumVerdicts; v++ {
		emit(float64(counts[v.String()]), v.String())
	}
}

func readReceived(s *moment, emit emit) {
	for _, i := range s.interfaces {
		emit(float64(i.Received), i.Name)
	}
}

func readDropped(s *moment, emit emit) {
	for _, i := range s.interfaces {
		emit(float64(i.Dropped), i.Name, "kernel")
		emit(float64(i.Missed), i.Name, "interface")
	}
}

func readLag(s *moment, emit emit) {
	if s.runs {
		emit(max(0, s.clock.Sub(s.time).Seconds()))
	}
}

// collector reads the families of a Metrics.
type collector struct {
	m     *Metrics
	descs []*prometheus.Desc // of families
}

func (m *Metrics) collector() prometheus.Collector {
	c := &collector{m: m}
	for i := range families {
		f := &families[i]
		c.descs = append(c.descs, prometheus.NewDesc(f.name, f.help, f.labels, nil))
	}
	return c
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		descs <- d
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(samples chan<- prometheus.Metric) {
	s := c.m.moment()
	for i := range families {
		families[i].read(&s, func(value float64, labels ...string) {
			samples <- prometheus.MustNewConstMetric(c.descs[i], families[i].kind, value, labels...)
		})
	}
}

// moment is the last copy of what the loop counts.
func (m *Metrics) moment() moment {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := moment{snapshot: m.now}
	if m.opts.Clock != nil && !m.ended && m.now.time != 0 {
		s.clock, s.runs = m.opts.Clock(), true
	}
	return s
}
