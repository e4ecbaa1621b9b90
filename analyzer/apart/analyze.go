package apart

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/flow"
	"tcptrace/analyzer/internal/pipeline"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/wire"
)

// Options say how packets are analyzed. They are the same in all steps.
type Options = pipeline.Options

// Conversation is one TCP connection as the capture shows it.
type Conversation = conn.Conversation

// ID stands for two sockets. That others have the same one, by chance or because somebody wants it, costs time and nothing else: what is known of sockets
// by their ID is of all that have it. By chance that is one pair in some 100,000 of those in a file that has as many.
type ID uint32

// idSeed is the same on all machines.
var idSeed = [4]uint64{0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93, 0xA0761D6478BD642F, 0xE7037ED1A0B428DB}

func idOf(key *wire.Key) ID {
	k := flow.Sockets(*key)
	return ID(k.Hash(&idSeed) >> 32)
}

// Outline is what other files have to know of one.
type Outline struct {
	Packets    uint64
	Frames     uint64 // with what has a frame number and is no packet
	Start, End int64  // times, in ns since the Unix epoch: the earliest and the latest
	Expected   int64  // when all files were expected to end; Never: nothing was
	Open       []Open // conversations that are not over, in the order of their sockets
	Sockets    Sockets
	// Touched is where the segments of a file left their marks that is so short that a frame before it may come again behind it. It is nil
	// for others.
	Touched []uint64
	// Payloads is where those with payloads left what is remembered of these. It is nil if that is everywhere.
	Payloads []uint64
	Counts   Counts
}

// Open is the conversations of two sockets that are not over at the end of a file.
type Open struct {
	ID   ID
	Over int64 // the time when they are if no more is heard of them; Never: not before the last file ends
	Told bool  // Analyze handed out what becomes of them then

	packets uint64
	opened  bool
	unread  bool // Analyze did not find out what becomes of them
}

// Others is what somebody thinks to know of the other files. Where it is not so, what Analyze hands out is for naught and has to be packed, and nothing else
// is different.
type Others struct {
	Before bool  // there are some before this one
	End    int64 // when the last of all ends; Never: nobody knows
}

// Never is no time.
const Never = int64(conn.Never)

// Counts are sums over packets, as in analyzer.Summary.
type Counts struct {
	Bytes, TCP, Filtered, Tunneled, ICMPErrors uint64
	FirstFragments, CutOptions, BadOptions     uint64
	OtherFrames                                uint64            // they have frame numbers, and are no packets
	NotAnalyzed                                map[string]uint64 // by reason
	Bounds                                     map[string]uint64 // that were met, by their ids
	Evicted, ReleasedEarly                     uint64
	Drops                                      uint64 // packets that the capturing side says it lost
	DropsKnown                                 bool   // it said something
}

// Analyze reads all of src, which is one file, and hands out the conversations that are over by its end, as far as it shows, and those that will be
// over at a certain time, as they are then. Their frames count in the file, and they have no stream numbers.
//
// What will not be over when all files are expected to end is handed out as it is then, too, if the file ends then or it is likely that there is no more of it.
// What begins midway, in a file that is not the first, is in an earlier one most likely: its segments are not read, and nothing is handed out, whether it
// is over or not.
func Analyze(ctx context.Context, src packet.Source, o Options, others Others, over func(id ID, c *Conversation) error) (Outline, error) {
	var a pipeline.Inline
	var sockets socketSet
	var unread []Open
	a.Reset(o, handing(func(c *Conversation) error {
		key := keyOf(c)
		id := idOf(&key)
		if c.Quick && !o.Quick {
			unread = append(unread, Open{ID: id, Over: Never, packets: c.Packets(), unread: true})
			return nil
		}
		sockets.add(id, c.Packets())
		c.Stream = 0
		return over(id, c)
	}))
	for _, t := range a.Trackers() {
		t.Elsewhere = others.Before
	}
	a.Heard = func(n *flow.Notice) { sockets.add(idOf(&n.Key), 0) }
	if err := a.Read(ctx, src); err != nil {
		return Outline{}, err
	}
	if err := a.Expire(); err != nil {
		return Outline{}, err
	}
	out := outline(&a, others, unread)
	if err := out.handOut(&a); err != nil {
		return Outline{}, err
	}
	for _, x := range out.Open {
		if !x.Told {
			sockets.add(x.ID, x.packets)
		}
	}
	out.Sockets = sockets.pack()
	out.Counts.OtherFrames = a.Summary.OtherFrames
	if r, ok := src.(packet.Reporter); ok {
		stats := r.Stats()
		out.Counts.OtherFrames, out.Counts.Drops, out.Counts.DropsKnown = stats.OtherFrames, stats.Drops, stats.Drop
	}
	out.Frames = out.Packets + out.Counts.OtherFrames
	return out, nil
}

