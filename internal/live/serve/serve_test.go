package serve

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// start serves "ok" at /metrics and /healthz.
func start(t *testing.T) *Server {
	t.Helper()
	mux := http.NewServeMux()
	for _, path := range []string{"/metrics", "/healthz"} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	}
	s, err := Start(":0", mux)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// exchange sends text on a connection of its own and returns the status of the answer.
func exchange(t *testing.T, s *Server, text string) string {
	t.Helper()
	c := connect(t, s, text)
	c.SetDeadline(time.Now().Add(10 * time.Second)) // as long as a scrape may take by default
	answer, _ := io.ReadAll(io.LimitReader(c, 1<<20))
	_, status, _ := strings.Cut(strings.SplitN(string(answer), "\r\n", 2)[0], " ")
	return status
}

func connect(t *testing.T, s *Server, text string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	return c
}

const probe = "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

// TestIdleConnections: connections that do nothing, or are slow to ask, keep no probe out.
func TestIdleConnections(t *testing.T) {
	for name, text := range map[string]string{
		"silent": "", "slow": "GET /metr", "kept alive": "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			for range 2 * maxConnections {
				connect(t, s, text)
			}
			time.Sleep(50 * time.Millisecond)
			begun := time.Now()
			if status := exchange(t, s, probe); status != "200 OK" || time.Since(begun) > time.Second {
				t.Errorf("%q after %v", status, time.Since(begun))
			}
		})
	}
}

// TestLimits: a request is as small as a probe's.
func TestLimits(t *testing.T) {
	s := start(t)
	for _, test := range []struct{ what, request, want string }{
		{"an address", fmt.Sprintf("GET /metrics?%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", strings.Repeat("x", maxURI-len("/metrics?"))), "200 OK"},
		{"a longer address", fmt.Sprintf("GET /metrics?%s HTTP/1.1\r\nHost: x\r\n\r\n", strings.Repeat("x", maxURI-len("/metrics?")+1)), "414 Request URI Too Long"},
		{"headers", fmt.Sprintf("GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX: %s\r\n\r\n", strings.Repeat("x", maxHeader-200)), "200 OK"},
		{"more headers", fmt.Sprintf("GET /metrics HTTP/1.1\r\nHost: x\r\nX: %s\r\n\r\n", strings.Repeat("x", maxHeader+4<<10)), "431 Request Header Fields Too Large"},
		{"a body of nothing", "GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", "200 OK"},
		{"a body", "GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx", "413 Request Entity Too Large"},
		{"a body of unknown length", "GET /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", "413 Request Entity Too Large"},
	} {
		if got := exchange(t, s, test.request); got != test.want {
			t.Errorf("%s: %q, want %q", test.what, got, test.want)
		}
	}
}

// closing is a connection that notes that it was closed.
type closing struct {
	net.Conn
	closed bool
}

func (c *closing) Close() error { c.closed = true; return nil }

// TestSlowToTake: clients that ask and ask and take no answer keep no probe out.
func TestSlowToTake(t *testing.T) {
	page := strings.Repeat("a line of many\n", 2000)
	s, err := Start(":0", Whole(4, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, page) })))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	for range maxConnections {
		c, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		c.(*net.TCPConn).SetReadBuffer(1)
		t.Cleanup(func() { c.Close() })
		go io.WriteString(c, strings.Repeat("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 2000))
	}
	time.Sleep(500 * time.Millisecond) // the answers to come are more than the kernel holds
	for range 3 {
		if status := exchange(t, s, probe); status != "200 OK" {
			t.Errorf("%q", status)
		}
	}
}

// TestWhoIsClosed: one connection too many closes the oldest of those that wait, then of those that send, then of those that take, then
// of those that ask; those that are answered stay.
func TestWhoIsClosed(t *testing.T) {
	var s connections
	conns := make([]*closing, maxConnections+6)
	for i := range conns {
		conns[i] = &closing{}
	}
	for i, c := range conns[:maxConnections] {
		s.state(c, http.StateNew)
		if i != 1 {
			s.state(c, http.StateActive)
		}
		if i > 3 {
			uses((&http.Request{}).WithContext(s.context(t.Context(), c)), answered)
		}
	}
	s.state(conns[2], http.StateIdle)
	uses((&http.Request{}).WithContext(s.context(t.Context(), conns[6])), asking)
	uses((&http.Request{}).WithContext(s.context(t.Context(), conns[7])), taking)
	closed := func() (list []int) {
		for i, c := range conns {
			if c.closed {
				list = append(list, i)
			}
		}
		return list
	}
	if got := closed(); got != nil {
		t.Errorf("%d connections: %v are closed", maxConnections, got)
	}
	for i, want := range []string{"[1]", "[1 2]", "[0 1 2]", "[0 1 2 3]", "[0 1 2 3 7]", "[0 1 2 3 6 7]"} {
		c := conns[maxConnections+i]
		s.state(c, http.StateNew)
		if got := fmt.Sprint(closed()); got != want {
			t.Errorf("%d more: %s are closed, want %s", i+1, got, want)
		}
		uses((&http.Request{}).WithContext(s.context(t.Context(), c)), answered)
	}
	last := &closing{}
	s.state(last, http.StateNew)
	if !last.closed || len(s.list) != maxConnections {
		t.Errorf("all are answered: the new one is closed: %v; %d connections", last.closed, len(s.list))
	}
	s.state(last, http.StateClosed)
	s.state(conns[10], http.StateClosed)
	if len(s.list) != maxConnections-1 {
		t.Errorf("%d connections after one has ended", len(s.list))
	}
}

func TestAddresses(t *testing.T) {
	for addr, want := range map[string]string{":0": "127.0.0.1", "localhost:0": "127.0.0.1", "0.0.0.0:0": "0.0.0.0", "[::]:0": "::"} {
		ln, err := listen(addr)
		if err != nil {
			if strings.Contains(addr, "::") {
				continue // a host without IPv6
			}
			t.Errorf("%s: %v", addr, err)
			continue
		}
		if got := ln.Addr().(*net.TCPAddr).IP; !got.Equal(net.ParseIP(want)) && !(want == "127.0.0.1" && got.IsLoopback()) {
			t.Errorf("%s listens on %s, want %s", addr, got, want)
		}
		ln.Close()
	}
	for addr, want := range map[string]string{
		"": "is not an address", "9310": "is not an address", "localhost": "is not an address", "[::1]": "is not an address", "a:b:c": "is not an address", "[::1": "is not an address",
		":65536": "there is no port 65536", ":-1": "there is no port -1", ":nosuchservice": "there is no port nosuchservice",
		"300.1.1.1:80": "there is no host 300.1.1.1",
	} {
		ln, err := listen(addr)
		if err == nil {
			ln.Close()
			t.Errorf("%q is taken for an address", addr)
		} else if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "lookup") || strings.Contains(err.Error(), "listen tcp") {
			t.Errorf("%q: %v, want %s", addr, err, want)
		}
	}
}
