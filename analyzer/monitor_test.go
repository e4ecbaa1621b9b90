package analyzer

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tcptrace/analyzer/internal/flow"
	"tcptrace/internal/wire"
)

// watched is a Monitor and what it told, but for the records.
type watched struct {
	*Monitor
	at      Time
	frame   uint64
	told    []string
	raised  map[string]int // anomalies that were told and not taken back
	records []Over
	streams []uint64 // of the records
}

func newWatched(o Options, idle Idle) *watched {
	w := &watched{at: 1e18, raised: map[string]int{}}
	w.Monitor = NewMonitor(o, idle, func(e *Event) {
		text := e.Kind.String()
		switch e.Kind {
		case EventState:
			text = fmt.Sprint(e.Side, " ", e.Step.State)
		case EventAnomaly:
			text = e.Anomaly.Kind.ID
			w.raised[text]++
		case EventCorrection:
			text = "not " + e.Correction.Of.String()
			if e.Correction.Of == EventAnomaly {
				w.raised[e.Correction.Anomaly.ID]--
			}
		case EventConversation:
			w.records, w.streams = append(w.records, e.Over), append(w.streams, e.Conversation.Stream)
			return
		}
		w.told = append(w.told, text)
	})
	return w
}

func (w *watched) segment(n int, dir uint8, flags wire.Flags, seq, ack uint32) {
	w.add(&wire.Segment{Key: flowKey(n), Dir: dir, Flags: flags, Seq: seq, Ack: ack, Window: 1000})
}

// add is the next frame.
func (w *watched) add(s *wire.Segment) {
	w.at++
	w.frame++
	s.Time, s.Clock, s.Frame = int64(w.at), int64(w.at), w.frame
	w.Segment(s)
}

// pass lets time go by.
func (w *watched) pass(d time.Duration) {
	w.at += Time(d)
	w.Flush(w.at)
}

func (w *watched) establish(n int) {
	w.segment(n, 0, wire.SYN, 100, 0)
	w.segment(n, 1, wire.SYN|wire.ACK, 200, 101)
	w.segment(n, 0, wire.ACK, 101, 201)
}

func (w *watched) tells(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(w.told, want) {
		t.Errorf("told\n%s\nwant\n%s", strings.Join(w.told, "; "), strings.Join(want, "; "))
	}
	w.told = nil
}

// TestFloodSparesEstablished: SYNs from everywhere, answered or not, cost no established connection, silent as it may be.
func TestFloodSparesEstablished(t *testing.T) {
	for _, answered := range []bool{false, true} {
		w := newWatched(Options{MaxFlows: 1000}, Idle{})
		const established = 900
		for n := range established {
			w.establish(n)
		}
		for n := range 50_000 {
			w.segment(1000+n, 0, wire.SYN, 7, 0)
			if answered {
				w.segment(1000+n, 1, wire.SYN|wire.ACK, 9, 8)
			}
			if n%1000 == 0 {
				w.pass(20 * time.Millisecond)
			}
		}
		w.Flush(w.at)
		if w.Open() != 1000 {
			t.Errorf("%d conversations are followed", w.Open())
		}
		for i, stream := range w.streams {
			if stream < established || w.records[i] != OverFull {
				t.Fatalf("answered %v: stream %d ended: %s", answered, stream, w.records[i])
			}
		}
		sum := w.Summary()
		if sum.Evicted != 50_000-100 {
			t.Errorf("answered %v: %d evicted", answered, sum.Evicted)
		}
		for _, q := range []*flow.Queue{&w.parts[0].tracker.Dialing, &w.parts[0].tracker.Answered} {
			if q.N > 4000 {
				t.Errorf("answered %v: a queue has %d entries", answered, q.N)
			}
		}
	}
}

func TestMonitorLetsIdleGo(t *testing.T) {
	w := newWatched(Options{}, Idle{Opening: time.Minute, Established: time.Hour, Closing: 10 * time.Minute})
	w.establish(1)
	w.establish(2)
	w.segment(2, 0, wire.FIN|wire.ACK, 101, 201)
	w.segment(3, 0, wire.SYN, 7, 0)
	w.segment(3, 1, wire.SYN|wire.ACK, 9, 8)
	seconds := func(n int) {
		for range n {
			w.pass(time.Second)
		}
	}
	for _, step := range []struct{ seconds, open int }{{59, 3}, {70, 2}, {460, 2}, {90, 1}, {2900, 1}, {90, 0}} {
		seconds(step.seconds)
		if w.Open() != step.open {
			t.Errorf("after %d s: %d open, want %d", (w.at-1e18)/1e9, w.Open(), step.open)
		}
	}
	if !slices.Equal(w.records, []Over{OverIdle, OverIdle, OverIdle}) || !slices.Equal(w.streams, []uint64{2, 1, 0}) {
		t.Errorf("ended: %v %v", w.streams, w.records)
	}
}

