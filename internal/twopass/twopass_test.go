package twopass

import (
	"context"
	"errors"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/input"
)

// taker counts what it is told of.
type taker struct{ taken, seen int }

func (t *taker) Take(*analyzer.Conversation) { t.taken++ }
func (t *taker) See(*analyzer.Frame) error   { t.seen++; return nil }
func (t *taker) passes(open func(context.Context) input.Source, streams ...uint) *Passes {
	return &Passes{
		Viewer: t, Selected: Select(streams, nil), Reads: true,
		Choice: analyzer.Choice{Options: analyzer.Options{Workers: 2}},
		Open:   open, Rewind: func() error { return nil },
	}
}

func read(ctx context.Context) input.Source {
	return input.Open([]string{"../../testdata/pcaps/showcase.pcap"}, input.Options{Context: ctx})
}

// ending calls end when it was read for the nth time.
type ending struct {
	input.Source
	end func()
}

func (e *ending) Next(b *packet.Batch) error {
	err := e.Source.Next(b)
	e.end()
	return err
}

// TestCancelled: a first pass that is cancelled takes none of the conversations that are open then, since nothing will be shown of them;
// one that is cancelled when it has ended takes all.
func TestCancelled(t *testing.T) {
	for _, c := range []struct {
		name    string
		streams []uint
		passes  int // that are not cancelled
	}{
		{"all, in the first pass", nil, 0},
		{"all, behind it", nil, 1},
		{"one, in the first pass", []uint{0}, 0},
		{"one, in the pass that reads it", []uint{0}, 1},
		{"one, behind that", []uint{0}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			passes := 0
			open := func(ctx context.Context) input.Source {
				if passes++; passes <= c.passes {
					return read(ctx)
				}
				return &ending{read(ctx), cancel}
			}
			var v taker
			err := v.passes(open, c.streams...).Find(ctx)
			last := c.passes == passes
			if last != (err == nil) || !last && !errors.Is(err, context.Canceled) {
				t.Errorf("%d passes: %v", passes, err)
			}
			if (v.taken > 0) != last {
				t.Errorf("%d taken", v.taken)
			}
		})
	}
}
