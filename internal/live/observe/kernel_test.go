package observe

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"tcptrace/analyzer"
	"tcptrace/analyzer/host"
	"tcptrace/fsm"
	"tcptrace/internal/live"
	"tcptrace/internal/live/ends"
	"tcptrace/internal/live/kernel"
	"tcptrace/internal/live/metrics"
	"tcptrace/internal/testutil/scripts"
	"tcptrace/internal/truth/lab"
	"tcptrace/report"
)

// stage is a session of one conversation, of which it is told what the client's kernel says.
type stage struct {
	Session
	t      *testing.T
	frames []lab.Frame // that have not come
	out    bytes.Buffer
	host   *host.End
}

// newStage is one of a connection that opens and has one segment of data after the other, with --where, unless that is "".
func newStage(t *testing.T, where string) *stage {
	t.Helper()
	s := &stage{t: t, frames: scripts.Frames(t, `client 10.0.0.1:1000
server 10.0.0.2:80
+0   > S  0:0(0) win 64240 <mss 1460>
+1ms < S. 0:0(0) ack 1 win 64240 <mss 1460>
+1ms > .  1:1(0) ack 1
+1ms > P. 1:101(100) ack 1
+1ms > P. 101:201(100) ack 1
+1ms > P. 201:301(100) ack 1
`)}
	noName, noLimit := func(uint16) string { return "" }, func(uint16) uint32 { return 0 }
	s.Session = Session{Loop: live.New(nil, live.Options{Options: analyzer.Options{Interface: noName, SnapLen: noLimit}}), begun: map[uint64]bool{}, over: map[uint64]bool{}, Events: report.NewEvents(&s.out)}
	if where != "" {
		compiled, err := report.CompileWhere(where)
		if err != nil {
			t.Fatal(err)
		}
		s.Where = compiled
	}
	s.Loop.OnEvent(s.event)
	s.Loop.Monitor().Ask(func(*analyzer.Conversation) ([2]*host.End, bool) { return [2]*host.End{analyzer.Client: s.host}, true })
	return s
}

// come has packets come and their events told.
func (s *stage) come(n int) {
	for _, f := range s.frames[:n] {
		ci := gopacket.CaptureInfo{Timestamp: time.Unix(0, f.Time), CaptureLength: len(f.Data), Length: f.WireLen}
		s.Loop.Monitor().Frame(layers.LinkType(f.Link), ci, f.Data)
	}
	s.frames = s.frames[n:]
	s.pass(0)
}

// pass has time pass without a packet.
func (s *stage) pass(d time.Duration) {
	m := s.Loop.Monitor()
	now := max(m.Clock(), s.words.flushed).Add(d)
	m.Flush(now)
	s.flush(now)
}

// says has the kernel say that its end is in a state, so long after the latest packet.
func (s *stage) says(state fsm.State, after time.Duration) {
	c := kernel.Change{Time: time.Unix(0, int64(s.Loop.Monitor().Clock().Add(after)))}
	c.State, c.Local = state, between[analyzer.Client]
	s.told(&ends.Told{Change: c, Between: &between})
}

var between = [2]netip.AddrPort{netip.MustParseAddrPort("10.0.0.1:1000"), netip.MustParseAddrPort("10.0.0.2:80")}

// wrote checks what has been written since it was last called.
func (s *stage) wrote(why string, want ...string) {
	s.t.Helper()
	var got []string
	for line := range bytes.Lines(s.out.Bytes()) {
		var e report.EventRecord
		if err := json.Unmarshal(line, &e); err != nil {
			s.t.Fatal(err)
		}
		if text := e.Event; e.Event == "kernel" || e.Event == "state" {
			got = append(got, text+" "+e.State)
		} else {
			got = append(got, text)
		}
	}
	if s.out.Reset(); !slices.Equal(got, want) {
		s.t.Errorf("%s: wrote %q, want %q", why, got, want)
	}
	if s.Failed() != nil {
		s.t.Error(s.Failed())
	}
}

