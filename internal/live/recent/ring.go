// Package recent keeps the latest segments of a live analysis, so that a conversation can be shown segment by segment, starting before it was
// asked for.
//
// Not its job: how they are shown.
package recent

import (
	"cmp"
	"slices"

	"tcptrace/analyzer"
	"tcptrace/internal/wire"
)

const (
	Size = 1 << 16 // readings of all conversations that are kept
	Most = 4096    // segments of a conversation that is watched
)

// Entry is a reading without pointers, and no larger than it must be.
type Entry struct {
	first, frame   uint64
	time           int64
	seq, ack       int64 // relative
	window         uint32
	notes          analyzer.Notes
	rawSeq, rawAck uint32
	length         uint32
	rawWindow      uint16
	flags          wire.Flags
	kind           analyzer.Kind
	cause          analyzer.Cause
	dir, shift     uint8
	bits           entryBits
	nsack          uint8
	sack           [4][2]uint32 // the first nsack are valid
}

type entryBits uint8

const (
	entrySpurious entryBits = 1 << iota
	entryScaled             // window is not a guess
	entryShift              // the segment has a window scale: shift
	entryAmends             // frame is that of an earlier segment, of which this tells the kind, cause, spurious and further notes
)

// Ring holds the last readings, and those of some conversations apart. It belongs to the goroutine of the loop.
type Ring struct {
	entries []Entry
	n       uint64 // entries so far; n mod Size is the place of the next
	watched []watched
	spare   []watched // their memory is used again
}

// watched is a conversation that is watched: it began with the frame first.
type watched struct {
	first   uint64
	entries []Entry
}

// New returns an empty ring.
func New() *Ring { return &Ring{entries: make([]Entry, Size)} }

// Read takes a reading. It is for Monitor.Watch, which calls it for every segment.
func (g *Ring) Read(r *analyzer.Reading) {
	e, s := &g.entries[g.n%Size], r.Segment
	g.n++
	// Field by field: a literal would be made elsewhere first, and copied.
	e.first, e.frame, e.time = r.First, s.Frame, s.Time
	e.seq, e.ack, e.window, e.notes = r.Seq, r.Ack, uint32(r.Window), r.Notes
	e.rawSeq, e.rawAck, e.length, e.rawWindow = s.Seq, s.Ack, s.Len, s.Window
	e.flags, e.kind, e.cause, e.dir, e.shift = s.Flags, r.Kind, r.Cause, s.Dir, s.WScale
	if e.nsack = min(s.NSack, uint8(len(s.Sack))); e.nsack > 0 { // of an RST with text they hold that
		e.sack = s.Sack
	}
	e.bits = 0
	if r.Spurious {
		e.bits |= entrySpurious
	}
	if r.Scaled {
		e.bits |= entryScaled
	}
	if s.Bits&wire.HasWScale != 0 {
		e.bits |= entryShift
	}
	if r.Amends != 0 {
		e.frame = r.Amends
		e.bits |= entryAmends
	}
	for i := range g.watched {
		if w := &g.watched[i]; w.first == r.First {
			w.keep(e)
		}
	}
}

// keep adds an entry. When there are twice as many as are shown, the older half goes.
func (w *watched) keep(e *Entry) {
	if len(w.entries) == cap(w.entries) {
		w.entries = w.entries[:copy(w.entries, w.entries[len(w.entries)-Most:])]
	}
	w.entries = append(w.entries, *e)
}

// Want watches the conversations that began with these frames, and no others. What the ring has of them is found.
func (g *Ring) Want(firsts ...uint64) {
	for i := 0; i < len(g.watched); {
		if slices.Contains(firsts, g.watched[i].first) {
			i++
			continue
		}
		g.spare = append(g.spare, g.watched[i])
		g.watched = slices.Delete(g.watched, i, i+1)
	}
	for _, first := range firsts {
		if !g.Wants(first) {
			g.watch(first)
		}
	}
}

