package metrics

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Bounds of the server, which may be open to a network.
const (
	maxConnections = 64
	maxScrapes     = 4       // at a time; more wait
	maxHeader      = 8 << 10 // bytes of all headers of a request, beside 4 KiB that net/http adds
	maxURI         = 1 << 10 // bytes
	readTimeout    = 5 * time.Second
	writeTimeout   = 15 * time.Second
	idleTimeout    = 90 * time.Second // longer than it is between two scrapes, mostly
	closeTimeout   = time.Second
)

// stalledAfter is for how long the loop may show nothing, which it does several times a second.
const stalledAfter = 5 * time.Second

// Server serves metrics until it is closed.
type Server struct {
	http  http.Server
	addr  net.Addr
	ended chan error
}

// Start serves /metrics and /healthz at addr: HOST:PORT, or :PORT for the loopback address only.
func (m *Metrics) Start(addr string) (*Server, error) {
	ln, err := listen(addr)
	if err != nil {
		return nil, err
	}
	all := &connections{}
	s := &Server{
		http: http.Server{
			Handler: all.limit(m.Handler()), ConnState: all.state, ConnContext: all.context,
			ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		},
		addr:  ln.Addr(),
		ended: make(chan error, 1),
	}
	go func() { s.ended <- s.http.Serve(ln) }()
	return s, nil
}

// listen listens at addr, and on the network only if addr says so.
func listen(addr string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("%q is no address, such as :9310 or 0.0.0.0:9310: %w", addr, err)
	}
	network := "tcp"
	if host == "" {
		host = "127.0.0.1"
	} else if host == "0.0.0.0" {
		network = "tcp4" // else it would be all addresses of IPv6, too
	}
	return net.Listen(network, net.JoinHostPort(host, port))
}

// Addr is where it serves.
func (s *Server) Addr() net.Addr { return s.addr }

// Close lets scrapes that are under way end, for a moment, and returns why it ended before, if it did.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if s.http.Shutdown(ctx) != nil {
		s.http.Close()
	}
	if err := <-s.ended; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Handler answers requests for /metrics and /healthz.
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", m.health)
	return mux
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
