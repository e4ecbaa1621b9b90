package analyzer

import (
	"tcptrace/internal/wire"
)

// passOver reads a segment that the analysis passes over.
func (t *Tracker) passOver(slot uint32, s *wire.Segment, kind Kind, notes Notes) {
	c := t.slab.at(slot)
	if !c.flags.has(isRead) {
		return
	}
	r := newReader(&t.pools, c, t.ledgers.at(slot), s)
	r.v.kind, r.v.notes = kind, notes
	r.place()
	r.a.observe(r.tx, s)
	if kind == KindCaptureDuplicate {
		t.repairOf(r.a, r.tx).copied(s)
	}
	r.close()
	t.tell(&r)
}

// tell hands a reading to the watcher, if there is one.
func (t *Tracker) tell(r *reader) {
	s := r.s
	if t.watch == nil || isEcho(r.c, s) {
		return
	}
	if s.PayloadCap < s.Len {
		r.v.notes |= NoteTruncated
	}
	if r.c.flags.has(succeeded) && s.Frame == r.c.firstFrame {
		r.v.notes |= NotePortReused
	}
	client, _ := r.c.client()
	out := &t.reading
	*out = Reading{
		First: r.c.firstFrame, Client: client, Segment: s,
		Seq: r.tx.relative(s.Seq), Window: int64(r.offered()),
		Scaled: s.Flags.Any(wire.SYN) || knowsScale(r.tx, r.rx),
		Kind:   r.v.kind, Cause: r.v.cause, Spurious: r.v.spurious, Notes: r.v.notes,
	}
	if s.Flags.Has(wire.ACK) {
		out.Ack = r.rx.relative(s.Ack)
	}
	t.show(s, out)
}

// show has the watcher see a reading of s, with the time that was captured.
func (t *Tracker) show(s *wire.Segment, r *Reading) {
	s.Time -= int64(t.late)
	t.watch(r)
	s.Time += int64(t.late)
}

// Revision is what a later segment showed of an earlier one.
type Revision struct {
	Frame    uint64
	Kind     Kind
	Cause    Cause
	Spurious bool
	Notes    Notes // beside those that the segment has
}

// KeepRevisions has the tracker keep them.
func (t *Tracker) KeepRevisions() { t.keeps = true }

// Revisions are those kept so far.
func (t *Tracker) Revisions() []Revision { return t.revisions }

// revise tells what r shows of earlier segments.
func (t *Tracker) revise(r *reader) {
	for _, to := range t.revised {
		t.reviseTo(r, to)
	}
	t.revised = t.revised[:0]
}

func (t *Tracker) reviseTo(r *reader, to Reading) {
	if isEcho(r.c, r.s) {
		return
	}
	if t.keeps {
		t.revisions = append(t.revisions, Revision{to.Amends, to.Kind, to.Cause, to.Spurious, to.Notes})
	}
	if t.watch == nil {
		return
	}
	to.First, to.Segment = r.c.firstFrame, r.s
	to.Client, _ = r.c.client()
	t.reading = to
	t.show(r.s, &t.reading)
}

// Watch has f told of every segment that the tracker tracks, in order of frames but for those of a SYN
// of which it was not clear for a while whether it opens a connection. f is called by the goroutine
// that the tracker belongs to; r is valid during the call.
func (t *Tracker) Watch(f func(r *Reading)) { t.watch = f }
