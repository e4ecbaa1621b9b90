package flow

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
)

// Touch, TouchConn and TouchFacts bring a segment and what it needs of its conversation into the processor's cache, each by what the
// one before has brought. All segments of a group are touched before the first of them is tracked, so that their cache misses overlap.
func (t *Tracker) Touch(hash uint32, place uint8, s *wire.Segment) {
	t.touched += conn.Time(s.Key.A.Lo) + conn.Time(s.Seq) + conn.Time(*t.index.home(hash)) + t.recent.Time(place)
}

// IsNear reports whether most segments are of conversations that were heard of lately, which are in the processor's cache already: those that
// wait for stragglers take room there only while they go on. It is asked of one segment of many, a sample, before that is tracked.
func (t *Tracker) IsNear(hash uint32, s *wire.Segment) bool {
	if slot := t.index.first(hash); slot&embryoBit == 0 { // nor noSlot
		far := int32(0)
		if s.Frame-t.Slab.At(slot).LastFrame > nearFrames {
			far = farAll
		}
		t.far += (far - t.far) / farSamples
	}
	return t.far < farMost
}

// nearFrames is how many frames ago a conversation was heard of that is in the cache. farMost is how many segments of farAll are of others, at
// most, if Touch takes longer than it saves. Of a capture in which 8 % were Touch took 4 % of all time, and it saved a tenth where 43 % were.
const (
	nearFrames = 2048
	farAll     = 1 << 16
	farMost    = farAll / 5
	farSamples = 16
)

// Ahead is what of a conversation is touched last: where its newest facts are, and its incidents; 0 if the segment does not need them.
type Ahead struct {
	facts     uint32
	incidents conn.IncidentList
}

// TouchConn is what follows Touch.
func (t *Tracker) TouchConn(hash uint32, s *wire.Segment) (a Ahead) {
	slot := t.index.first(hash)
	if slot&embryoBit != 0 { // or noSlot
		return a
	}
	c := t.Slab.At(slot)
	t.touched += c.Last + c.Half[0].Last + c.Half[1].Last + conn.Time(c.Half[0].Packets+c.Half[1].Packets)
	if c.Flags.Has(conn.IsRead) {
		t.touched += t.stats.At(slot).Touch(s.Dir)
	}
	a.facts = c.WatchedFacts()
	if s.Bits&faults != 0 {
		a.incidents = c.Incidents
	}
	return a
}

// TouchFacts is what follows TouchConn.
func (t *Tracker) TouchFacts(a Ahead) {
	if a.facts != 0 {
		facts := t.Facts.At(a.facts)
		t.touched += facts[0].Time + facts[conn.BlockFacts-1].Time
	}
	if a.incidents != 0 {
		t.touched += t.Facts.Incidents.At(uint32(a.incidents)).Last + conn.Time(*t.Facts.Incidents.Next(uint32(a.incidents)))
	}
}

// touchOver loads what is asked of a conversation that is over, and touchHistory what follows that. The results keep the loads from being
// optimized away.
func (t *Tracker) touchOver(slot uint32) conn.Time {
	if slot&embryoBit != 0 {
		return 0
	}
	c := t.Slab.At(slot)
	return c.Last + c.Half[0].Last + c.Half[1].Last + conn.Time(c.Half[1].Packets) + conn.Time(c.Facts.Last)
}

func (t *Tracker) touchHistory(slot uint32) conn.Time {
	if slot&embryoBit != 0 {
		return 0
	}
	c := t.Slab.At(slot)
	sum := c.Facts.Touch(&t.Facts)
	if c.Flags.Has(conn.IsRead) {
		sum += t.stats.At(slot).TouchPrompt()
	}
	return sum
}

// TouchJudged loads what is asked of some conversations that are to be judged, one after the other.
func (t *Tracker) TouchJudged(slots []uint32) {
	for _, slot := range slots {
		t.touched += t.touchOver(slot)
	}
	for _, slot := range slots {
		t.touched += t.touchHistory(slot)
	}
}
