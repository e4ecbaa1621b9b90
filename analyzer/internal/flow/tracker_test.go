package flow

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/intake"
	"tcptrace/internal/wire"
)

// tally is a sink that counts.
type tally struct {
	conversations, packets uint64
	streams                map[uint64]bool
	err                    error
}

func (k *tally) Conversation(c *conn.Conversation) error {
	k.conversations++
	k.packets += c.Packets()
	if k.streams == nil {
		k.streams = map[uint64]bool{}
	}
	if k.streams[c.Stream] && k.err == nil {
		k.err = fmt.Errorf("stream %d was handed out twice", c.Stream)
	}
	k.streams[c.Stream] = true
	if c.FirstFrame > c.LastFrame && k.err == nil {
		k.err = fmt.Errorf("stream %d: frames %d to %d", c.Stream, c.FirstFrame, c.LastFrame)
	}
	return nil
}

// feed is a tracker with its merger, for segments made by hand.
type feed struct {
	tracker *Tracker
	merger  *Merger
	outs    [1]Output
	frame   uint64
	tally   tally
}

func newFeed(o Options) *feed {
	f := &feed{tracker: NewTracker(o, nil)}
	f.merger = NewMerger(1, &f.tally)
	return f
}

func (f *feed) segment(at time.Duration, k wire.Key, dir uint8, flags wire.Flags, seq, ack uint32) error {
	f.frame++
	s := wire.Segment{Key: k, Dir: dir, Time: int64(at), Frame: f.frame, Flags: flags, Seq: seq, Ack: ack, Window: 100}
	f.tracker.Segment(&s, Hash(&s.Key), &f.outs[0])
	last := uint64(0)
	for _, e := range f.outs[0].Events {
		if e.frame < last || e.frame != f.frame {
			return fmt.Errorf("at frame %d: an event of frame %d after one of %d", f.frame, e.frame, last)
		}
		last = e.frame
	}
	return f.merger.Batch(f.outs[:])
}

func pair(n int) wire.Key {
	k, _ := wire.MakeKey(wire.Addr{Lo: 1}, wire.Addr{Lo: 2 + uint64(n>>16)}, uint16(n), 80, false)
	return k
}

func TestMaxFlows(t *testing.T) {
	const limit = 100
	f := newFeed(Options{MaxFlows: limit})
	for n := range 1000 {
		if err := f.segment(time.Duration(n), pair(n), 0, wire.ACK, 1, 1); err != nil {
			t.Fatal(err)
		}
		if used := f.tracker.Slab.Used; used > limit {
			t.Fatalf("%d conversations are tracked", used)
		}
		// The first one speaks now and then, and so is never the longest silent.
		if err := f.segment(time.Duration(n), pair(0), 0, wire.ACK, 1, 1); err != nil {
			t.Fatal(err)
		}
	}
	if f.tracker.Evicted != 1000-limit || f.tally.conversations != 1000-limit {
		t.Errorf("%d evicted, %d handed out; want %d", f.tracker.Evicted, f.tally.conversations, 1000-limit)
	}
	if f.tally.streams[0] {
		t.Error("the conversation that spoke last was ended")
	}
}

// TestEndedGoFirst: with a full table, what is over makes room before anything that lives.
func TestEndedGoFirst(t *testing.T) {
	const limit = 64
	f := newFeed(Options{MaxFlows: limit})
	send := func(n int, dir uint8, flags wire.Flags, seq, ack uint32) {
		t.Helper()
		if err := f.segment(0, pair(n), dir, flags, seq, ack); err != nil {
			t.Fatal(err)
		}
	}
	for n := range limit {
		send(n, 0, wire.ACK, 1, 1)
	}
	send(limit-1, 1, wire.RST, 1, 0) // the last to have spoken
	send(limit, 0, wire.ACK, 1, 1)
	if f.tracker.Evicted != 0 || f.tracker.ReleasedEarly != 1 || !f.tally.streams[limit-1] {
		t.Errorf("%d evicted, %d released early, handed out: %v", f.tracker.Evicted, f.tracker.ReleasedEarly, f.tally.streams)
	}
}