// Wants reports whether the conversation that began with a frame is watched.
func (g *Ring) Wants(first uint64) bool { return g.find(first) != nil }

func (g *Ring) find(first uint64) *watched {
	for i := range g.watched {
		if g.watched[i].first == first {
			return &g.watched[i]
		}
	}
	return nil
}

func (g *Ring) watch(first uint64) {
	w := watched{first: first}
	if n := len(g.spare); n > 0 {
		w.entries, g.spare = g.spare[n-1].entries[:0], g.spare[:n-1]
	} else {
		w.entries = make([]Entry, 0, 2*Most)
	}
	for i := g.n - min(g.n, Size); i < g.n; i++ {
		if e := &g.entries[i%Size]; e.first == first {
			w.keep(e)
		}
	}
	g.watched = append(g.watched, w)
}

// CopyTo is dst with the latest segments of a conversation that is watched in place of what it had.
func (g *Ring) CopyTo(dst []Entry, first uint64) []Entry {
	dst = dst[:0]
	if w := g.find(first); w != nil {
		dst = append(dst, w.entries[max(0, len(w.entries)-Most):]...)
	}
	return dst
}

// Settle puts entries in the order of frames and applies the amendments, which it takes out.
func Settle(list []Entry) []Entry {
	var amended map[uint64]*Entry
	for i := range list {
		if e := &list[i]; e.bits&entryAmends != 0 {
			if amended == nil {
				amended = map[uint64]*Entry{}
			}
			amended[e.frame] = &Entry{kind: e.kind, cause: e.cause, notes: e.notes, bits: e.bits & entrySpurious}
		}
	}
	list = slices.DeleteFunc(list, func(e Entry) bool { return e.bits&entryAmends != 0 })
	for i := range list {
		if by := amended[list[i].frame]; by != nil {
			list[i].kind, list[i].cause = by.kind, by.cause
			list[i].notes = list[i].notes.Amended(by.kind, by.notes)
			list[i].bits = list[i].bits&^entrySpurious | by.bits
		}
	}
	byFrame := func(a, b Entry) int { return cmp.Compare(a.frame, b.frame) }
	if !slices.IsSortedFunc(list, byFrame) { // those of a SYN that waited come late
		slices.SortStableFunc(list, byFrame)
	}
	return list
}

// Reading makes r, whose Segment is s, what the entry was made of, as far as a timeline needs it.
func (e *Entry) Reading(r *analyzer.Reading, s *wire.Segment) {
	*s = wire.Segment{
		Time: e.time, Frame: e.frame, Seq: e.rawSeq, Ack: e.rawAck, Len: e.length, Window: e.rawWindow, Flags: e.flags,
		Dir: e.dir, WScale: e.shift, NSack: e.nsack,
	}
	if e.nsack > 0 {
		s.Sack = e.sack
	}
	if e.bits&entryShift != 0 {
		s.Bits |= wire.HasWScale
	}
	*r = analyzer.Reading{
		First: e.first, Segment: s, Kind: e.kind, Cause: e.cause, Spurious: e.bits&entrySpurious != 0, Notes: e.notes,
	}
}

// Frame is the number of the segment's frame.
func (e *Entry) Frame() uint64 { return e.frame }

// Correct replaces in v what a timeline cannot know that was not shown the beginning. numbered is whether both initial sequence
// numbers were seen, so that the reading counts from them, too.
func (e *Entry) Correct(v *analyzer.SegmentView, numbered bool) {
	if numbered {
		v.Seq = e.seq
		if v.HasAck {
			v.Ack = e.ack
		}
	}
	if e.bits&entryScaled != 0 {
		v.Window, v.Unscaled = uint64(e.window), false
	}
}

// Numbered reports whether both initial sequence numbers of c were seen.
func Numbered(c *analyzer.Conversation) bool {
	const both = analyzer.SawSYN | analyzer.SawSYNACK
	return c.Completeness&both == both
}