// outline is that of a file. unread is what is over by its end of which it is not known what becomes of it.
func outline(a *pipeline.Inline, others Others, unread []Open) Outline {
	sum := a.Summary
	out := Outline{Packets: sum.Packets, Start: int64(sum.Start), End: int64(sum.End), Expected: others.End, Open: unread}
	everywhere := true
	for _, t := range a.Trackers() {
		t.Outlook(func(key wire.Key, o flow.Outlook) {
			out.Open = append(out.Open, Open{idOf(&key), int64(o.Over), out.worthTelling(&o), o.Packets, o.Opened || !others.Before, o.Unread})
		})
		sum.Evicted += t.Evicted
		sum.ReleasedEarly += t.ReleasedEarly
		t.AddBounds(&sum)
		all := false
		out.Payloads, all = t.TouchedByPayloads(out.Payloads)
		everywhere = everywhere && all
		if sum.End-sum.Start < conn.CaptureDelay {
			places := t.Touched()
			out.Touched = append(out.Touched, places[:]...)
		}
	}
	if everywhere {
		out.Payloads = nil
	}
	out.Open = oneForEach(out.Open)
	for i := range out.Open {
		x := &out.Open[i]
		x.Told = x.opened && !x.unread && (x.Told || out.isLast())
	}
	out.Counts = Counts{
		Bytes: sum.Bytes, TCP: sum.TCP, Filtered: sum.Filtered, Tunneled: sum.Tunneled, ICMPErrors: sum.ICMPErrors,
		FirstFragments: sum.FirstFragments, CutOptions: sum.CutOptions, BadOptions: sum.BadOptions,
		NotAnalyzed: map[string]uint64{}, Bounds: map[string]uint64{}, Evicted: sum.Evicted, ReleasedEarly: sum.ReleasedEarly,
	}
	for _, n := range sum.NotAnalyzed() {
		out.Counts.NotAnalyzed[n.Reason] += n.Packets
	}
	for _, n := range sum.Shortfalls() {
		out.Counts.Bounds[n.Bound] += n.Count
	}
	return out
}

// oneForEach is what is open in the order of sockets, one for each: two conversations on the same sockets may have to do with each other.
func oneForEach(open []Open) []Open {
	slices.SortFunc(open, func(a, b Open) int { return cmp.Compare(a.ID, b.ID) })
	n := 0
	for i, x := range open {
		if i > 0 && open[n-1].ID == x.ID {
			open[n-1].Over, open[n-1].Told = Never, false
			open[n-1].packets += x.packets
			open[n-1].opened, open[n-1].unread = open[n-1].opened || x.opened, open[n-1].unread || x.unread
			continue
		}
		open[n] = x
		n++
	}
	return open[:n]
}

// isLast reports whether all files are expected to end with this one.
func (o *Outline) isLast() bool { return o.End == o.Expected }

// answerDelay is how long something may take that is under way: the first timeout of a SYN (RFC 6298, 2.1).
const answerDelay = conn.Time(time.Second)

// worthTelling reports whether what becomes of a conversation that is open is handed out: if it is known, and it is likely that there is no more of it. One
// that has not ended has been silent for longer than it was not, and for longer than answers take.
func (o *Outline) worthTelling(x *flow.Outlook) bool {
	switch {
	case x.Waits:
		return false
	case x.Ended:
		return x.Over != conn.Never
	case x.Over == conn.Never && o.Expected == Never:
		return false
	}
	return conn.Time(o.End)-x.End > max(x.End-x.Start, answerDelay)
}

// handOut hands out what is open and told of.
func (o *Outline) handOut(a *pipeline.Inline) error {
	if !o.isLast() {
		return a.Foresee(conn.Time(o.Expected), o.tells)
	}
	return a.FinishAll(o.tells)
}

// tells reports whether what becomes of what is open on sockets is handed out.
func (o *Outline) tells(key wire.Key) bool {
	i, ok := slices.BinarySearchFunc(o.Open, idOf(&key), func(x Open, id ID) int { return cmp.Compare(x.ID, id) })
	return ok && o.Open[i].Told
}

// Add adds those of another file.
func (c *Counts) Add(o *Counts) {
	c.Bytes += o.Bytes
	c.TCP += o.TCP
	c.Filtered += o.Filtered
	c.Tunneled += o.Tunneled
	c.ICMPErrors += o.ICMPErrors
	c.FirstFragments += o.FirstFragments
	c.CutOptions += o.CutOptions
	c.BadOptions += o.BadOptions
	c.OtherFrames += o.OtherFrames
	c.Evicted += o.Evicted
	c.ReleasedEarly += o.ReleasedEarly
	c.Drops += o.Drops
	c.DropsKnown = c.DropsKnown || o.DropsKnown
	if c.NotAnalyzed == nil {
		c.NotAnalyzed, c.Bounds = map[string]uint64{}, map[string]uint64{}
	}
	for reason, n := range o.NotAnalyzed {
		c.NotAnalyzed[reason] += n
	}
	for id, n := range o.Bounds {
		c.Bounds[id] += n
	}
}

// handing is a sink that hands conversations on.
type handing func(c *Conversation) error

// Conversation implements flow.Sink.
func (h handing) Conversation(c *Conversation) error { return h(c) }

// keyOf is the sockets of c.
func keyOf(c *Conversation) wire.Key {
	client, server := c.Addr[conn.Client], c.Addr[conn.Server]
	key, _ := wire.MakeKey(wireAddr(client.Addr()), wireAddr(server.Addr()), client.Port(), server.Port(), client.Addr().Is6())
	return key
}

// each gives f the packets of src one by one.
func each(ctx context.Context, src packet.Source, f func(p *packet.Packet, data []byte) error) error {
	var b packet.Batch
	for {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		switch err := src.Next(&b); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		for i := range b.Packets {
			if err := f(&b.Packets[i], b.Data(i)); err != nil {
				return err
			}
		}
	}
}
