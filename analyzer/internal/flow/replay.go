package flow

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/latest"
	"tcptrace/internal/wire"
)

// What follows is for segments that are tracked elsewhere than where they are read, without those of other conversations between them.

// Replay is Segment for one of which is known whether a frame like it passed just before, and when.
func (t *Tracker) Replay(s *wire.Segment, again bool, before conn.Time, out *Output) Placement {
	t.recent.Before = before
	t.payloads.Come(s)
	return t.place(s, Hash(&s.Key), again, out)
}

// ForgetPayload is for a segment with a payload that was not seen, with that place (latest.PayloadPlace).
func (t *Tracker) ForgetPayload(place uint16) { t.payloads.Forget(place) }

// All wants all sockets.
func All(wire.Key) bool { return true }

// FinishAll hands out what is open and wanted, as Merger.Rest does when the input ends, at that time, and has each take it. If all is, the tracker may be
// used for another capture then.
func (t *Tracker) FinishAll(end conn.Time, wanted func(wire.Key) bool, out *Output, each func() error) error {
	room := t.MaxFlows
	t.ReleaseAll(out)
	t.MaxFlows = room
	return t.Foresee(end, wanted, out, each)
}

// Outlook is what may become of a conversation that is open.
type Outlook struct {
	Over       conn.Time // when it is over if no more is heard of it: Never if it waits to the end of the capture, or for others
	Waits      bool      // it has to do with others, or with what is held
	Opened     bool      // there is a SYN of it
	Unread     bool      // its segments are not read, though others' are (Tracker.Elsewhere)
	Ended      bool      // it is closed or reset
	Start, End conn.Time // times of its first and its latest segment
	Packets    uint64
}

// Outlook gives f the sockets of all conversations that are open, and what may become of each. Some sockets come more than once.
func (t *Tracker) Outlook(f func(key wire.Key, o Outlook)) {
	for _, c := range t.Slab.All() {
		o := Outlook{
			Over: conn.Never, Waits: true, Opened: c.Seen&conn.SawSYN != 0, Ended: c.Flags.Has(conn.Ended), Unread: t.reads && !c.Flags.Has(conn.IsRead),
			Start: c.First, End: c.Last, Packets: uint64(c.Half[0].Packets) + uint64(c.Half[1].Packets),
		}
		if !c.Flags.Has(conn.Pending | conn.Replaced | conn.Succeeded) {
			o.Over, o.Waits = t.until(c), false
		}
		f(Sockets(c.Key), o)
	}
	for slot, e := range t.Slab.embryos.all() {
		f(Sockets(e.key), Outlook{
			Over: t.Slab.embryos.givesUp(slot), Opened: true, Start: conn.Time(e.time), End: t.Slab.embryos.last(slot), Packets: 1 + uint64(e.n),
		})
	}
}

// Foresee hands out the conversations that are open and wanted as they are at a later time, or before that when they are over, if no more is heard of them.
// More cannot be tracked then.
func (t *Tracker) Foresee(at conn.Time, wanted func(wire.Key) bool, out *Output, each func() error) error {
	t.Now = max(t.Now, at)
	for _, slot := range t.Live() {
		if !wanted(Sockets(*t.Slab.key(slot))) {
			continue
		}
		t.Finish(slot, 0, out)
		if err := each(); err != nil {
			return err
		}
	}
	return nil
}

// Sockets is a key without the network that tells it from others with the same sockets.
func Sockets(key wire.Key) wire.Key {
	key.V6 &= 1
	return key
}

// Touched are the places of the segments that the tracker has seen (latest.PlaceOf).
func (t *Tracker) Touched() [latest.Places / 64]uint64 { return t.recent.Touched() }

// TouchedByPayloads appends the places of the segments with payloads that the tracker has seen (latest.PayloadPlace), and reports whether those are
// all places there are.
func (t *Tracker) TouchedByPayloads(list []uint64) (places []uint64, all bool) {
	return t.payloads.Touched(list)
}
