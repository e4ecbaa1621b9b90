package analyzer

import (
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"tcptrace/fsm"
	"tcptrace/internal/lab"
	"tcptrace/internal/wire"
)

func TestGivesUp(t *testing.T) {
	const second = Time(time.Second)
	for _, test := range []struct{ last, want Time }{
		{0, 15 * second},               // a single SYN
		{3750e6, 3750e6 + 15*second},   // 4 times the time between the first and the last is no more than that
		{3751e6, 3751e6 + 4*3751e6},    // or is
		{45 * second, 225 * second},    // up to 3 minutes
		{46 * second, 46e9 + 180e9},    // and no more
		{-second, Time(0) + 15*second}, // the clock was set back
	} {
		if got := (&conv{last: test.last}).givesUp(); got != test.want {
			t.Errorf("after a SYN at %d: %d, want %d", test.last, got, test.want)
		}
	}
}

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

// What a closed window lets through is a probe only if it is an octet, or none; and it is what is due, or was due before.
func TestFlightProbes(t *testing.T) {
	for _, test := range []struct {
		seq, len uint32
		want     TimerKind
	}{
		{99, 0, TimerPersist}, {99, 1, TimerPersist}, {99, 2, TimerRetransmission},
		{100, 0, TimerNone}, {100, 1, TimerPersist}, {100, 2, TimerRetransmission},
		{98, 1, TimerNone}, {101, 1, TimerRetransmission},
	} {
		f := Flight{}
		f.Segment(&wire.Segment{Time: 1, Flags: wire.ACK, Seq: 90, Ack: 1, Len: 10})
		f.Segment(&wire.Segment{Time: 2, Dir: 1, Flags: wire.ACK, Seq: 1, Ack: 100})
		f.Segment(&wire.Segment{Time: 3, Flags: wire.ACK, Seq: test.seq, Ack: 1, Len: test.len})
		if got := f.Timer(Client, &EndpointMoment{State: fsm.Established}).Kind; got != test.want {
			t.Errorf("%d bytes at %d into a window that is closed at 100: %v, want %v", test.len, test.seq, got, test.want)
		}
	}
}

// TestFarthest: nothing beyond the largest window there can be is part of a connection.
func TestFarthest(t *testing.T) {
	const known = 101 // numbers up to there, in both directions
	for _, test := range []struct {
		seq, ack      uint32
		behind, acked uint32 // by the conversation: how far the client sent, and what it acknowledged
		next, una     uint32 // by the flight: how far it sent, and the server was acknowledged
	}{
		{known + 1<<30, known, known + 1<<30 + 10, known, known + 1<<30 + 10, known},
		{known + 1<<30 + 1, known, known, known, known, known},
		{known, known + 1<<30, known + 10, known + 1<<30, known + 10, known + 1<<30},
		{known, known + 1<<30 + 1, known + 10, known, known + 10, known},
		{1<<32 + known - 1<<30, known, known, known, known, known},
	} {
		tracker := newFeed(Options{Quick: true, Undivided: true})
		f := Flight{}
		for _, s := range []wire.Segment{
			{Flags: wire.ACK, Seq: 1, Ack: 1, Len: known - 1, Window: 1000},
			{Flags: wire.ACK, Seq: 1, Ack: known, Len: known - 1, Window: 1000, Dir: 1},
			{Flags: wire.ACK, Seq: known, Ack: known, Window: 1000},
			{Flags: wire.ACK, Seq: test.seq, Ack: test.ack, Len: 10, Window: 1000},
		} {
			s.Key = pair(1)
			tracker.add(s)
			f.Segment(&s)
		}
		h := &tracker.tracker.slab.at(0).half[0]
		if uint32(h.end) != test.behind || uint32(h.acked) != test.acked {
			t.Errorf("number %d, ACK %d: sent up to %d, acknowledged %d; want %d, %d", test.seq, test.ack, uint32(h.end), uint32(h.acked), test.behind, test.acked)
		}
		if next, una := uint32(f.half[0].next), uint32(f.half[1].una); next != test.next || una != test.una {
			t.Errorf("number %d, ACK %d: in flight up to %d, acknowledged %d; want %d, %d", test.seq, test.ack, next, una, test.next, test.una)
		}
	}
}