// TestExpiry: how long a conversation is kept when it is silent, by what was seen of it.
func TestExpiry(t *testing.T) {
	const msl = 10 * time.Second
	type sender = func(at time.Duration, dir uint8, flags wire.Flags, seq, ack uint32)
	for _, test := range []struct {
		name string
		play func(send sender)
		last time.Duration // of its packets
		kept time.Duration // after that; 0: to the end
	}{
		{"open", func(send sender) { send(0, 0, wire.ACK, 1, 1) }, 0, 0},
		{"closed", func(send sender) {
			send(0, 0, wire.FIN|wire.ACK, 1, 1)
			send(0, 1, wire.FIN|wire.ACK, 1, 2)
			send(0, 0, wire.ACK, 2, 2)
		}, 0, 2 * msl},
		{"closed, and a straggler", func(send sender) {
			send(0, 0, wire.FIN|wire.ACK, 1, 1)
			send(0, 1, wire.FIN|wire.ACK, 1, 2)
			send(0, 0, wire.ACK, 2, 2)
			send(15*time.Second, 1, wire.FIN|wire.ACK, 1, 2)
		}, 15 * time.Second, 2 * msl},
		{"half closed", func(send sender) {
			send(0, 0, wire.FIN|wire.ACK, 1, 1)
			send(0, 1, wire.ACK, 1, 2)
		}, 0, 0},
		{"reset", func(send sender) {
			send(0, 0, wire.ACK, 1, 1)
			send(0, 1, wire.RST, 1, 0)
		}, 0, 2 * msl},
		{"closed, then its SYN again", func(send sender) {
			send(0, 0, wire.SYN, 0, 0)
			send(0, 1, wire.SYN|wire.ACK, 0, 1)
			send(0, 1, wire.RST|wire.ACK, 1, 1)
			send(0, 0, wire.SYN, 0, 0)
		}, 0, 2 * msl},
		{"unanswered once", func(send sender) { send(0, 0, wire.SYN, 0, 0) }, 0, conn.MinConnectTimeout},
		{"unanswered for a minute", func(send sender) {
			for _, s := range []time.Duration{0, 1, 3, 7, 15, 31, 63} {
				send(s*time.Second, 0, wire.SYN, 0, 0)
			}
		}, 63 * time.Second, conn.MaxConnectTimeout},
		{"answered", func(send sender) {
			send(0, 0, wire.SYN, 0, 0)
			send(0, 1, wire.SYN|wire.ACK, 0, 1)
		}, 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			type probe struct {
				after time.Duration
				over  bool
			}
			probes := []probe{{test.kept - time.Millisecond, false}, {test.kept, true}}
			if test.kept == 0 {
				probes = []probe{{100 * time.Hour, false}}
			}
			for _, probe := range probes {
				f := newFeed(Options{MSL: msl})
				test.play(func(at time.Duration, dir uint8, flags wire.Flags, seq, ack uint32) {
					if err := f.segment(at, pair(1), dir, flags, seq, ack); err != nil {
						t.Fatal(err)
					}
				})
				if err := f.segment(test.last+probe.after, pair(2), 0, wire.ACK, 1, 1); err != nil {
					t.Fatal(err)
				}
				if over := f.tally.conversations == 1; over != probe.over {
					t.Errorf("silent for %v: over %v, want %v", probe.after, over, probe.over)
				}
			}
		})
	}
}

// TestQueuesAreBounded: connections that come and go faster than their deadlines pass.
func TestQueuesAreBounded(t *testing.T) {
	const limit = 1000
	for name, reply := range map[string]wire.Flags{"unanswered": 0, "answered": wire.SYN | wire.ACK, "refused": wire.RST | wire.ACK} {
		f := newFeed(Options{MaxFlows: limit})
		for n := range 100 * limit {
			at := time.Duration(n) * time.Microsecond
			if err := f.segment(at, pair(n), 0, wire.SYN, 7, 0); err != nil {
				t.Fatal(err)
			}
			if reply != 0 {
				if err := f.segment(at, pair(n), 1, reply, 9, 8); err != nil {
					t.Fatal(err)
				}
			}
		}
		tr := f.tracker
		for what, n := range map[string]int{
			"unanswered queue": len(tr.Dialing.chunks) * queueChunk, "ended queue": len(tr.ended.chunks) * queueChunk, "heap": len(tr.lru.heap),
			"index": len(tr.index.entries), "slab": int(tr.Slab.pool.Used()),
			"stream numbers": len(f.merger.streams[0].open),
		} {
			if n > 8*limit {
				t.Errorf("%s: the %s takes %d entries for %d conversations", name, what, n, limit)
			}
		}
	}
}

// FuzzTracker plays any segments on a few sockets with little room. Each segment is in exactly one
// conversation, numbers are given out once, and events come in the order of frames.
func FuzzTracker(f *testing.F) {
	for seed := range byte(8) {
		data := make([]byte, 400)
		rng := rand.NewChaCha8([32]byte{seed})
		rng.Read(data)
		f.Add(data)
	}
	f.Add([]byte{1, 2, 0, 0, 1, 18, 0, 1, 1, 16, 1, 1, 1, 2, 9, 0, 1, 2, 9, 0, 1, 18, 3, 10})
	flags := [...]wire.Flags{
		wire.SYN, wire.SYN | wire.ACK, wire.ACK, wire.ACK, wire.FIN | wire.ACK, wire.RST, wire.RST | wire.ACK,
		0, wire.SYN | wire.FIN, wire.SYN | wire.RST, wire.FIN, 0x1FF,
	}
	pauses := [...]time.Duration{0, 0, 0, time.Microsecond, time.Second, 20 * time.Second, 5 * time.Minute, -time.Hour}
	numbers := [...]uint32{0, 1, 2, 3, 100, 1 << 20, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1<<32 - 2, 0xDEADBEEF}
	f.Fuzz(func(t *testing.T, data []byte) {
		k := newFeed(Options{MaxFlows: 3})
		var now time.Duration
		for ; len(data) >= 4; data = data[4:] {
			now += pauses[data[0]&7]
			seq := numbers[int(data[2])%len(numbers)]
			ack := numbers[int(data[3])%len(numbers)] + uint32(data[3])%3
			if err := k.segment(now, pair(int(data[0]>>3)%6), data[1]&1, flags[int(data[1]>>1)%len(flags)], seq, ack); err != nil {
				t.Fatal(err)
			}
			if k.tracker.Slab.Used > 3 || len(k.tracker.held) > 3 {
				t.Fatalf("%d conversations, %d held SYNs", k.tracker.Slab.Used, len(k.tracker.held))
			}
		}
		var sum intake.Summary
		if err := k.merger.Finish([]*Tracker{k.tracker}, &sum); err != nil {
			t.Fatal(err)
		}
		if k.tally.err != nil {
			t.Error(k.tally.err)
		}
		if k.tally.packets != k.frame || sum.Conversations != k.tally.conversations {
			t.Errorf("%d segments, of which %d in %d conversations; the summary has %d",
				k.frame, k.tally.packets, k.tally.conversations, sum.Conversations)
		}
	})
}
