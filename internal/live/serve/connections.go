package serve

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"slices"
	"sync"
)

// connections are those to the server, of which there are maxConnections at most: one more closes the oldest of those that wait for
// a request, else are slow to send one or to take the answer, so that clients that do nothing, or too much, keep nobody out.
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
	taking              // the answer is there, and it takes it
	asking              // the request is there, and waits for its turn
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

// add takes a new connection, or closes it if a handler works for each of the others.
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

// ours is a connection, and where it is kept.
type ours struct {
	net.Conn
	among *connections
}

// context is for [http.Server.ConnContext].
func (s *connections) context(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, ours{c, s})
}

// limit lets h answer requests that are as small as those of a probe, and keeps their connections meanwhile.
func (s *connections) limit(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		uses(r, answered)
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

// Whole lets h answer so many requests at a time; more wait. An answer is whole before the first byte of it is sent, so that no client that
// is slow to take it has others wait.
func Whole(atATime int, h http.Handler) http.Handler {
	places := make(chan struct{}, atATime)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		uses(r, asking)
		select {
		case places <- struct{}{}:
		case <-r.Context().Done():
			return
		}
		uses(r, answered)
		whole := answer{ResponseWriter: w, status: http.StatusOK}
		func() {
			defer func() { <-places }()
			h.ServeHTTP(&whole, r)
		}()
		uses(r, taking)
		w.WriteHeader(whole.status)
		w.Write(whole.body.Bytes())
	})
}

// answer is what a handler writes, until it is sent.
type answer struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// WriteHeader and Write are those of [http.ResponseWriter].
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }

// uses notes what the connection of a request is used for.
func uses(r *http.Request, use use) {
	c, ok := r.Context().Value(connKey{}).(ours)
	if !ok {
		return // it came to a handler of a test
	}
	c.among.mu.Lock()
	defer c.among.mu.Unlock()
	for _, known := range c.among.list {
		if known.Conn == c.Conn {
			known.use = use
		}
	}
}
