package analyzer

import (
	"regexp"
	"testing"
	"time"

	"tcptrace/internal/testutil/golden"
	"tcptrace/internal/wire"
)

// exchange opens conversation n, has its client send something twice, and closes it.
func (w *watched) exchange(n int) {
	w.establish(n)
	w.goOn(n)
}

// goOn is all of exchange behind the opening.
func (w *watched) goOn(n int) {
	for range 2 {
		w.at += Time(300 * time.Millisecond)
		w.add(&wire.Segment{Key: flowKey(n), Flags: wire.ACK, Seq: 101, Ack: 201, Len: 10, Window: 1000})
	}
	w.segment(n, 1, wire.FIN|wire.ACK, 201, 111)
	w.segment(n, 0, wire.FIN|wire.ACK, 111, 202)
	w.segment(n, 1, wire.ACK, 202, 112)
}

// TestSpare: what begins while segments are spared is not read, and counted, and what began before or behind is.
func TestSpare(t *testing.T) {
	for _, watching := range []bool{false, true} {
		w := newWatched(Options{}, Idle{})
		type end struct {
			outcome Outcome
			quick   bool
			again   uint64
		}
		got := map[uint64]end{}
		tell := w.tell
		w.tell = func(e *Event) {
			if c := e.Conversation; e.Kind == EventConversation {
				got[c.Stream] = end{c.Outcome, c.Quick, c.Sent[Client].Retransmitted()}
			}
			tell(e)
		}
		w.parts[0].tell = w.tell
		if watching {
			w.Watch(func(*Reading) {})
		}
		w.exchange(0)
		w.establish(1)
		w.segment(2, 0, wire.SYN, 100, 0) // what comes of it is known only when it is answered
		w.Spare(true)
		w.segment(2, 1, wire.SYN|wire.ACK, 200, 101)
		w.segment(2, 0, wire.ACK, 101, 201)
		w.goOn(1)
		w.goOn(2)
		w.exchange(3)
		w.goOn(4) // began before the capture did
		w.segment(5, 0, wire.SYN, 100, 0)
		w.pass(4 * time.Minute) // nothing answers it
		w.Spare(false)
		w.exchange(6)
		w.Finish()
		spared := uint64(3)
		if watching {
			spared = 0
		}
		for stream, end := range map[uint64]end{0: {Closed, false, 1}, 1: {Closed, false, 1}, 2: {Closed, true, 0}, 3: {Closed, true, 0}, 4: {Closed, true, 0}, 5: {Unanswered, false, 0}, 6: {Closed, false, 1}} {
			if watching && end.quick {
				end.quick, end.again = false, 1
			}
			if got[stream] != end {
				t.Errorf("watching: %t: stream %d: %+v, want %+v", watching, stream, got[stream], end)
			}
		}
		var counted uint64
		sum := w.Summary()
		for _, s := range sum.Shortfalls() {
			if s.Bound != "reading" {
				t.Errorf("shortfall %+v", s)
			}
			counted = s.Count
		}
		if counted != spared {
			t.Errorf("watching: %t: %d counted, want %d", watching, counted, spared)
		}
	}
}

var isQuick = regexp.MustCompile(` Quick:true `)

// TestSparedIsQuick: of a conversation whose segments are spared the last event is that of a Quick analysis, which judges each.
func TestSparedIsQuick(t *testing.T) {
	paths := golden.Captures(t)
	if testing.Short() {
		paths = paths[:len(paths)/4]
	}
	compared := 0
	for _, path := range paths {
		quick, _, _ := eventsOf(Options{Quick: true}, func(*Monitor) {}, []string{path})
		spared, _, _ := eventsOf(Options{}, func(m *Monitor) { m.EndsOnly(nil); m.Spare(true) }, []string{path})
		if len(quick) != len(spared) {
			t.Fatalf("%s: %d conversations, quick %d", path, len(spared), len(quick))
		}
		for stream, events := range spared {
			if is, want := events[len(events)-1], quick[stream][len(quick[stream])-1]; isQuick.MatchString(is) {
				compared++
				if is != want {
					t.Errorf("%s: stream %d ends\n%s\nquick:\n%s", path, stream, is, want)
				}
			}
		}
	}
	if compared == 0 {
		t.Error("no conversation was spared")
	}
}
