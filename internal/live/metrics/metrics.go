// Package metrics counts what a live analysis finds, for Prometheus, and serves it with the state of the analysis
// over HTTP.
//
// Events are counted as they are reported; everything else is copied from time to time by the goroutine of the loop, so that a
// scrape neither waits for the analysis nor delays it. No label has a value that comes from a packet:
// the number of series is fixed, except for the interfaces, services and processes that the user names.
//
// Not its job: deciding anything about TCP, or keeping a history.
package metrics

import (
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/internal/live"
)

// Options say what is counted.
type Options struct {
	Loop    *live.Loop
	Capture func() []Interface // packets of each interface so far, in a slice of its own; called by the loop's goroutine; nil: not known
	LeftOut func() Counts      // what did not fit, of what is not the analyzer's; likewise; nil: nothing
	Host    func() Host        // what this host's kernel says; likewise; nil: it is not asked
	// Services are the servers that have series of their own; nil: none.
	Services *Services
	// Processes are those that have series of their own.
	Processes Processes
	Clock     func() analyzer.Time // of the capture, as in live.Options; nil: packets do not come as they happen
}

// Interface is how many packets of an interface came, or did not.
type Interface struct {
	Name     string
	Received uint64
	Dropped  uint64 // lost by the kernel, whose buffer was full
	Missed   uint64 // lost by the interface or its driver
}

// copyEvery is how old a copy may be when it is replaced: a scrape gets what was so at most that long ago.
const copyEvery = 100 * time.Millisecond

// Metrics observes a loop.
type Metrics struct {
	opts     Options
	registry *prometheus.Registry
	wall     func() time.Time

	// Of the loop's goroutine.
	retold bool // what comes next was counted: client and server were the other way round
	copied time.Time
	asked  time.Time // when Options.Host was
	said   *Host     // by it, last; nil: nothing yet

	opened      prometheus.Counter
	anomalies   map[*analyzer.AnomalyKind]prometheus.Counter
	corrections [analyzer.NumEventKinds]prometheus.Counter
	rtt         [2]prometheus.Observer
	handshake   prometheus.Histogram
	groups      []grouped
	cookies     []prometheus.Counter // as cookieEvents; none: the kernel is not asked

	mu      sync.Mutex
	now     snapshot
	flushed time.Time // when the loop last showed that it goes on
	ended   bool
}

// snapshot is a copy of what the loop counts.
type snapshot struct {
	time            analyzer.Time
	summary         analyzer.Summary
	states          [2][fsm.NumStates]uint64
	open, bound     int
	retransmissions [analyzer.NumCauses]uint64
	interfaces      []Interface
	leftOut         Counts
	host            *Host // nil: not known
}

// New returns metrics of o.Loop, which must not run yet.
func New(o Options) *Metrics {
	m := &Metrics{opts: o, registry: prometheus.NewRegistry(), wall: time.Now, flushed: time.Now()}
	m.registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), m.collector(),
	)
	m.count()
	m.now.bound = o.Loop.Monitor().Bound()
	o.Loop.OnEvent(m.event)
	o.Loop.OnFlush(m.flush)
	return m
}

// buckets are from 10 µs, a round trip within a host, to 10 s, after which few clients still wait.
var buckets = []float64{
	10e-6, 25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
}

