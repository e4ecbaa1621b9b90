package metrics

import (
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"tcptrace/internal/live/serve"
)

// maxScrapes is how many there are at a time; more wait.
const maxScrapes = 4

// stalledAfter is for how long the loop may show nothing, which it does several times a second.
const stalledAfter = 5 * time.Second

// Start serves /metrics and /healthz at addr, as package serve takes it.
func (m *Metrics) Start(addr string) (*serve.Server, error) { return serve.Start(addr, m.Handler()) }

// Handler answers requests for /metrics and /healthz.
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", m.health)
	return serve.Whole(maxScrapes, mux)
}

// health says whether the loop goes on.
func (m *Metrics) health(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if reason := m.trouble(); reason != "" {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, reason)
		return
	}
	fmt.Fprintln(w, "ok")
}

// trouble is why the loop does not go on; empty if it does.
func (m *Metrics) trouble() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch silent := m.wall().Sub(m.flushed); {
	case m.ended:
		return "the capture has ended"
	case silent > stalledAfter:
		return fmt.Sprintf("the analysis has stood still for %d s", int(silent.Seconds()))
	}
	return ""
}
