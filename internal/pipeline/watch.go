package pipeline

import (
	"context"
	"errors"
	"io"

	"tcptrace/analyzer"
	"tcptrace/internal/input"
	"tcptrace/internal/wire"
)

// Choice is the conversations that a second pass shows. The sink of the first pass tells it of every
// conversation, by Take or Leave. It holds about 40 bytes for each one taken.
type Choice struct {
	taken      map[uint64]int      // by first frame: the how manieth
	left       map[uint64]struct{} // first frames of others, as far as they matter
	partitions []bool              // in which there are some
	last       uint64              // behind this frame there is nothing to show
}

// NewChoice is an empty choice for a first pass with these options.
func NewChoice(opts Options) *Choice {
	return &Choice{
		taken:      map[uint64]int{},
		left:       map[uint64]struct{}{},
		partitions: make([]bool, opts.Partitions()),
	}
}

// Take adds a conversation. Sightings name it by the number of those taken before it.
func (c *Choice) Take(v *analyzer.Conversation) {
	c.taken[v.FirstFrame] = len(c.taken)
	c.partitions[v.Partition(len(c.partitions))] = true
	c.last = max(c.last, v.LastFrame)
}

// Leave tells of a conversation that is not to be shown: a SYN that may begin it does not belong to
// the one whose sockets it uses.
func (c *Choice) Leave(v *analyzer.Conversation) {
	if v.WasHeld() {
		c.left[v.FirstFrame] = struct{}{}
	}
}

// Index is which of those taken the conversation is that begins with a frame.
func (c *Choice) Index(first uint64) (i int, ok bool) {
	i, ok = c.taken[first]
	return i, ok
}

// Partitions are those with conversations that were taken, for Options.Only.
func (c *Choice) Partitions() []bool { return c.partitions }

// Len is how many conversations were taken.
func (c *Choice) Len() int { return len(c.taken) }

// find is the number of the conversation at p.
func (c *Choice) find(p analyzer.Place) (int, bool) {
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

// Sighting is a captured frame of a chosen conversation. It is valid until the next one.
type Sighting struct {
	Conversation int // in the order in which they were taken
	Packet       *input.Packet
	Data         []byte        // what was captured of the frame
	Segment      *wire.Segment // found in Data, or put together from fragments of which the last is in it
	Fragments    []Fragment    // the frames of the others
	Reading      analyzer.Reading
	payload      []byte
}

// Fragment is a frame that has part of a segment.
type Fragment struct {
	Packet input.Packet
	Data   []byte
	Frame  uint64
}

// Duplicate reports whether the frame is a copy of one that was captured just before.
func (s *Sighting) Duplicate() bool { return s.Reading.Kind == analyzer.KindCaptureDuplicate }

// Payload is the captured bytes of the segment's payload: Segment.Len of them, unless the frame was cut.
func (s *Sighting) Payload() []byte { return s.payload }

// Watch is a second pass: it reads src, which has the same frames as in the first, and shows the frames of
// the chosen conversations to see, in their order. opts are those of the first pass. It ends when there
// is nothing more to show, when ctx is cancelled (then the cause is returned), or see fails.
//
// Which conversation a segment belongs to depends on the others in its partition: on which of them
// were evicted, say. So the trackers of the partitions that matter see all of their segments again, and the
// others none. Memory is bounded as in the first pass.
func Watch(ctx context.Context, src input.Source, opts Options, choice *Choice, see func(*Sighting) error) error {
	opts.Quick = false // a Reading of each segment is what it is for
	w := watcher{opts: opts, choice: choice, see: see}
	for _, wanted := range choice.partitions {
		var t *analyzer.Tracker
		if wanted {
			t = analyzer.NewTracker(opts.Options, nil)
			t.Watch(w.read)
		}
		w.trackers = append(w.trackers, t)
	}
	var frames input.Batch
	for w.intake.Summary.Packets < choice.last {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if err := src.Next(&frames); err == io.EOF {
			return errChanged
		} else if err != nil {
			return err
		}
		for i := range frames.Packets {
			if err := w.frame(&frames, i); err != nil {
				return err
			}
		}
	}
	return nil
}

var errChanged = errors.New("the input changed while it was read: it has fewer packets than in the first pass")

type watcher struct {
	opts     Options
	choice   *Choice
	see      func(*Sighting) error
	intake   analyzer.Intake
	trackers []*analyzer.Tracker // nil where nothing was chosen
	out      analyzer.Output
	segment  wire.Segment
	sighting Sighting
	parts    parts
}

func (w *watcher) frame(frames *input.Batch, i int) error {
	p, s := &frames.Packets[i], &w.segment
	data := frames.Data(i)
	if w.opts.Filter != nil && !w.opts.Filter.Match(p.Link, data, p.WireLen) {
		w.intake.Filtered(p.WireLen, p.Time)
		return nil
	}
	if !w.intake.Frame(p.Link, data, p.WireLen, p.Time, s) {
		if w.intake.Waits() {
			w.parts.keep(p, data, w.intake.Summary.Packets)
		}
		return nil
	}
	t := w.trackers[s.Key.Partition(len(w.trackers))]
	if t == nil {
		return nil
	}
	w.sighting.Reading = analyzer.Reading{Segment: s, Kind: kindOfSYN(s)} // it may be held, and read later
	place := t.Place(t.Segment(s, analyzer.Hash(&s.Key), &w.out))
	w.out.Discard()
	n, ok := w.choice.find(place)
	if !ok || s.Frame > w.choice.last {
		return nil
	}
	if rev, ok := w.opts.Revisions[s.Frame]; ok {
		r := &w.sighting.Reading
		r.Kind, r.Cause, r.Spurious = rev.Kind, rev.Cause, rev.Spurious
		r.Notes = r.Notes.Amended(rev.Kind, rev.Notes)
	}
	w.sighting.Conversation, w.sighting.Packet, w.sighting.Data, w.sighting.Segment = n, p, data, s
	w.sighting.payload = w.intake.Payload(s, data)
	if s.Flags.Any(wire.RST) {
		w.sighting.Reading.Text = w.sighting.payload
	}
	w.sighting.Fragments = w.parts.find(w.sighting.Fragments[:0], w.intake.Fragments(s))
	return w.see(&w.sighting)
}

// read takes what a tracker says of the segment at hand.
func (w *watcher) read(r *analyzer.Reading) {
	if r.Amends == 0 && r.Segment == &w.segment {
		w.sighting.Reading = *r
	}
}

func kindOfSYN(s *wire.Segment) analyzer.Kind {
	if s.Flags.Has(wire.ACK) {
		return analyzer.KindSYNACK
	}
	return analyzer.KindSYN
}