// count makes what counts events. Every series is there from the beginning, at 0, so that the first increase shows as one.
func (m *Metrics) count() {
	m.opened = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "tcptrace_connections_opened_total",
		Help: "Connections of which the first packet came, be it in the middle of one.",
	})
	anomalies := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "tcptrace_anomalies_total",
		Help: "Anomalies told, by their ids in the catalogue. Those taken back later are counted all the same: see tcptrace_corrections_total. " +
			"They are told, and counted, again when client and server turn out to be the other way round.",
	}, []string{"id", "severity"})
	m.anomalies = map[*analyzer.AnomalyKind]prometheus.Counter{}
	for _, section := range analyzer.Catalogue() {
		for _, kind := range section.Kinds {
			for _, s := range []analyzer.Severity{analyzer.SeverityNote, analyzer.SeverityWarning, analyzer.SeverityError} {
				kind := kind.As(s)
				m.anomalies[kind] = anomalies.WithLabelValues(kind.ID, kind.Severity.String())
			}
		}
	}
	corrections := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "tcptrace_corrections_total",
		Help: "What was told and is taken back since later packets disprove it, by what it was. " +
			"Of \"opened\": client and server were the other way round.",
	}, []string{"of"})
	for kind := range analyzer.EventCorrection {
		m.corrections[kind] = corrections.WithLabelValues(kind.String())
	}
	rtt := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "tcptrace_rtt_seconds",
		Help: "Mean round trip time of a connection, from a segment of this endpoint to its acknowledgment, both as they pass the tap. " +
			"Observed once for each connection, at its end.",
		Buckets: buckets,
	}, []string{"endpoint"})
	for side := range m.rtt {
		m.rtt[side] = rtt.WithLabelValues(analyzer.Side(side).String())
	}
	m.handshake = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "tcptrace_handshake_seconds",
		Help: "Time from the first SYN to the acknowledgment of the SYN-ACK, retries included, as they pass the tap. " +
			"Observed once for each connection whose handshake was seen, at its end.",
		Buckets: buckets,
	})
	m.registry.MustRegister(m.opened, anomalies, corrections, rtt, m.handshake)
	m.countGroups()
	m.countHost()
}

// event takes an event of the loop.
func (m *Metrics) event(e *analyzer.Event) {
	switch e.Kind {
	case analyzer.EventOpened:
		if !m.retold {
			m.opened.Inc()
		}
		m.retold = false
	case analyzer.EventAnomaly:
		m.anomalies[e.Anomaly.Kind].Inc()
	case analyzer.EventCorrection:
		m.corrections[e.Correction.Of].Inc()
		m.retold = e.Correction.Of == analyzer.EventOpened // which is told at once
	case analyzer.EventConversation:
		if e.Over != analyzer.NotOver {
			m.over(e)
		}
	}
}

// over observes what is known of a connection at its end.
func (m *Metrics) over(e *analyzer.Event) {
	for side := range m.rtt {
		if rtt := &e.Conversation.Sent[side].RTT; rtt.Samples > 0 {
			m.rtt[side].Observe(rtt.Avg.Seconds())
		}
	}
	if took, ok := opening(e); ok {
		m.handshake.Observe(took)
	}
	for _, g := range m.groups {
		g.by[g.of(e.Conversation)].over(e)
	}
}

// entered is when the packet passed that took an endpoint into a state for the first time.
func entered(j *analyzer.Judgment, side analyzer.Side, state fsm.State) (analyzer.Time, bool) {
	for i := range j.Trajectory[side] {
		if s := &j.Trajectory[side][i]; s.State == state {
			return s.Time, true
		}
	}
	return 0, false
}

// flush is the end of a batch.
func (m *Metrics) flush(now analyzer.Time) {
	wall := m.wall()
	if wall.Sub(m.copied) < copyEvery {
		return
	}
	m.copied = wall
	monitor := m.opts.Loop.Monitor()
	s := snapshot{
		time: now, summary: m.opts.Loop.Summary(), states: *monitor.States(), open: monitor.Open(), bound: monitor.Bound(),
		retransmissions: *monitor.Retransmissions(), interfaces: m.interfaces(), leftOut: m.leftOut(), host: m.host(wall),
	}
	m.mu.Lock()
	m.now, m.flushed = s, wall
	m.mu.Unlock()
}

// interfaces are those of the capture. What is in a name is up to who made the interface.
func (m *Metrics) interfaces() []Interface {
	if m.opts.Capture == nil {
		return nil
	}
	list := m.opts.Capture()
	for i := range list {
		list[i].Name = strings.ToValidUTF8(list[i].Name, "\ufffd")
	}
	return list
}

// Finish tells that the loop has ended, with its summary. What is told then is final.
func (m *Metrics) Finish(sum *analyzer.Summary) {
	monitor := m.opts.Loop.Monitor()
	s := snapshot{
		time: sum.End, summary: *sum, bound: monitor.Bound(), retransmissions: *monitor.Retransmissions(), interfaces: m.interfaces(), leftOut: m.leftOut(),
	}
	m.mu.Lock()
	m.now, m.ended = s, true
	m.mu.Unlock()
}
