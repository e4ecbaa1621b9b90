package web

import (
	"crypto/subtle"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

const (
	mostClients  = 8 // that are sent events
	sendTimeout  = 10 * time.Second
	silence      = 15 * time.Second // after which a client is sent a comment: whether it is there still shows then
	tooMany      = "too many look at this page already\n"
	notHere      = "not here: the address of the page, which tcptrace has printed, has a token in it\n"
	wrongOrigin  = "the page asks this server by itself, no other does\n"
	wrongName    = "this server does not go by that name: use the address that tcptrace has printed, or give --web the name\n"
	wrongMethod  = "there is nothing but to be read here\n"
	noSuchStream = "a stream is a number\n"
)

// ServeHTTP is for [http.Handler]. Nothing of the capture is in what it answers to those who do not have the token. The name that the server is
// called by is looked at first: a page elsewhere can have its own name lead here (DNS rebinding).
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.harden(w.Header())
	token, rest, isBelow := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch {
	case !s.goesBy(r.Host):
		refuse(w, http.StatusForbidden, wrongName)
	case !sameOrigin(r):
		refuse(w, http.StatusForbidden, wrongOrigin)
	case r.Method != http.MethodGet:
		w.Header().Set("Allow", http.MethodGet)
		refuse(w, http.StatusMethodNotAllowed, wrongMethod)
	case subtle.ConstantTimeCompare([]byte(token), []byte(s.token)) != 1:
		refuse(w, http.StatusNotFound, notHere)
	case !isBelow:
		http.Redirect(w, r, "/"+s.token+"/", http.StatusMovedPermanently)
	case rest == "":
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(s.shell) // who is gone gets nothing
	case rest == "events":
		s.events(w, r)
	default:
		refuse(w, http.StatusNotFound, notHere)
	}
}

func refuse(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text))
}

// harden says what a browser is not to do with what it gets.
func (s *Server) harden(h http.Header) {
	h.Set("Content-Security-Policy", s.policy+"; frame-ancestors 'none'")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
}

// goesBy reports whether a request may call the server by a name: an address of it, or the name that it was told to listen at. A port may be another
// one, which is forwarded.
func (s *Server) goesBy(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	if s.name != "" && strings.EqualFold(name, s.name) {
		return true
	}
	isLocal := s.addr.IsLoopback() || s.addr.IsUnspecified()
	if strings.EqualFold(name, "localhost") {
		return isLocal
	}
	addr, err := netip.ParseAddr(strings.Trim(name, "[]"))
	if err != nil {
		return false
	}
	addr = addr.Unmap()
	return addr == s.addr || s.addr.IsUnspecified() || isLocal && addr.IsLoopback()
}

// sameOrigin reports whether a request comes from the page itself, or from no page at all.
func sameOrigin(r *http.Request) bool {
	for _, origin := range r.Header.Values("Origin") {
		if !strings.EqualFold(origin, "http://"+r.Host) {
			return false
		}
	}
	return true
}

// client is one that is sent events.
type client struct {
	wants  bool   // a conversation:
	stream uint64 // its number
	since  uint64 // the first making of data that knows of it
}

// events sends the latest until the client is gone, or too slow, or nothing will change any more.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	c := &client{}
	if text := r.URL.Query().Get("stream"); text != "" {
		var err error
		if c.stream, err = strconv.ParseUint(text, 10, 64); err != nil {
			refuse(w, http.StatusBadRequest, noSuchStream)
			return
		}
		c.wants = true
	}
	if !s.admit(c) {
		w.Header().Set("Retry-After", "5")
		refuse(w, http.StatusServiceUnavailable, tooMany)
		return
	}
	defer s.leave(c)
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // nothing more is to come
	w.Header().Set("Content-Type", "text/event-stream")
	var overview, detail []byte // that were sent
	for {
		now, news := s.latest()
		if now.made >= c.since {
			_ = control.SetWriteDeadline(time.Now().Add(s.timeout))
			next := now.details[c.stream]
			if !c.wants {
				next = nil
			}
			if send(w, "capture", &overview, now.overview) != nil || send(w, "conversation", &detail, next) != nil {
				return
			}
			if now.over {
				_, _ = fmt.Fprint(w, "event: end\ndata: {}\n\n")
				return
			}
			if control.Flush() != nil {
				return
			}
		}
		select {
		case <-news:
		case <-time.After(silence):
			_ = control.SetWriteDeadline(time.Now().Add(s.timeout))
			if _, err := fmt.Fprint(w, ": still here\n\n"); err != nil || control.Flush() != nil {
				return
			}
		case <-r.Context().Done():
			return
		case <-s.done:
			return
		}
	}
}

// send sends data, which is one line, unless it is what was sent before.
func send(w http.ResponseWriter, event string, before *[]byte, data []byte) error {
	if len(data) == 0 || len(*before) == len(data) && &(*before)[0] == &data[0] {
		return nil
	}
	*before = data
	_, err := fmt.Fprintf(w, "event: %s\ndata: %s\n\n", event, data)
	return err
}

// admit takes a client, if there are not too many.
func (s *Server) admit(c *client) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.clients) >= mostClients {
		return false
	}
	c.since = s.begun + 1
	s.clients[c] = struct{}{}
	s.look()
	return true
}

func (s *Server) leave(c *client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.clients, c)
}

// latest is what there is to be sent, and what is closed when there is more.
func (s *Server) latest() (data, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now, s.news
}