// TestPlainBoundaries: what is plain at a glance is just that, and is said of the trajectories, too.
func TestPlainBoundaries(t *testing.T) {
	const (
		syn    = "+0 > S 0:0(0) win 64240 <mss 1460>\n"
		synack = "+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n"
		ack    = "+50us > . 1:1(0) ack 1\n"
	)
	for _, test := range []struct {
		why, script string
		plain       bool
		want        Outcome
	}{
		{"a SYN", syn, true, Unanswered},
		{"repeated", syn + "+1s" + syn[2:], true, Unanswered},
		{"answered by what is none", syn + "+20ms < . 1:1(0) ack 1\n", false, Open},
		{"that goes on, its answer not captured", syn + "+20ms > . 1:1(0) ack 1\n", false, Open},
		{"and ends so", syn + "+20ms > F. 1:1(0) ack 1\n", false, Closing},
		{"answered", syn + synack, false, HalfOpen},
		{"a handshake", syn + synack + ack, false, Open},
		{"the server's data unacknowledged", syn + synack + ack + "+20ms < P. 1:2(1) ack 1\n", false, Open},
		{"acknowledged", syn + synack + ack + "+20ms < P. 1:2(1) ack 1\n+1ms > . 1:1(0) ack 2\n", true, Open},
		{"the ACK of which is of something else", syn + synack + "+50us > . 1:1(0) ack 0\n", false, HalfOpen},
		{"a FIN", syn + synack + ack + "+1ms > F. 1:1(0) ack 1\n", false, Closing},
		{"both", syn + synack + ack + "+1ms > F. 1:1(0) ack 1\n+20ms < F. 1:1(0) ack 2\n", false, Closing},
		{"and their ACKs", syn + synack + ack + "+1ms > F. 1:1(0) ack 1\n+20ms < F. 1:1(0) ack 2\n+1ms > . 2:2(0) ack 2\n", true, Closed},
		{"by one side", syn + synack + ack + "+1ms > F. 1:1(0) ack 1\n+20ms < F. 1:1(0) ack 2\n+1ms > . 2:2(0) ack 1\n", false, Closing},
		{"that are all a client acknowledged", syn + synack + "+20ms < F. 1:1(0) ack 1\n+1ms > F. 1:1(0) ack 2\n+20ms < . 2:2(0) ack 2\n", false, Closed},
		{"an RST", syn + synack + ack + "+1ms > R. 1:1(0) ack 1\n", false, Reset},
		{"both SYNs", syn + "+1ms < S 0:0(0) win 64240 <mss 1460>\n", false, Unanswered},
		{"data with a SYN", "+0 > S 0:9(9) win 64240 <mss 1460>\n", false, Unanswered},
	} {
		script, err := lab.Parse("script", []byte(test.script))
		if err != nil {
			t.Fatal(err)
		}
		frames, err := script.Frames()
		if err != nil {
			t.Fatal(err)
		}
		var plain bool
		var of, got Outcome
		a := New(Options{Undivided: true}, sinkFunc(func(c *Conversation) {
			var j Judgment
			j.follow(c)
			got, of = c.Outcome, j.scene.outcome()
		}))
		for _, f := range frames {
			ci := gopacket.CaptureInfo{Timestamp: time.Unix(0, f.Time), CaptureLength: len(f.Data), Length: f.WireLen}
			if err := a.Frame(layers.LinkType(f.Link), ci, f.Data); err != nil {
				t.Fatal(err)
			}
		}
		_, plain = a.trackers[0].slab.at(0).plainOutcome(&a.trackers[0].facts)
		if _, err := a.Close(); err != nil {
			t.Fatal(err)
		}
		if plain != test.plain || got != test.want || of != got {
			t.Errorf("%s: plain %v, %v, by its trajectories %v; want %v, %v", test.why, plain, got, of, test.plain, test.want)
		}
	}
}

// sinkFunc is a sink that is a function.
type sinkFunc func(*Conversation)

func (f sinkFunc) Conversation(c *Conversation) error { f(c); return nil }
