package flow

import (
	"time"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/reading"
	"tcptrace/analyzer/internal/segment"
	"tcptrace/internal/wire"
)

// passOver reads a segment that the analysis passes over.
func (t *Tracker) passOver(slot uint32, s *wire.Segment, kind reading.Kind, notes reading.Notes) {
	c := t.Slab.At(slot)
	if !c.Flags.Has(conn.IsRead) {
		return
	}
	var r segment.Reader
	r.Begin(&t.Pools, c, t.stats.At(slot), s)
	r.V.Kind, r.V.Notes = kind, notes
	r.Place()
	r.A.Observe(r.Tx, s)
	if kind == reading.KindCaptureDuplicate {
		t.RecoveryOf(r.A, r.Tx).Copied(s)
	}
	r.Close()
	t.tell(&r)
}

// tell hands a reading to the watcher, if there is one.
func (t *Tracker) tell(r *segment.Reader) {
	s := r.S
	if t.watch == nil || isEcho(r.C, s) {
		return
	}
	if t.origins.isTruncated(s) {
		r.V.Notes |= reading.NoteTruncated
	}
	if r.C.Flags.Has(conn.Succeeded) && s.Frame == r.C.FirstFrame {
		r.V.Notes |= reading.NotePortReused
	}
	client, _ := r.C.Client()
	out := &t.reading
	*out = reading.Reading{
		First: r.C.FirstFrame, Client: client, Segment: s,
		Seq: r.Tx.Relative(s.Seq), Window: int64(r.Offered()),
		Scaled: s.Flags.Any(wire.SYN) || conn.KnowsScale(r.Tx, r.Rx),
		Kind:   r.V.Kind, Cause: r.V.Cause, Spurious: r.V.Spurious, Notes: r.V.Notes,
		RTT: r.V.RTT, Third: r.V.Third,
	}
	if s.Flags.Has(wire.ACK) {
		out.Ack = r.Rx.Relative(s.Ack)
	}
	t.show(s, out)
}

// show has the watcher see a reading of s, with the time that was captured.
func (t *Tracker) show(s *wire.Segment, r *reading.Reading) {
	s.Time -= int64(t.late)
	t.watch(r)
	s.Time += int64(t.late)
}

// Revision is what a later segment showed of an earlier one.
type Revision struct {
	Frame    uint64
	Kind     reading.Kind
	Cause    conn.Cause
	Spurious bool
	Notes    reading.Notes // beside those that the segment has
	RTT      time.Duration // that its ACK measured, if it is known to have been taken only now; segment.NoRTT: none
}

// KeepRevisions has the tracker keep them.
func (t *Tracker) KeepRevisions() { t.keeps = true }

// Revisions are those kept so far.
func (t *Tracker) Revisions() []Revision { return t.revisions }

// revise tells what r shows of earlier segments.
func (t *Tracker) revise(r *segment.Reader) {
	for _, to := range t.Revised {
		t.reviseTo(r.C, r.S, to)
	}
	t.Revised = t.Revised[:0]
}

// reviseTo tells what s, of c, shows of one earlier segment.
func (t *Tracker) reviseTo(c *conn.Conn, s *wire.Segment, to reading.Reading) {
	if isEcho(c, s) {
		return
	}
	if t.keeps {
		t.revisions = append(t.revisions, Revision{to.Amends, to.Kind, to.Cause, to.Spurious, to.Notes, to.RTT})
	}
	if t.watch == nil {
		return
	}
	to.First, to.Segment = c.FirstFrame, s
	to.Client, _ = c.Client()
	t.reading = to
	t.show(s, &t.reading)
}

// Watch has f told of every segment that the tracker tracks, in order of frames but for those of a SYN
// of which it was not clear for a while whether it opens a connection. f is called by the goroutine
// that the tracker belongs to; r is valid during the call.
func (t *Tracker) Watch(f func(r *reading.Reading)) { t.watch = f }
