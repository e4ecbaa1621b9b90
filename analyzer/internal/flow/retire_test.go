package flow

import (
	"slices"
	"testing"
	"time"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
)

// TestPatience: until when who goes on behind a plain RST in its name goes on in the same conversation.
func TestPatience(t *testing.T) {
	const linger = 2 * time.Second // twice the MSL
	for after, want := range map[time.Duration]int{patience*linger - 1: 1, patience * linger: 2} {
		f := newFeed(Options{MaxFlows: 8, MSL: linger / 2})
		for _, s := range []struct {
			at       time.Duration
			dir      uint8
			flags    wire.Flags
			seq, ack uint32
		}{
			{0, 0, wire.SYN, 100, 0}, {0, 1, wire.SYN | wire.ACK, 300, 101}, {0, 0, wire.ACK, 101, 301},
			{0, 1, wire.RST, 301, 0},
			{after, 1, wire.ACK, 301, 101},
		} {
			if err := f.segment(s.at, pair(1), s.dir, s.flags, s.seq, s.ack); err != nil {
				t.Fatal(err)
			}
		}
		if got := int(f.tally.conversations) + f.tracker.Slab.Used; got != want {
			t.Errorf("%v behind the RST: %d conversations, want %d", after, got, want)
		}
	}
	if patience*linger != 10*time.Second {
		t.Errorf("it waits for %v", patience*linger)
	}
}

// TestDefers: conversations that are over stay where there is no room for them in the Output, are due as before, and are those that go without
// that, later.
func TestDefers(t *testing.T) {
	over := func(defers bool, n int) (done []int) {
		tr := NewTracker(Options{Undivided: true}, nil)
		tr.Defers = defers
		var out Output
		for i := range n {
			k := pair(i)
			s := wire.Segment{Key: k, Frame: uint64(i + 1), Time: int64(i), Flags: wire.SYN}
			tr.Segment(&s, Hash(&k), &out)
		}
		out.Discard()
		for now := conn.Time(time.Hour); now >= tr.Wake && tr.Slab.Used > 0; out.Discard() {
			tr.Expire(now, 0, &out)
			done = append(done, len(out.Done))
		}
		return done
	}
	for _, test := range []struct {
		defers bool
		n      int
		want   []int
	}{
		{false, mostDone + 1, []int{mostDone + 1}},
		{true, mostDone - 1, []int{mostDone - 1}},
		{true, mostDone, []int{mostDone}},
		{true, mostDone + 1, []int{mostDone, 1}},
		{true, 3*mostDone + 5, []int{mostDone, mostDone, mostDone, 5}},
	} {
		if got := over(test.defers, test.n); !slices.Equal(got, test.want) {
			t.Errorf("of %d that defer %v are over at once: %v, want %v", test.n, test.defers, got, test.want)
		}
	}
}
