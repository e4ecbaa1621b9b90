package serve

import (
	"context"
	"net"
	"net/http"
	"slices"
	"sync"
)

// connections are those to the server, of which there are maxConnections at most: one more closes the oldest of those that wait for
// a request, so that clients that do nothing keep nobody out.
type connections struct {
	mu   sync.Mutex
	list []*connection // oldest first
}

// connection is one of them. How much it is worth keeping grows with its use.
type connection struct {
	net.Conn
	use use
}

// use is what a connection is used for.
type use uint8

const (
	waiting  use = iota // for its first or its next request
	sending             // a part of a request has come
	answered            // a handler works for it
)

// state is for [http.Server.ConnState].
func (s *connections) state(c net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.list, func(known *connection) bool { return known.Conn == c })
	switch {
	case state == http.StateNew:
		s.add(c)
	case i < 0: // it was closed here
	case state == http.StateActive:
		s.list[i].use = sending
	case state == http.StateIdle:
		s.list[i].use = waiting
	default:
		s.list = slices.Delete(s.list, i, i+1)
	}
}

// add takes a new connection, or closes it if all others are answered.
func (s *connections) add(c net.Conn) {
	if len(s.list) >= maxConnections {
		for use := waiting; ; use++ {
			if use == answered {
				c.Close()
				return
			}
			if i := slices.IndexFunc(s.list, func(known *connection) bool { return known.use == use }); i >= 0 {
				s.list[i].Close()
				s.list = slices.Delete(s.list, i, i+1)
				break
			}
		}
	}
	s.list = append(s.list, &connection{Conn: c})
}

// connKey is the key of a request's connection.
type connKey struct{}

// context is for [http.Server.ConnContext].
func (s *connections) context(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// limit lets h answer requests that are small, and keeps their connections meanwhile.
func (s *connections) limit(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.answers(r)
		switch {
		case r.ContentLength != 0:
			w.Header().Set("Connection", "close")
			http.Error(w, "a request has no body here", http.StatusRequestEntityTooLarge)
		case len(r.RequestURI) > maxURI:
			w.Header().Set("Connection", "close")
			http.Error(w, "the address is too long", http.StatusRequestURITooLong)
		default:
			h.ServeHTTP(w, r)
		}
	})
}

func (s *connections) answers(r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, known := range s.list {
		if known.Conn == r.Context().Value(connKey{}) {
			known.use = answered
		}
	}
}
