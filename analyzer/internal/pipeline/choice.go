package pipeline

import (
	"context"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/flow"
	"tcptrace/analyzer/internal/intake"
	"tcptrace/analyzer/packet"
)

// Choice is the conversations of which a second pass over a capture shows the packets (Watch). The sink of the first pass tells it of
// every conversation, by Take or Leave. It holds about 40 bytes for each one taken, and 100 more for some thousands. The zero value, with Options set once, is ready.
//
// The first pass is by Run, or by Read or Reread where a Frame's Reading shall be as exact as what the conversations say.
type Choice struct {
	Options Options // of all passes
	ICMP    bool    // the packets of ICMP errors about segments of a conversation are shown among its own

	taken      map[uint64]int           // by first frame: how many were taken before it
	left       map[uint64]struct{}      // first frames of others, as far as they matter
	partitions []bool                   // in which there are some
	last       uint64                   // behind this frame there is nothing to show but ICMP errors
	errors     bool                     // there are some
	revisions  map[uint64]flow.Revision // what later segments showed of earlier ones, by their frames
	lone       lone
}

// Take adds a conversation. Frames name it by the number of those taken before it.
func (c *Choice) Take(v *conn.Conversation) {
	if c.taken == nil {
		c.taken = map[uint64]int{}
	}
	c.taken[v.FirstFrame] = len(c.taken)
	partition := v.Partition(len(c.wanted()))
	c.partitions[partition] = true
	c.lone.take(v, partition, len(c.partitions))
	c.last = max(c.last, v.LastFrame)
	c.errors = c.errors || c.ICMP && len(v.ICMP()) > 0
}

// wanted has a true for each partition of the flows in which a conversation was taken.
func (c *Choice) wanted() []bool {
	if c.partitions == nil {
		c.partitions = make([]bool, Tracking(c.Options).Partitions())
	}
	return c.partitions
}

// Leave tells of a conversation that is not to be shown: a SYN that may begin it does not belong to
// the one whose sockets it uses.
func (c *Choice) Leave(v *conn.Conversation) {
	if !v.WasHeld() {
		return
	}
	if c.left == nil {
		c.left = map[uint64]struct{}{}
	}
	c.left[v.FirstFrame] = struct{}{}
}

// Index is which of those taken the conversation is that begins with a frame.
func (c *Choice) Index(first uint64) (i int, ok bool) {
	i, ok = c.taken[first]
	return i, ok
}

// Len is how many conversations were taken.
func (c *Choice) Len() int { return len(c.taken) }

// Read is Run, and keeps what Watch can tell of a segment only by what came later.
func (c *Choice) Read(ctx context.Context, src packet.Source, sink flow.Sink) (intake.Summary, error) {
	return c.run(ctx, src, sink, nil)
}

// Reread is Read of the conversations that were taken, and some others, for a first pass that was Quick.
func (c *Choice) Reread(ctx context.Context, src packet.Source, sink flow.Sink) (intake.Summary, error) {
	return c.run(ctx, src, sink, c.wanted())
}

func (c *Choice) run(ctx context.Context, src packet.Source, sink flow.Sink, only []bool) (intake.Summary, error) {
	opts := c.Options
	opts.Quick = false
	r := newRun(opts, sink)
	r.only = only
	for _, t := range r.trackers {
		t.KeepRevisions()
	}
	sum, err := r.run(ctx, src, sink)
	c.revisions = map[uint64]flow.Revision{}
	for _, t := range r.trackers {
		for _, rev := range t.Revisions() {
			c.revisions[rev.Frame] = rev
		}
	}
	c.lone.learn(r.trackers)
	return sum, err
}

// find is the number of the conversation at p.
func (c *Choice) find(p flow.Place) (int, bool) {
	if p.Held != 0 {
		if i, ok := c.taken[p.Held]; ok {
			return i, true
		}
		if _, ok := c.left[p.Held]; ok {
			return 0, false
		}
	}
	i, ok := c.taken[p.First]
	return i, ok
}
