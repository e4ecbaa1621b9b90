// Package web serves a page that shows a live analysis as it goes on: that of package page, fed by server-sent events.
//
// The goroutine of the loop copies what the page needs between two batches, and only while a client is connected. Another goroutine encodes it, once
// for all clients, and each client has a goroutine that sends it the latest data. Every event is self-contained, so a slow client just misses some
// and delays nobody.
//
// Not its job: what is on the page.
package web

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"tcptrace/analyzer"
	"tcptrace/internal/live"
	"tcptrace/internal/live/serve"
	"tcptrace/internal/page"
	"tcptrace/report"
)

// Options say what is served.
type Options struct {
	Loop    *live.Loop // must not run yet
	Title   string
	Program string
	Times   report.Times // how moments are shown
	Where   string       // an expression: only conversations for which it is true; "": all

	timeout time.Duration // that an event may take to be sent; 0: sendTimeout
}

// Server serves the page until it is closed.
type Server struct {
	sampler *sampler
	page    page.Options
	where   *report.Where // nil: all. Of the goroutine that makes the data
	token   string
	name    string     // that the address was given with, "" if it was none
	addr    netip.Addr // that is listened on
	http    *serve.Server
	url     string
	shell   []byte
	policy  string
	timeout time.Duration

	wake chan struct{} // somebody looks
	done chan struct{} // nobody is to look any more
	over chan struct{} // no data are made any more

	mu      sync.Mutex
	clients map[*client]struct{}
	begun   uint64        // how often data were to be made
	news    chan struct{} // is closed when there are some
	now     data
}

// data are what there is to be sent.
type data struct {
	made     uint64 // the number of their making
	over     bool   // nothing will change any more
	took     time.Duration
	overview []byte
	details  map[uint64][]byte // by stream
}

// Start serves the page at addr: HOST:PORT, or :PORT for the loopback address only.
func Start(addr string, o Options) (*Server, error) {
	var where [2]*report.Where // one for each goroutine
	if o.Where != "" {
		for i := range where {
			var err error
			if where[i], err = report.CompileWhere(o.Where); err != nil {
				return nil, err
			}
		}
	}
	s := &Server{
		sampler: newSampler(o.Loop, where[0]), where: where[1], token: rand.Text(), timeout: cmp.Or(o.timeout, sendTimeout),
		page: page.Options{Title: o.Title, Program: o.Program, Times: o.Times, Live: true},
		wake: make(chan struct{}, 1), done: make(chan struct{}), over: make(chan struct{}),
		clients: map[*client]struct{}{}, news: make(chan struct{}),
	}
	var err error
	var shell bytes.Buffer
	if s.policy, err = page.Shell(&shell, o.Title+" – tcptrace"); err != nil {
		return nil, err
	}
	s.shell = shell.Bytes()
	s.name, _, _ = net.SplitHostPort(addr) // what is no address Start refuses, and says why
	if s.http, err = serve.Start(addr, s); err != nil {
		return nil, err
	}
	at := s.http.Addr().(*net.TCPAddr).AddrPort()
	s.addr = at.Addr().Unmap()
	s.sampler.served = netip.AddrPortFrom(s.addr, at.Port())
	s.url = fmt.Sprintf("http://%s/%s/", net.JoinHostPort(s.hostname(), fmt.Sprint(at.Port())), s.token)
	go s.make()
	return s, nil
}

// hostname is how the host is called in the address of the page.
func (s *Server) hostname() string {
	if !s.addr.IsUnspecified() {
		return s.addr.String()
	}
	addrs, _ := net.InterfaceAddrs() // without them it is shown on this host
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() {
			return n.IP.String()
		}
	}
	return "localhost"
}

// URL is the address of the page, with the token.
func (s *Server) URL() string { return s.url }

// IsOpen reports whether others than this host can reach it.
func (s *Server) IsOpen() bool { return !s.addr.IsLoopback() }

// Close lets those who look have what came last, for a moment, and ends. The loop must have ended.
func (s *Server) Close() error {
	s.look()
	limit := time.After(closeTimeout)
	for s.left() > 0 {
		select {
		case <-limit:
			limit = nil
		case <-time.After(10 * time.Millisecond):
			continue
		}
		break
	}
	close(s.done)
	<-s.over
	return s.http.Close()
}

// closeTimeout is for how long those who look may take to get the last.
const closeTimeout = time.Second

// left is how many have not got the last.
func (s *Server) left() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.clients)
}

// look has data made, if none are being made.
func (s *Server) look() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Data are made every so often, but so that it takes a tenth of the time of a processor at most.
const (
	every = 500 * time.Millisecond
	share = 10
)

// make makes data while somebody looks.
func (s *Server) make() {
	defer close(s.over)
	var shot snapshot
	for {
		select {
		case <-s.wake:
		case <-s.done:
			return
		}
		for s.left() > 0 {
			d := s.data(&shot)
			if s.publish(d); d.over {
				break
			}
			began := time.Now()
			pause := time.NewTimer(max(every, share*d.took))
			select {
			case <-pause.C:
			case <-s.wake: // somebody else looks, or nothing comes any more
				pause.Stop()
				if rest := leastPause - time.Since(began); rest > 0 {
					time.Sleep(rest)
				}
			case <-s.done:
				pause.Stop()
				return
			}
		}
	}
}

// leastPause is between two makings, however many come.
const leastPause = 50 * time.Millisecond

// data makes data of what there is now.
func (s *Server) data(shot *snapshot) data {
	s.mu.Lock()
	s.begun++
	d := data{made: s.begun, details: map[uint64][]byte{}}
	wanted := map[uint64]bool{}
	for c := range s.clients {
		if c.wants {
			wanted[c.stream] = true
		}
	}
	s.mu.Unlock()
	s.sampler.take(shot, wanted)
	began := time.Now()
	d.over = shot.over
	s.overview(shot, &d)
	d.took = shot.took + time.Since(began)
	return d
}

// overview makes the data of what was copied.
func (s *Server) overview(shot *snapshot, d *data) {
	p := page.New(s.page)
	p.Passed(&shot.past, shot.hidden)
	for _, c := range shot.inOrder() {
		switch {
		case !matches(s.where, c):
		case shot.ended[c.Stream]:
			p.Over(c)
		case s.where == nil:
			p.Begun(c)
		default:
			p.Wants(c)
		}
	}
	for i := range shot.watched {
		w := &shot.watched[i]
		var out bytes.Buffer
		_ = p.WriteConversation(&out, &w.c, w.segments, &shot.sum) // a buffer takes everything
		d.details[w.c.Stream] = out.Bytes()
	}
	var out bytes.Buffer
	_ = p.WriteOverview(&out, &shot.sum, s.where != nil)
	d.overview = out.Bytes()
}

// matches reports whether a condition, if there is one, holds for a conversation. One for which it cannot be told is shown.
func matches(where *report.Where, c *analyzer.Conversation) bool {
	if where == nil {
		return true
	}
	ok, err := where.Match(c)
	return ok || err != nil
}

// publish has the data sent. What is as before is not sent again.
func (s *Server) publish(d data) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if bytes.Equal(d.overview, s.now.overview) {
		d.overview = s.now.overview
	}
	for stream, text := range d.details {
		if before := s.now.details[stream]; bytes.Equal(text, before) {
			d.details[stream] = before
		}
	}
	s.now = d
	close(s.news)
	s.news = make(chan struct{})
}
