package flow

import "tcptrace/analyzer/internal/conn"

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
