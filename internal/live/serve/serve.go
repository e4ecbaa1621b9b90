// Package serve is an HTTP server that runs beside a live analysis on a network that may be hostile: on loopback unless an address is given, with
// bounds on connections, requests and times.
//
// Not its job: what is served.
package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"
)

// Bounds of a server.
const (
	maxConnections = 64
	maxHeader      = 8 << 10 // bytes of all headers of a request, beside 4 KiB that net/http adds
	maxURI         = 1 << 10 // bytes
	readTimeout    = 5 * time.Second
	writeTimeout   = 15 * time.Second // unless a handler sets another deadline
	idleTimeout    = 90 * time.Second // longer than it is between two scrapes, mostly
	closeTimeout   = time.Second
)

// Server serves until it is closed.
type Server struct {
	http  http.Server
	addr  net.Addr
	ended chan error
}

// Start serves what h answers at addr: HOST:PORT, or :PORT for the loopback address only.
func Start(addr string, h http.Handler) (*Server, error) {
	ln, err := listen(addr)
	if err != nil {
		return nil, err
	}
	all := &connections{}
	s := &Server{
		http: http.Server{
			Handler: all.limit(h), ConnState: all.state, ConnContext: all.context,
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
		return nil, fmt.Errorf("%q is not an address, such as :9310 or 0.0.0.0:9310", addr)
	}
	network := "tcp"
	if host == "" {
		host = "127.0.0.1"
	} else if host == "0.0.0.0" {
		network = "tcp4" // else it would be all addresses of IPv6, too
	}
	ln, err := net.Listen(network, net.JoinHostPort(host, port))
	if err != nil {
		return nil, plainly(addr, host, port, err)
	}
	return ln, nil
}

// plainly is why nothing can listen at addr, in words of people.
func plainly(addr, host, port string, err error) error {
	var dns *net.DNSError
	var bad *net.AddrError
	var call *os.SyscallError
	switch {
	case errors.As(err, &dns) && dns.Name == host:
		return fmt.Errorf("%s: there is no host %s", addr, host)
	case errors.As(err, &dns), errors.As(err, &bad):
		return fmt.Errorf("%s: there is no port %s: it is a number up to 65535", addr, port)
	case errors.As(err, &call):
		return fmt.Errorf("%s: %w", addr, call.Err)
	}
	return err
}

// Addr is where it serves.
func (s *Server) Addr() net.Addr { return s.addr }

// Port is where it serves; of nil it is 0.
func (s *Server) Port() uint16 {
	if s == nil {
		return 0
	}
	return s.addr.(*net.TCPAddr).AddrPort().Port() // listen makes no other
}

// Close lets answers that are under way end, for a moment, and returns why it ended before, if it did.
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
