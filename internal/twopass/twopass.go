// Package twopass reads an input twice: what is shown of the packets of a conversation depends on how it went, and which packets
// are whose is known when all of them were analyzed.
//
// Not its job: what is shown, and what flags look like.
package twopass

import (
	"context"
	"errors"

	"tcptrace/analyzer"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/input"
)

// A Viewer shows the packets of conversations. Which packets are whose, and what became of a
// conversation, is known when all of the input was analyzed, so it is read twice, or three times.
type Viewer interface {
	// Take is told of every chosen conversation in the first pass. It must not keep c.
	Take(c *analyzer.Conversation)
	// See is shown their frames in the second, in order.
	See(f *analyzer.Frame) error
}

// A Chooser is a Viewer that has no use for some conversations that were asked for. Wants is asked once for each, before Take.
type Chooser interface {
	Viewer
	Wants(c *analyzer.Conversation) bool
}

// Passes are the two passes over an input.
type Passes struct {
	Viewer   Viewer
	Selected // the conversations that were asked for
	Choice   analyzer.Choice
	Reads    bool                               // the viewer wants all that reading segments tells of a conversation
	Open     func(context.Context) input.Source // the input, for each pass
	Rewind   func() error                       // makes the input ready for the next pass

	// Valid after Find.
	Begin      analyzer.Time // of the first packet; from its conversation on
	Summary    analyzer.Summary
	Stats      packet.Stats
	Interfaces []input.Interface

	names []uint64 // stream numbers of the chosen ones
}

func (p *Passes) open(ctx context.Context) input.Source { return Begun(p.Open(ctx), &p.Begin) }

// ErrUnread is that nothing was chosen of an input that cannot be read, or not all of it: Stats says why.
var ErrUnread = errors.New("nothing was chosen of what could be read")

// Find is the first pass. After an error there is nothing to show.
//
// Reading every segment takes half as much time as the rest, and memory. So if there are few streams
// to be read, they are found without, and the partitions that they are in are gone through once more.
func (p *Passes) Find(ctx context.Context) error {
	later := p.later()
	src := p.open(ctx)
	var err error
	if p.Reads && !later {
		p.Summary, err = p.Choice.Read(ctx, src, finder{p, ctx})
	} else {
		opts := p.Choice.Options
		opts.Quick = later || p.Where == nil
		p.Summary, err = analyzer.Run(ctx, src, opts, finder{p, ctx})
	}
	p.Stats, p.Interfaces = src.Stats(), src.Interfaces()
	src.Close()
	if err != nil {
		return err
	}
	if len(p.Stats.Errors) > 0 && p.Choice.Len() == 0 {
		return ErrUnread
	}
	if err := p.Missing(&p.Summary); err != nil || !later {
		return err
	}
	return p.read(ctx)
}

// later reports whether conversations are found first and read then.
func (p *Passes) later() bool { return p.Reads && p.streams != nil && p.Where == nil }

// read tells the viewer of the conversations that were found, with all that their segments tell.
func (p *Passes) read(ctx context.Context) error {
	if err := p.Rewind(); err != nil {
		return err
	}
	src := p.open(ctx)
	defer src.Close()
	_, err := p.Choice.Reread(ctx, src, &rereader{Passes: p, ctx: ctx})
	return err
}

// rereader is the sink of read.
type rereader struct {
	*Passes
	ctx  context.Context
	next int
}

var errReordered = errors.New("the input changed while it was read: its conversations are different")

// Conversation tells the viewer of c if it was chosen.
func (r *rereader) Conversation(c *analyzer.Conversation) error {
	if err := context.Cause(r.ctx); err != nil {
		return err
	}
	i, ok := r.Choice.Index(c.FirstFrame)
	if !ok {
		return nil
	}
	if i != r.next {
		return errReordered
	}
	r.next++
	c.Stream = r.names[i]
	r.Viewer.Take(c)
	return nil
}

// finder is the sink of the first pass. It has no use for a part of the conversations, and takes no more once ctx is cancelled: those that
// are open then can be most of them.
type finder struct {
	*Passes
	ctx context.Context
}

func (p finder) Conversation(c *analyzer.Conversation) error {
	if err := context.Cause(p.ctx); err != nil {
		return err
	}
	wanted, err := p.Wants(c)
	if err != nil {
		return err
	}
	if v, ok := p.Viewer.(Chooser); ok && wanted {
		wanted = v.Wants(c)
	}
	if !wanted {
		p.Choice.Leave(c)
		return nil
	}
	p.Choice.Take(c)
	if p.later() {
		p.names = append(p.names, c.Stream)
	} else {
		p.Viewer.Take(c)
	}
	return nil
}

// Show is the second pass.
func (p *Passes) Show(ctx context.Context) error {
	if err := p.Rewind(); err != nil {
		return err
	}
	src := p.open(ctx)
	err := p.Choice.Watch(ctx, src, p.Viewer.See)
	src.Close()
	return err
}
