package web

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/input"
	"tcptrace/internal/live"
	"tcptrace/report"
)

// held is a capture that goes on, without packets, until it is let go.
type held struct {
	input.Source
	let chan struct{}
}

func (h *held) Next(b *packet.Batch) error {
	err := h.Source.Next(b)
	if err != io.EOF {
		return err
	}
	b.Packets = b.Packets[:0]
	select {
	case <-h.let:
		return io.EOF
	case <-time.After(5 * time.Millisecond):
		return nil
	}
}

// running is a page of a capture that goes on.
type running struct {
	*Server
	t    *testing.T
	let  chan struct{}
	done chan struct{}
}

// run serves a page of golden captures at addr.
func run(t *testing.T, addr string, o Options, names ...string) *running {
	t.Helper()
	for i, name := range names {
		names[i] = "../../../testdata/pcaps/" + name + ".pcap"
	}
	r := &running{t: t, let: make(chan struct{}), done: make(chan struct{})}
	src := input.Open(names, input.Options{})
	o.Loop = live.New(&held{src, r.let}, live.Options{})
	var err error
	if r.Server, err = Start(addr, o); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(r.done)
		_, _ = o.Loop.Run(context.Background())
	}()
	t.Cleanup(func() {
		r.end()
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		src.Close()
	})
	return r
}

// end ends the capture.
func (r *running) end() {
	select {
	case <-r.let:
	default:
		close(r.let)
	}
	<-r.done
}

// events asks for events, of a stream if query says so.
func (r *running) events(query string) *stream {
	r.t.Helper()
	resp, err := http.Get(r.URL() + "events" + query)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { resp.Body.Close() })
	in := bufio.NewReader(resp.Body)
	return &stream{r.t, resp, in}
}

type stream struct {
	t    *testing.T
	resp *http.Response
	in   *bufio.Reader
}

// next is the next event; "" at the end of all.
func (s *stream) next() (event string, data map[string]any) {
	s.t.Helper()
	for {
		line, err := s.in.ReadString('\n')
		if err != nil {
			return "", nil
		}
		line = strings.TrimSuffix(line, "\n")
		if name, ok := strings.CutPrefix(line, "event: "); ok {
			event = name
		} else if text, ok := strings.CutPrefix(line, "data: "); ok {
			if err := json.Unmarshal([]byte(text), &data); err != nil {
				s.t.Fatal(err)
			}
		} else if line == "" && event != "" {
			return event, data
		}
	}
}

// TestFollows: who looks gets all that there is, the segments of the conversation that is asked for, and the end.
func TestFollows(t *testing.T) {
	r := run(t, ":0", Options{Title: "a title"}, "showcase")
	s := r.events("?stream=4")
	event, data := s.next()
	for event == "capture" && data["rows"].(map[string]any)["n"].(float64) < 6 {
		event, data = s.next()
	}
	for data["detail"] == nil {
		if event, data = s.next(); event == "" {
			t.Fatal("no conversation")
		}
	}
	detail := data["detail"].(map[string]any)
	if n := len(detail["segments"].(map[string]any)["t"].([]any)); detail["stream"] != 4.0 || float64(n) != detail["packets"] || detail["missing"] != 0.0 {
		t.Errorf("stream %v with %d segments of %v", detail["stream"], n, detail["packets"])
	}
	r.end()
	r.look()
	ended := false
	for event != "" {
		event, _ = s.next()
		ended = ended || event == "end"
	}
	if !ended {
		t.Error("it has not told the end")
	}
	s = r.events("") // somebody who comes late
	if event, data = s.next(); event != "capture" || data["title"] != "a title" || data["live"] != true || data["conversations"] != 6.0 {
		t.Errorf("after the end: %s %v", event, data["conversations"])
	}
	if event, _ = s.next(); event != "end" {
		t.Errorf("after the end: %q", event)
	}
	s = r.events("?stream=0")
	_, _ = s.next()
	if event, _ = s.next(); event != "conversation" {
		t.Errorf("after the end: %q", event)
	}
}

// TestMain has a zone that is not UTC. It is set while nothing else runs.
func TestMain(m *testing.M) {
	time.Local = time.FixedZone("EST", -5*3600)
	os.Exit(m.Run())
}

// TestTimes: moments are shown as --time says, in the zone of this machine if that is asked for.
func TestTimes(t *testing.T) {
	for times, want := range map[report.Times]string{report.UTC: "utc 0 UTC", report.Local: "local -18000 EST", report.Epoch: "epoch 0 UTC"} {
		r := run(t, ":0", Options{Times: times}, "showcase")
		s := r.events("")
		_, data := s.next()
		for data["rows"].(map[string]any)["n"] == 0.0 {
			_, data = s.next()
		}
		zone := data["zones"].([]any)[0].([]any)
		if got := fmt.Sprint(data["time"], " ", zone[1], " ", zone[2]); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		r.end()
	}
}