// TestWordsInOrder: the kernel's word stands where its time is among what packets show. It waits until they have come so far, or for two batches without any.
func TestWordsInOrder(t *testing.T) {
	s := newStage(t, "")
	first := analyzer.Time(s.frames[0].Time)
	s.come(1)
	s.says(fsm.SynSent, -time.Microsecond)
	s.wrote("the SYN", "opened", "state SYN_SENT")
	s.says(fsm.Established, 3*time.Millisecond)
	s.come(1)
	s.wrote("what is older than the packet before", "kernel SYN_SENT", "state ESTABLISHED", "state LISTEN", "state SYN_RCVD")
	s.come(1)
	s.wrote("a packet that is older than the word", "state ESTABLISHED")
	s.come(1)
	s.wrote("one that is as old", "kernel ESTABLISHED")
	if at := s.Loop.Monitor().Clock(); at != first.Add(3*time.Millisecond) {
		t.Fatal("the script has another time")
	}
	s.says(fsm.FinWait1, time.Millisecond)
	s.pass(100 * time.Millisecond)
	s.wrote("one batch without a packet")
	s.pass(100 * time.Millisecond)
	s.wrote("two of them", "kernel FIN_WAIT_1")
	s.says(fsm.FinWait2, time.Hour)
	s.says(fsm.TimeWait, 2*time.Hour)
	s.pass(100 * time.Millisecond)
	s.wrote("words of the future")
	s.Loop.Monitor().Finish()
	s.Summarize(&analyzer.Summary{})
	s.wrote("the end", "conversation", "kernel FIN_WAIT_2", "kernel TIME_WAIT", "summary")
}

// TestMostWords: not more than so many words wait.
func TestMostWords(t *testing.T) {
	s := newStage(t, "")
	s.come(3)
	s.out.Reset()
	for range mostWords {
		s.says(fsm.Established, time.Hour)
	}
	s.pass(0)
	s.wrote("as many as there is room for")
	s.says(fsm.FinWait1, 2*time.Hour)
	s.pass(0)
	s.wrote("one more", "kernel ESTABLISHED")
	if n := s.LeftOut()[metrics.BoundWords]; n != 1 {
		t.Errorf("%d words are counted that did not wait", n)
	}
}

// TestWhereOfWords: what the kernel says is written where the condition holds, or something of the conversation was told; and what was told is taken back
// when it holds no more.
func TestWhereOfWords(t *testing.T) {
	s := newStage(t, "packets == 4")
	s.come(3)
	s.says(fsm.Established, 0)
	s.come(0)
	s.wrote("it does not hold yet")
	s.says(fsm.Established, time.Microsecond)
	s.come(1) // which has no event
	s.wrote("it holds", "kernel ESTABLISHED")
	s.come(1)
	s.says(fsm.FinWait1, 0)
	s.come(0)
	s.wrote("it does not hold any more", "kernel FIN_WAIT_1")
	s.says(fsm.FinWait2, time.Hour)
	s.Loop.Monitor().Finish()
	s.pass(0)
	s.wrote("the end", "conversation", "kernel FIN_WAIT_2")
	if len(s.begun)+len(s.over) > 0 {
		t.Errorf("%v and %v are kept of what is over", s.begun, s.over)
	}
}

// TestWhereTakesBack: what was told while the condition held is taken back when it holds no more. Of what was never told, nothing is.
func TestWhereTakesBack(t *testing.T) {
	for where, want := range map[string][]string{"packets == 3": {"correction"}, "packets == 1": nil} {
		s := newStage(t, where)
		s.come(2)
		s.come(1)
		s.out.Reset()
		start := int64(s.Loop.Monitor().Clock())
		s.host = &host.End{All: true, Words: []host.Word{{State: fsm.SynSent}, {State: fsm.Closed, Time: start + 1}}}
		s.Loop.Monitor().Again(0)
		s.come(1)
		s.wrote(where, want...)
	}
}

// TestWhereAtEnd: of what is added up only that counts for which the condition holds at the end.
func TestWhereAtEnd(t *testing.T) {
	for where, want := range map[string]uint64{"packets == 3": 0, "packets == 4": 1} {
		s := newStage(t, where)
		sums, err := report.NewSums("server", report.MostGroups)
		if err != nil {
			t.Fatal(err)
		}
		s.Events, s.AtEnd = report.NewSumEvents(sums, func(*analyzer.Summary) error { return nil }), true
		s.come(3)
		s.come(1)
		s.Loop.Monitor().Finish()
		if got := sums.Conversations(); got != want {
			t.Errorf("%s: %d conversations, want %d", where, got, want)
		}
	}
}

// TestBlind: that processes are not looked for any more is told once, when it happens.
func TestBlind(t *testing.T) {
	var said []string
	s := Session{Say: func(text string) { said = append(said, text) }}
	for _, why := range []string{"", "it ended", "it ended"} {
		s.noteBlind(why)
	}
	if want := []string{"note: it ended"}; !slices.Equal(said, want) {
		t.Errorf("said %q", said)
	}
}