// TestMonitorWaitsForWhatIsMissing: that no answer came is no news while one may come.
func TestMonitorWaitsForWhatIsMissing(t *testing.T) {
	w := newWatched(Options{}, Idle{})
	w.segment(1, 0, wire.SYN, 100, 0)
	w.pass(time.Second)
	w.tells(t, "opened", "client SYN_SENT")
	w.segment(1, 1, wire.SYN|wire.ACK, 200, 101)
	w.pass(time.Second)
	w.tells(t, "client ESTABLISHED", "server LISTEN", "server SYN_RCVD")
	w.pass(1900 * time.Millisecond)
	w.tells(t)
	w.pass(200 * time.Millisecond)
	w.tells(t, "handshake-incomplete")
	w.segment(1, 0, wire.ACK, 101, 201)
	w.pass(10 * time.Second)
	w.tells(t, "server ESTABLISHED", "not anomaly")
	w.segment(1, 1, wire.RST|wire.ACK, 201, 101)
	w.pass(time.Millisecond)
	w.tells(t, "client CLOSED", "server CLOSED", "abortive-close", "closed")
	w.pass(time.Minute)
	if !slices.Equal(w.records, []Over{OverDone}) || w.Open() != 0 {
		t.Errorf("2 MSL after its end: %v", w.records)
	}
	w.Finish()
	w.tells(t)
}

// TestMonitorCountsStates: the counts are those of the open conversations.
func TestMonitorCountsStates(t *testing.T) {
	w := newWatched(Options{}, Idle{})
	total := func() (n uint64) {
		for _, side := range w.States() {
			for _, k := range side {
				n += k
			}
		}
		return n
	}
	for n := range 10 {
		w.establish(n)
	}
	w.pass(time.Second)
	if n := w.States()[Client][4]; total() != 20 {
		t.Errorf("%d, in all %d", n, total())
	}
	w.segment(3, 0, wire.RST|wire.ACK, 101, 201)
	w.pass(time.Second)
	w.pass(2 * time.Minute)
	if total() != 18 {
		t.Errorf("in all %d", total())
	}
	w.Finish()
	if total() != 0 {
		t.Errorf("at the end: %v", w.States())
	}
}

// TestMonitorReports: an interim record of who spoke.
func TestMonitorReports(t *testing.T) {
	w := newWatched(Options{}, Idle{})
	w.establish(0)
	w.pass(time.Minute)
	w.establish(1)
	w.pass(time.Second)
	w.Report(w.at - Time(10*time.Second))
	if !slices.Equal(w.streams, []uint64{1}) || !slices.Equal(w.records, []Over{NotOver}) {
		t.Errorf("reported %v %v", w.streams, w.records)
	}
}

// TestMonitorAllocations: data and ACKs on a known connection, and a flush, cost no memory.
func TestMonitorAllocations(t *testing.T) {
	w := newWatched(Options{}, Idle{})
	w.establish(0)
	w.pass(time.Second)
	data := wire.Segment{Key: flowKey(0), Flags: wire.ACK, Seq: 101, Ack: 201, Len: 10, Window: 1000}
	ack := wire.Segment{Key: flowKey(0), Dir: 1, Flags: wire.ACK, Seq: 201, Window: 1000}
	if n := testing.AllocsPerRun(1000, func() {
		w.add(&data)
		data.Seq += 10
		ack.Ack = data.Seq
		w.add(&ack)
		w.Flush(w.at)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestSurveyRanks: the first of many, by each ranking.
func TestSurveyRanks(t *testing.T) {
	w := newWatched(Options{}, Idle{})
	const n = 10_000
	for i := range n {
		w.establish(i)
	}
	w.pass(time.Second)
	w.Survey(ByRate, func(*Seen) bool { return true })
	send := func(i int, bytes uint32) {
		w.add(&wire.Segment{Key: flowKey(i), Flags: wire.ACK, Seq: 101, Ack: 201, Len: bytes, Window: 1000})
	}
	send(4000, 700)
	send(17, 900)
	w.pass(time.Second)
	for _, test := range []struct {
		by   Ranking
		want []uint64
	}{
		{ByRate, []uint64{17, 4000}}, {ByActivity, []uint64{17, 4000}}, {ByStart, []uint64{n - 1, n - 2}},
		{ByBytes, []uint64{17, 4000}}, {ByPackets, []uint64{17, 4000}},
	} {
		var got []uint64
		w.Survey(test.by, func(s *Seen) bool {
			got = append(got, s.Conversation.Stream)
			if test.by == ByRate && len(got) == 1 && (s.Rates[Client] < 800 || s.Rates[Client] > 901) {
				t.Errorf("%+v", s.Rates)
			}
			return len(got) < 2
		})
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.by, got, test.want)
		}
	}
}

func flowKey(n int) wire.Key {
	k, _ := wire.MakeKey(wire.Addr{Lo: 1}, wire.Addr{Lo: 2 + uint64(n>>16)}, uint16(n), 80, false)
	return k
}

// TestFinishLate: what is open when it is late is counted, with its outcome, and not told.
func TestFinishLate(t *testing.T) {
	for _, passes := range []int{0, 2, 3, 4} {
		asked := 0
		w := newWatched(Options{Late: func() bool { asked++; return asked > passes }}, Idle{})
		w.segment(0, 0, wire.SYN, 10, 0)
		w.segment(1, 0, wire.SYN, 10, 0)
		w.segment(1, 1, wire.SYN|wire.ACK, 20, 11)
		w.segment(1, 0, wire.ACK, 11, 21)
		w.segment(2, 0, wire.ACK, 11, 21)
		s := w.Finish()
		if told := min(passes, 3); len(w.records) != told || s.LeftOut != uint64(3-told) || s.Conversations != 3 ||
			s.Outcomes[Unanswered] != 1 || s.Outcomes[Open] != 2 {
			t.Errorf("late after %d: %d told, %d left out of %d, %v", passes, len(w.records), s.LeftOut, s.Conversations, s.Outcomes)
		}
	}
}