// TestWhere: only what the condition holds for is shown, and never the connection to the page itself.
func TestWhere(t *testing.T) {
	r := run(t, ":0", Options{Where: `outcome == "reset"`}, "showcase")
	s := r.events("")
	_, data := s.next()
	for data["rows"].(map[string]any)["n"] == 0.0 {
		_, data = s.next()
	}
	if data["rows"].(map[string]any)["n"] != 1.0 || data["filtered"] != true {
		t.Errorf("%v rows", data["rows"].(map[string]any)["n"])
	}
	var shot snapshot
	for at, want := range map[string]int{"127.0.0.1:8080": 0, "127.0.0.1:8081": 1, "127.0.0.2:8080": 2} {
		c := analyzer.Conversation{Addr: [2]netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:40000"), netip.MustParseAddrPort(at)}}
		before := shot.n
		shot.add(&sampler{served: netip.MustParseAddrPort("127.0.0.1:8080")}, &c)
		if added := shot.n - before; added != min(want, 1) {
			t.Errorf("%s: %d added", at, added)
		}
	}
	if _, err := Start(":0", Options{Loop: r.sampler.loop, Where: "outcom == 1"}); err == nil {
		t.Error("a condition that is none")
	}
	if _, err := Start("nowhere", Options{Loop: r.sampler.loop}); err == nil {
		t.Error("an address that is none")
	}
}

// TestFinishedAreBounded: of those that are over the latest are kept, and the others counted.
func TestFinishedAreBounded(t *testing.T) {
	s := newSampler(live.New(input.Open(nil, input.Options{}), live.Options{}), nil)
	s.served = netip.MustParseAddrPort("127.0.0.1:8080")
	for i := range uint64(mostFinished + 10) {
		s.event(&analyzer.Event{Kind: analyzer.EventOpened, Conversation: &analyzer.Conversation{Stream: i}})
		s.event(&analyzer.Event{Kind: analyzer.EventConversation, Over: analyzer.OverEnded, Conversation: &analyzer.Conversation{Stream: i}, Judgment: &analyzer.Judgment{}})
	}
	s.event(&analyzer.Event{Kind: analyzer.EventConversation, Conversation: &analyzer.Conversation{Stream: 1 << 20}}) // goes on
	s.event(&analyzer.Event{Kind: analyzer.EventOpened, Conversation: &analyzer.Conversation{Stream: 1 << 21}})       // goes on, and is not in the table
	var shot snapshot
	s.copy(&shot, nil, false)
	list := shot.inOrder()
	if len(list) != mostFinished || shot.hidden != 10 || list[0].Stream != 10 || list[len(list)-1].Stream != mostFinished+9 {
		t.Errorf("%d kept, %d counted, from %d to %d", len(list), shot.hidden, list[0].Stream, list[len(list)-1].Stream)
	}
	srv := &Server{sampler: s}
	if got := sum(t, srv.render(&shot, &data{})["opened"]); got != mostFinished+10+1 {
		t.Errorf("the timeline has %v conversations", got)
	}
}

// TestWatchedStays: a conversation that somebody looks at is in the table, however many others came since.
func TestWatchedStays(t *testing.T) {
	s := newSampler(live.New(input.Open(nil, input.Options{}), live.Options{}), nil)
	s.served = netip.MustParseAddrPort("127.0.0.1:8080")
	for i := range uint64(mostFinished + 10) {
		s.event(&analyzer.Event{Kind: analyzer.EventConversation, Over: analyzer.OverEnded, Conversation: &analyzer.Conversation{Stream: i}, Judgment: &analyzer.Judgment{}})
		if i == 3 {
			s.copy(&snapshot{}, map[uint64]bool{3: true}, false)
		}
	}
	for _, x := range []struct {
		streams map[uint64]bool
		n       int
		hidden  uint64
	}{{map[uint64]bool{3: true}, mostFinished + 1, 9}, {nil, mostFinished, 10}} {
		var shot snapshot
		s.copy(&shot, x.streams, false)
		if shot.n != x.n || shot.hidden != x.hidden || shot.has(3) != x.streams[3] || shot.ended[3] != x.streams[3] {
			t.Errorf("%v: %d in the table, %d counted", x.streams, shot.n, shot.hidden)
		}
	}
}

// TestTimelineCounts: what is counted of a conversation when is told of it, each once: also of one that is in no table, that changes its mind, and of
// the connection to the page nothing.
func TestTimelineCounts(t *testing.T) {
	s := newSampler(live.New(input.Open(nil, input.Options{}), live.Options{}), nil)
	s.served = netip.MustParseAddrPort("127.0.0.1:8080")
	c := analyzer.Conversation{Stream: 7, Start: 1e9, End: 2e9, Outcome: analyzer.Refused}
	c.Sent[analyzer.Client].Lost = 3
	var open, reset analyzer.Judgment
	reset.Close.Kind = analyzer.CloseReset
	tell := func(j *analyzer.Judgment, e analyzer.Event) {
		e.Conversation, e.Judgment = &c, j
		s.event(&e)
	}
	count := func(what, want string) {
		t.Helper()
		var shot snapshot
		s.copy(&shot, nil, false)
		lanes, got := (&Server{sampler: s}).render(&shot, &data{}), ""
		for _, lane := range []string{"opened", "ended", "failed", "lost"} {
			got += fmt.Sprint(sum(t, lanes[lane]), " ")
		}
		if got != want {
			t.Errorf("%s: opened, ended, failed, lost: %s, want %s", what, got, want)
		}
	}
	count("nothing", "0 0 0 0 ")
	tell(&open, analyzer.Event{Kind: analyzer.EventOpened})
	count("opened", "1 0 0 0 ")
	tell(&open, analyzer.Event{Kind: analyzer.EventCorrection, Correction: analyzer.Correction{Of: analyzer.EventOpened}})
	tell(&open, analyzer.Event{Kind: analyzer.EventOpened})
	count("opened the other way round", "1 0 0 0 ")
	tell(&reset, analyzer.Event{Kind: analyzer.EventClosed})
	count("closed", "1 1 1 3 ")
	tell(&open, analyzer.Event{Kind: analyzer.EventCorrection, Correction: analyzer.Correction{Of: analyzer.EventClosed}})
	count("not closed", "1 0 0 3 ")
	tell(&open, analyzer.Event{Kind: analyzer.EventCorrection, Correction: analyzer.Correction{Of: analyzer.EventState}})
	tell(&reset, analyzer.Event{Kind: analyzer.EventClosed})
	tell(&reset, analyzer.Event{Kind: analyzer.EventClosed})
	count("closed again", "1 1 1 3 ")
	tell(&reset, analyzer.Event{Kind: analyzer.EventConversation})
	count("goes on", "1 1 1 3 ")
	tell(&reset, analyzer.Event{Kind: analyzer.EventConversation, Over: analyzer.OverDone})
	count("over", "1 1 1 3 ")
	if len(s.ends) != 0 {
		t.Errorf("%d ends are kept", len(s.ends))
	}
	c = analyzer.Conversation{Stream: 8, Addr: [2]netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:40000"), s.served}}
	tell(&open, analyzer.Event{Kind: analyzer.EventOpened})
	count("ours", "1 1 1 3 ")
}

// sum adds the amounts of a lane of the timeline up.
func sum(t *testing.T, lane any) (n float64) {
	t.Helper()
	list, ok := lane.([]any)
	if !ok {
		t.Fatalf("%v", lane)
	}
	for _, amount := range list {
		n += amount.(float64)
	}
	return n
}

// render is the timeline of what was copied.
func (s *Server) render(shot *snapshot, d *data) map[string]any {
	s.overview(shot, d)
	var v map[string]any
	if err := json.Unmarshal(d.overview, &v); err != nil {
		return nil
	}
	return v["timeline"].(map[string]any)
}

// TestTimelineIsWhole: once over, each conversation is counted as often as when it was open: its opening, end, failure and losses.
func TestTimelineIsWhole(t *testing.T) {
	r := run(t, ":0", Options{}, "showcase", "limited-by-loss")
	var before string
	for _, ended := range []bool{false, true} {
		if ended {
			r.end()
			r.look()
		}
		s := r.events("")
		_, data := s.next()
		for data["rows"].(map[string]any)["n"] != 6.0 && data["rows"].(map[string]any)["n"] != 7.0 {
			_, data = s.next()
		}
		lanes, got := data["timeline"].(map[string]any), ""
		for _, lane := range []string{"opened", "lost"} {
			got += fmt.Sprint(lane, " ", sum(t, lanes[lane]), " ")
		}
		if ended && got != before {
			t.Errorf("%s, but %s before the end", got, before)
		}
		if before = got; strings.Contains(got, " 0 ") {
			t.Error(got)
		}
	}
}

// TestSACK: a conversation that is followed has its SACK blocks, relative to the numbers of the side that they are about.
func TestSACK(t *testing.T) {
	r := run(t, ":0", Options{}, "fast-retransmit")
	s := r.events("?stream=0")
	for {
		event, data := s.next()
		if event == "" {
			t.Fatal("no SACK block came")
		}
		detail, ok := data["detail"].(map[string]any)
		if !ok {
			continue
		}
		if blocks := detail["segments"].(map[string]any)["sack"].([]any); len(blocks) > 0 {
			if got := fmt.Sprint(blocks[:2]); got != "[9 [2897 1448]]" {
				t.Errorf("the first is %s", got)
			}
			return
		}
	}
}
