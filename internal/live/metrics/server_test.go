package metrics

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/input"
	"tcptrace/internal/live"
)

func get(t *testing.T, h http.Handler, method, path string) (code int, body string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	return w.Code, w.Body.String()
}

// TestHealth: the loop is well as long as it shows that it goes on.
func TestHealth(t *testing.T) {
	src := input.Open(nil, input.Options{})
	defer src.Close()
	m := New(Options{Loop: live.New(src, live.Options{})})
	began := m.flushed
	wall := began
	m.wall = func() time.Time { return wall }
	expect := func(after time.Duration, code int, body string) {
		t.Helper()
		wall = began.Add(after)
		if gotCode, gotBody := get(t, m.Handler(), "GET", "/healthz"); gotCode != code || gotBody != body+"\n" {
			t.Errorf("after %s: %d %q, want %d %q", after, gotCode, gotBody, code, body)
		}
	}
	expect(0, 200, "ok")
	expect(5*time.Second, 200, "ok")
	expect(7*time.Second, 503, "the analysis has stood still for 7 s")
	m.flush(1)
	expect(8*time.Second, 200, "ok")
	expect(13*time.Second, 503, "the analysis has stood still for 6 s")
	m.flush(2)
	m.Finish(&analyzer.Summary{})
	expect(13*time.Second, 503, "the capture has ended")
}

// TestServer: it serves what it should at the address that was meant, and nothing else.
func TestServer(t *testing.T) {
	m, _ := observed(t, "../../../testdata/pcaps/showcase.pcap", Options{}, live.Options{}, nil)
	s, err := m.Start(":0")
	if err != nil {
		t.Fatal(err)
	}
	if ip := s.Addr().(*net.TCPAddr).IP; !ip.IsLoopback() {
		t.Errorf("without a host it listens on %s", ip)
	}
	if _, err := m.Start(s.Addr().String()); err == nil || !strings.HasSuffix(err.Error(), ": address already in use") {
		t.Errorf("the address is taken: %v", err)
	}
	for path, want := range map[string]int{"/metrics": 200, "/healthz": 503, "/": 404, "/debug/pprof/": 404} {
		resp, err := http.Get("http://" + s.Addr().String() + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != want {
			t.Errorf("%s: %d %v, want %d", path, resp.StatusCode, err, want)
		}
		if path == "/metrics" && (!strings.Contains(string(body), "\ntcptrace_packets_total 31\n") || !strings.Contains(string(body), "\ngo_goroutines ")) {
			t.Errorf("%s: %s", path, body)
		}
	}
	if code, _ := get(t, m.Handler(), "POST", "/metrics"); code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", code)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := http.Get("http://" + s.Addr().String() + "/metrics"); err == nil {
		t.Error("it serves after Close")
	}
}

// endless repeats a capture until it is told to stop, and pauses now and then.
type endless struct {
	packet.Batch
	stop func() bool
}

func (e *endless) Next(b *packet.Batch) error {
	if e.stop() {
		return io.EOF
	}
	b.Buf, b.Packets = append(b.Buf[:0], e.Buf...), append(b.Packets[:0], e.Packets...)
	return nil
}

func (e *endless) Stats() packet.Stats           { return packet.Stats{} }
func (e *endless) Interfaces() []input.Interface { return nil }
func (e *endless) Interface(uint16) string       { return "" }
func (e *endless) SnapLen(uint16) uint32         { return 0 }
func (e *endless) Progress() (done, total int64) { return 0, 0 }
func (e *endless) Close() error                  { return nil }

// TestScrapesWhileItRuns: scrapes neither wait for the loop nor see half of a copy (run it with -race).
func TestScrapesWhileItRuns(t *testing.T) {
	src := input.Open([]string{"../../../testdata/pcaps/showcase.pcap"}, input.Options{})
	defer src.Close()
	var e endless
	if err := src.Next(&e.Batch); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	stopped := errors.New("stopped")
	e.stop = func() bool { return ctx.Err() != nil }
	m := New(Options{Loop: live.New(&e, live.Options{}), Capture: lossy, Clock: func() analyzer.Time { return 1 }})
	var scrapers sync.WaitGroup
	for range 3 {
		scrapers.Go(func() {
			for range 20 {
				if packets := value(t, m, "tcptrace_packets_total"); int(packets)%len(e.Packets) != 0 {
					t.Errorf("%v packets, of batches of %d", packets, len(e.Packets))
				}
				get(t, m.Handler(), "GET", "/healthz")
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
	go func() { scrapers.Wait(); cancel(stopped) }()
	sum, err := m.opts.Loop.Run(ctx)
	if err != nil && !errors.Is(err, stopped) {
		t.Fatal(err)
	}
	m.Finish(&sum)
	if got := value(t, m, "tcptrace_packets_total"); got != float64(sum.Packets) || got == 0 {
		t.Errorf("%v packets, want %d", got, sum.Packets)
	}
}
