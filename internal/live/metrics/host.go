package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tcptrace/fsm"
)

// Host is what this host's kernel says beside conversations, as of its last poll.
type Host struct {
	Silent [fsm.NumStates]uint64 // ends of connections without packets, by their states
	Queues []Queue
}

// Queue is what waits at a listening socket for its process.
type Queue struct {
	Port          uint16
	Process       string
	Length, Limit uint32
}

// fuller reports whether q is nearer to its limit than another: with a limit of n, n+1 may wait.
func (q *Queue) fuller(than *Queue) bool {
	return uint64(q.Length)*(uint64(than.Limit)+1) > uint64(than.Length)*(uint64(q.Limit)+1)
}

// hostEvery is how often that is asked for: the kernel is polled once a second.
const hostEvery = time.Second

// cookieEvents are what becomes of SYN cookies.
var cookieEvents = []string{"sent", "accepted", "refused"}

// countHost makes the series of what the kernel says, where it is asked.
func (m *Metrics) countHost() {
	if m.opts.Host == nil {
		return
	}
	cookies := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "tcptrace_syn_cookies_total",
		Help: "SYN cookies of this host, as its kernel counts them: sent for want of room for a SYN, accepted when they came back, and refused: ACKs without a valid one.",
	}, []string{"event"})
	m.registry.MustRegister(cookies)
	for _, event := range cookieEvents {
		m.cookies = append(m.cookies, cookies.WithLabelValues(event))
	}
}

// Cookies counts SYN cookies. It may be called from any goroutine.
func (m *Metrics) Cookies(sent, accepted, refused uint64) {
	for i, n := range []uint64{sent, accepted, refused} {
		if i < len(m.cookies) {
			m.cookies[i].Add(float64(n))
		}
	}
}

// host asks for what the kernel says, now and then.
func (m *Metrics) host(wall time.Time) *Host {
	if m.opts.Host == nil || wall.Sub(m.asked) < hostEvery {
		return m.said
	}
	m.asked = wall
	said := m.opts.Host()
	m.said = &said
	for _, g := range m.groups {
		fullest := map[string]*Queue{}
		for i := range said.Queues {
			q := &said.Queues[i]
			if label := g.listener(q.Port, q.Process); fullest[label] == nil || q.fuller(fullest[label]) {
				fullest[label] = q
			}
		}
		for label, of := range g.by {
			q := fullest[label]
			if q == nil {
				q = &Queue{}
			}
			of.queue.Set(float64(q.Length))
			of.limit.Set(float64(q.Limit))
		}
	}
	return m.said
}

func readSilent(s *moment, emit emit) {
	if s.host == nil {
		return
	}
	for state, n := range s.host.Silent {
		emit(float64(n), fsm.State(state).String())
	}
}
