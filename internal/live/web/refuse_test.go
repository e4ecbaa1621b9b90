package web

import (
	"fmt"
	"net"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// TestRefusals: nobody gets anything who does not have the token, calls the server by another's name, or comes from another page.
func TestRefusals(t *testing.T) {
	r := run(t, ":0", Options{Title: "secret-title"}, "showcase")
	host := r.http.Addr().String()
	_, port, _ := net.SplitHostPort(host)
	path := "/" + r.token + "/"
	for _, test := range []struct {
		what, method, path, host, origin string
		want                             int
	}{
		{"the page", "GET", path, host, "", 200},
		{"the page from itself", "GET", path, host, "http://" + host, 200},
		{"by another name of this host", "GET", path, "localhost:" + port, "http://localhost:" + port, 200},
		{"through a port that is forwarded", "GET", path, "localhost:1", "http://localhost:1", 200},
		{"by another loopback address", "GET", path, "[::1]:" + port, "", 200},
		{"without the slash", "GET", "/" + r.token, host, "", 301},
		{"no token", "GET", "/", host, "", 404},
		{"no token, events", "GET", "/events", host, "", 404},
		{"an empty token", "GET", "//events", host, "", 404},
		{"a part of the token", "GET", "/" + r.token[:25] + "/", host, "", 404},
		{"the token and more", "GET", "/" + r.token + "A/", host, "", 404},
		{"another token", "GET", "/" + strings.Repeat("A", 26) + "/events", host, "", 404},
		{"a token in small letters", "GET", "/" + strings.ToLower(r.token) + "/", host, "", 404},
		{"another path", "GET", path + "data", host, "", 404},
		{"another host", "GET", path, "evil.example:" + port, "", 403},
		{"another host, events", "GET", path + "events", "evil.example", "", 403},
		{"a host that begins like ours", "GET", path, "localhost.evil.example:" + port, "", 403},
		{"another address", "GET", path, "192.0.2.1:" + port, "", 403},
		{"no host", "GET", path, "", "", 403},
		{"another origin", "GET", path + "events", host, "http://evil.example", 403},
		{"another port's origin", "GET", path + "events", host, "http://127.0.0.1:1", 403},
		{"another scheme's origin", "GET", path + "events", host, "https://" + host, 403},
		{"no page's origin", "GET", path + "events", host, "null", 403},
		{"to write", "POST", path, host, "", 405},
		{"a stream that is no number", "GET", path + "events?stream=x", host, "", 400},
	} {
		q := httptest.NewRequest(test.method, "http://x"+test.path, nil)
		if q.Host = test.host; test.origin != "" {
			q.Header.Set("Origin", test.origin)
		}
		w := httptest.NewRecorder()
		r.ServeHTTP(w, q)
		if w.Code != test.want {
			t.Errorf("%s: %d, want %d", test.what, w.Code, test.want)
		}
		if test.want >= 400 && strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%s: %s", test.what, w.Body.String())
		}
		if policy := w.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "connect-src 'self'") || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: policy %q", test.what, policy)
		}
	}
	q := httptest.NewRequest("GET", path, nil)
	q.Host, q.Header["Origin"] = host, []string{"http://" + host, "http://evil.example"}
	w := httptest.NewRecorder()
	if r.ServeHTTP(w, q); w.Code != 403 {
		t.Errorf("two origins: %d", w.Code)
	}
}

// TestNames: which names a server goes by depends on where it listens.
func TestNames(t *testing.T) {
	for _, test := range []struct{ name, addr, yes, no string }{
		{"", "127.0.0.1", "127.0.0.1 localhost LOCALHOST:80 127.0.0.2", "192.0.2.1 host localhost."},
		{"web.example", "192.0.2.1", "192.0.2.1:80 web.example WEB.example:1", "192.0.2.2 localhost 127.0.0.1 example web.example.evil"},
		{"0.0.0.0", "0.0.0.0", "192.0.2.1 127.0.0.1 localhost [2001:db8::1]:80", "web.example"},
		{"::1", "::1", "[::1]:80 [::1] localhost", "[::2]:80 ::1::"},
	} {
		s := Server{name: test.name, addr: netip.MustParseAddr(test.addr)}
		for want, list := range map[bool]string{true: test.yes, false: test.no} {
			for _, host := range strings.Fields(list) {
				if s.goesBy(host) != want {
					t.Errorf("at %s: %q is allowed: %v", test.addr, host, !want)
				}
			}
		}
	}
}

// TestTooMany: as many look as there is room for; when one is gone another may.
func TestTooMany(t *testing.T) {
	r := run(t, ":0", Options{}, "showcase")
	var list []*stream
	for range mostClients {
		s := r.events("")
		if event, _ := s.next(); s.resp.StatusCode != 200 || event != "capture" {
			t.Fatalf("%d, %q", s.resp.StatusCode, event)
		}
		list = append(list, s)
	}
	if s := r.events(""); s.resp.StatusCode != 503 || s.resp.Header.Get("Retry-After") == "" {
		t.Errorf("one more: %d", s.resp.StatusCode)
	}
	list[0].resp.Body.Close()
	for limit := time.Now().Add(5 * time.Second); r.left() == mostClients && time.Now().Before(limit); {
		time.Sleep(5 * time.Millisecond)
	}
	if s := r.events(""); s.resp.StatusCode != 200 {
		t.Errorf("after one has gone: %d", s.resp.StatusCode)
	}
}

// TestSlow: who reads nothing keeps neither the analysis nor others waiting, and is given up.
func TestSlow(t *testing.T) {
	r := run(t, ":0", Options{timeout: 300 * time.Millisecond}, "showcase")
	c, err := net.Dial("tcp", r.http.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.(*net.TCPConn).SetReadBuffer(4096)
	fmt.Fprintf(c, "GET /%s/events HTTP/1.1\r\nHost: localhost\r\n\r\n", r.token)
	for limit := time.Now().Add(5 * time.Second); r.left() == 0 && time.Now().Before(limit); {
		time.Sleep(5 * time.Millisecond)
	}
	began := time.Now()
	for i := range uint64(80) { // much more than the kernel keeps
		r.publish(data{made: 1000 + i, overview: []byte(`"` + strings.Repeat(fmt.Sprint(i%10), 1<<18) + `"`)})
		time.Sleep(2 * time.Millisecond)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it waited for a client for %v", took)
	}
	for limit := time.Now().Add(5 * time.Second); r.left() > 0 && time.Now().Before(limit); {
		time.Sleep(5 * time.Millisecond)
	}
	if n := r.left(); n != 0 {
		t.Errorf("%d clients are left", n)
	}
	if !r.sampler.loop.Do(func() {}) {
		t.Error("the loop has ended")
	}
}
