package view

import (
	"cmp"
	"slices"

	"tcptrace/analyzer"
	"tcptrace/internal/wire"
)

const (
	ringSize    = 1 << 16 // readings of all conversations that are kept, so that a ladder begins before it is asked for
	mostWatched = 4096    // segments of the conversation that is watched
)

// entry is a reading without pointers, and no larger than it must be.
type entry struct {
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
}

type entryBits uint8

const (
	entrySpurious entryBits = 1 << iota
	entryScaled             // window is not a guess
	entryShift              // the segment has a window scale: shift
	entryAmends             // frame is that of an earlier segment, of which this tells the kind, cause, spurious and further notes
)

// ring holds the last readings, and those of one conversation apart.
type ring struct {
	entries []entry
	n       uint64 // entries so far; n mod ringSize is the place of the next
	wanted  uint64 // first frame of the conversation that is watched; 0: none is
	watched []entry
}

func newRing() ring {
	return ring{entries: make([]entry, ringSize), watched: make([]entry, 0, 2*mostWatched)}
}

// read takes a reading. It is called for every segment.
func (g *ring) read(r *analyzer.Reading) {
	e, s := &g.entries[g.n%ringSize], r.Segment
	g.n++
	// Field by field: a literal would be made elsewhere first, and copied.
	e.first, e.frame, e.time = r.First, s.Frame, s.Time
	e.seq, e.ack, e.window, e.notes = r.Seq, r.Ack, uint32(r.Window), r.Notes
	e.rawSeq, e.rawAck, e.length, e.rawWindow = s.Seq, s.Ack, s.Len, s.Window
	e.flags, e.kind, e.cause, e.dir, e.shift = s.Flags, r.Kind, r.Cause, s.Dir, s.WScale
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
	if r.First == g.wanted {
		g.keep(e)
	}
}

// keep adds an entry to those that are watched. When there are twice as many as are shown, the older half goes.
func (g *ring) keep(e *entry) {
	if len(g.watched) == cap(g.watched) {
		g.watched = g.watched[:copy(g.watched, g.watched[len(g.watched)-mostWatched:])]
	}
	g.watched = append(g.watched, *e)
}

// want watches the conversation that began with a frame. What the ring has of it is found; 0 ends it.
func (g *ring) want(first uint64) {
	if first == g.wanted {
		return
	}
	g.wanted, g.watched = first, g.watched[:0]
	if first == 0 {
		return
	}
	from := g.n - min(g.n, ringSize)
	for i := from; i < g.n; i++ {
		if e := &g.entries[i%ringSize]; e.first == first {
			g.keep(e)
		}
	}
}

// copyTo is dst with the segments that are watched, the latest, in place of what it had.
func (g *ring) copyTo(dst []entry) []entry {
	return append(dst[:0], g.watched[max(0, len(g.watched)-mostWatched):]...)
}

// settle puts entries in the order of frames and applies the amendments, which it takes out.
func settle(list []entry) []entry {
	var amended map[uint64]*entry
	for i := range list {
		if e := &list[i]; e.bits&entryAmends != 0 {
			if amended == nil {
				amended = map[uint64]*entry{}
			}
			amended[e.frame] = &entry{kind: e.kind, cause: e.cause, notes: e.notes, bits: e.bits & entrySpurious}
		}
	}
	list = slices.DeleteFunc(list, func(e entry) bool { return e.bits&entryAmends != 0 })
	for i := range list {
		if by := amended[list[i].frame]; by != nil {
			list[i].kind, list[i].cause = by.kind, by.cause
			list[i].notes = list[i].notes.Amended(by.kind, by.notes)
			list[i].bits = list[i].bits&^entrySpurious | by.bits
		}
	}
	byFrame := func(a, b entry) int { return cmp.Compare(a.frame, b.frame) }
	if !slices.IsSortedFunc(list, byFrame) { // those of a SYN that waited come late
		slices.SortStableFunc(list, byFrame)
	}
	return list
}

// reading makes r, whose Segment is s, what the entry was made of, as far as a timeline needs it.
func (e *entry) reading(r *analyzer.Reading, s *wire.Segment) {
	*s = wire.Segment{
		Time: e.time, Frame: e.frame, Seq: e.rawSeq, Ack: e.rawAck, Len: e.length, Window: e.rawWindow, Flags: e.flags,
		Dir: e.dir, WScale: e.shift,
	}
	if e.bits&entryShift != 0 {
		s.Bits |= wire.HasWScale
	}
	*r = analyzer.Reading{
		First: e.first, Segment: s, Kind: e.kind, Cause: e.cause, Spurious: e.bits&entrySpurious != 0, Notes: e.notes,
	}
}
