package analyzer

import (
	"slices"
	"testing"
	"time"

	"tcptrace/internal/wire"
)

// TestMissedAfter: what is missing is told when it was missing for 3 s, no sooner.
func TestMissedAfter(t *testing.T) {
	w := newWatched(Options{}, Idle{})
	w.segment(1, 0, wire.SYN, 100, 0)
	w.segment(1, 1, wire.SYN|wire.ACK, 200, 101)
	w.pass(0)
	w.told = nil
	w.pass(3*time.Second - 1)
	w.tells(t)
	w.pass(1)
	w.tells(t, "handshake-incomplete")
}

// TestMissedMeanwhile: that what is asked for is asked for again, or that other things go on, does not put off that it is missing; what comes in the end
// takes it back.
func TestMissedMeanwhile(t *testing.T) {
	syn := func(w *watched) { w.segment(1, 0, wire.SYN, 100, 0) }
	synAck := func(w *watched) { w.segment(1, 1, wire.SYN|wire.ACK, 200, 101) }
	ack := func(w *watched) { w.segment(1, 0, wire.ACK, 101, 201) }
	for _, test := range []struct {
		id            string
		before, again func(w *watched)
		comes         func(w *watched) // what was missing; nil: nothing takes it back any more
	}{
		{"no-answer", func(*watched) {}, syn, func(w *watched) { synAck(w); ack(w) }},
		{"handshake-incomplete", syn, synAck, ack},
		{"missing-final-ack", func(w *watched) { w.establish(1) }, func(w *watched) { w.segment(1, 0, wire.FIN|wire.ACK, 101, 201) },
			func(w *watched) { w.segment(1, 1, wire.ACK, 201, 102) }},
		{"missing-final-ack", func(w *watched) { // an end has waited for long for the other
			w.establish(1)
			w.segment(1, 0, wire.FIN|wire.ACK, 101, 201)
			w.segment(1, 1, wire.ACK, 201, 102)
			for range 70 {
				w.pass(time.Second)
			}
		}, func(w *watched) { w.segment(1, 1, wire.FIN|wire.ACK, 201, 102) }, func(w *watched) { w.segment(1, 0, wire.ACK, 102, 202) }},
		{"one-sided", syn, ack, synAck},
		{"capture-loss", func(w *watched) { w.establish(1) }, func(w *watched) { w.segment(1, 1, wire.ACK, 201, 111) }, nil},
	} {
		w := newWatched(Options{}, Idle{})
		test.before(w)
		w.pass(0)
		told := func() bool { return w.holds(test.id) }
		for i := range 29 { // ten times a second
			test.again(w)
			w.pass(100 * time.Millisecond)
			if told() {
				t.Errorf("%s: told after %d00 ms: %q", test.id, i+1, w.told)
			}
		}
		for range 3 {
			test.again(w)
			w.pass(100 * time.Millisecond)
		}
		if !told() {
			t.Errorf("%s: not told after 3 s: %q", test.id, w.told)
		}
		if test.comes == nil {
			continue
		}
		test.comes(w)
		w.pass(time.Millisecond)
		if told() {
			t.Errorf("%s: not taken back: %q", test.id, w.told)
		}
	}
}

// TestMissedAgain: bytes that were captured behind their ACK, again and again, are not missing; others are when they have been missing for 3 s, from their own
// ACK on.
func TestMissedAgain(t *testing.T) {
	w := newWatched(Options{}, Idle{})
	w.establish(1)
	data := func(seq uint32) {
		w.add(&wire.Segment{Key: flowKey(1), Dir: 0, Flags: wire.ACK, Seq: seq, Ack: 201, Window: 1000, Len: 100, IPLen: 140})
	}
	seq := uint32(101)
	for range 6 {
		data(seq)
		w.segment(1, 1, wire.ACK, 201, seq+200)
		w.pass(time.Millisecond)
		data(seq + 100)
		w.pass(time.Second)
		seq += 200
	}
	if slices.Contains(w.told, "capture-loss") {
		t.Errorf("told %q", w.told)
	}
	w.segment(1, 1, wire.ACK, 201, seq+100)
	at := w.at
	w.pass(0)
	w.pass(3*time.Second - 1)
	if w.holds("capture-loss") {
		t.Error("told too early")
	}
	if w.pass(1); !w.holds("capture-loss") {
		t.Errorf("not told: %q", w.told)
	}
	w.Each(func(s *Seen) {
		for i := range s.Judgment.Anomalies {
			if a := &s.Judgment.Anomalies[i]; a.Kind.ID == "capture-loss" && a.Time != at {
				t.Errorf("missing since %v, want %v", a.Time, at)
			}
		}
	})
}

// holds reports whether an anomaly was told, and has not been taken back.
func (w *watched) holds(id string) bool { return w.raised[id] > 0 }

// TestClosedLongAfter: an endpoint that has been in a state for long is looked at again soon when it is in another.
func TestClosedLongAfter(t *testing.T) {
	for _, test := range []struct {
		after time.Duration
		want  int
	}{{3*time.Second - 1, 0}, {3 * time.Second, 1}} {
		w := newWatched(Options{}, Idle{})
		w.establish(1)
		w.add(&wire.Segment{Key: flowKey(1), Dir: 1, Flags: wire.ACK, Seq: 201, Ack: 101, Window: 0}) // the server takes nothing
		for range 70 {
			w.pass(time.Second)
		}
		w.segment(1, 0, wire.FIN|wire.ACK, 101, 201)
		w.segment(1, 1, wire.ACK, 201, 102)
		w.pass(0)
		w.pass(test.after)
		if n := w.raised["close-wait-lingering"]; n != test.want {
			t.Errorf("after %v: %d", test.after, n)
		}
	}
}
