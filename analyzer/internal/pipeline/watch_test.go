package pipeline_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/internal/input"
)

// pick takes the conversations that want selects.
type pick struct {
	analyzer.Choice
	want  func(c *analyzer.Conversation) bool
	taken []chosen
}

// chosen is what the tests compare of a conversation that was taken.
type chosen struct {
	stream, packets, first, last uint64
	payload                      [2]uint64 // sent, by side
}

func (p *pick) Conversation(c *analyzer.Conversation) error {
	if !p.want(c) {
		p.Leave(c)
		return nil
	}
	p.Take(c)
	p.taken = append(p.taken, chosen{c.Stream, c.Packets(), c.FirstFrame, c.LastFrame,
		[2]uint64{c.Sent[analyzer.Client].PayloadBytes, c.Sent[analyzer.Server].PayloadBytes}})
	return nil
}

// framesOf reads a capture twice and returns the conversations that want selects, and which frames each has.
func framesOf(t *testing.T, data []byte, o analyzer.Options, want func(c *analyzer.Conversation) bool) (cs []chosen, frames [][]uint64) {
	t.Helper()
	open := func() input.Source {
		return input.Open([]string{"-"}, input.Options{Stdin: bytes.NewReader(data)})
	}
	p := &pick{Choice: analyzer.Choice{Options: o}, want: want}
	if _, err := analyzer.Run(t.Context(), open(), o, p); err != nil {
		t.Fatal(err)
	}
	frames = make([][]uint64, p.Len())
	latest := uint64(0)
	err := p.Watch(t.Context(), open(), func(s *analyzer.Frame) error {
		if s.Segment.Frame <= latest {
			t.Errorf("frame %d is shown after frame %d", s.Segment.Frame, latest)
		}
		latest = s.Segment.Frame
		if got := uint32(len(s.Payload)); got != s.Segment.PayloadCap {
			t.Errorf("frame %d: %d bytes of payload, want %d", latest, got, s.Segment.PayloadCap)
		}
		frames[s.Conversation] = append(frames[s.Conversation], latest)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return p.taken, frames
}

// TestWatch: the second pass shows of each conversation exactly the frames that the first one counted, whatever
// else is chosen, also where conversations were evicted, sockets used again and SYNs held.
func TestWatch(t *testing.T) {
	for _, c := range captures(t) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := with(c.o, 2)
			cs, all := framesOf(t, c.data, o, func(*analyzer.Conversation) bool { return true })
			byFirst := map[uint64][]uint64{}
			for i := range cs {
				frames := all[i]
				if uint64(len(frames)) != cs[i].packets || frames[0] != cs[i].first || frames[len(frames)-1] != cs[i].last {
					t.Fatalf("stream %d, %d packets from %d to %d: frames %v", cs[i].stream, cs[i].packets, cs[i].first, cs[i].last, frames)
				}
				byFirst[frames[0]] = frames
			}
			rng := rand.New(rand.NewPCG(1, 2))
			times := min(4*len(cs), 20)
			if len(c.data) > 1<<18 {
				times = 3
			}
			for n := range times {
				one := cs[n%len(cs)].stream // in a small capture every conversation by itself
				want := func(c *analyzer.Conversation) bool { return c.Stream == one }
				if n%2 == 1 {
					odd := rng.Uint64N(3)
					want = func(c *analyzer.Conversation) bool { return c.Stream%3 == odd }
				}
				some, frames := framesOf(t, c.data, o, want)
				for i := range some {
					if !slices.Equal(frames[i], byFirst[some[i].first]) {
						t.Errorf("stream %d chosen among %d: frames\n%v, want\n%v", some[i].stream, len(some), frames[i], byFirst[some[i].first])
					}
				}
			}
		})
	}
}

func TestWatchEnds(t *testing.T) {
	data := captures(t)[0].data
	p := &pick{Choice: analyzer.Choice{Options: analyzer.Options{}}, want: func(*analyzer.Conversation) bool { return true }}
	open := func(data []byte) input.Source {
		return input.Open([]string{"-"}, input.Options{Stdin: bytes.NewReader(data)})
	}
	if _, err := analyzer.Run(t.Context(), open(data), analyzer.Options{}, p); err != nil {
		t.Fatal(err)
	}
	see := func(*analyzer.Frame) error { return nil }
	if err := p.Watch(t.Context(), open(data[:len(data)-1]), see); !errors.Is(err, analyzer.ErrChanged) {
		t.Errorf("a shorter input: %v", err)
	}
	full := errors.New("full")
	if err := p.Watch(t.Context(), open(data), func(*analyzer.Frame) error { return full }); !errors.Is(err, full) {
		t.Errorf("an error of the viewer: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Watch(ctx, open(data), see); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
