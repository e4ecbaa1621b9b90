package flow

import "tcptrace/analyzer/internal/conn"

// Output collects what a tracker has to say about a batch: conversations that
// began and that are over. A Merger takes it.
type Output struct {
	Events   []event
	Done     []conn.Conversation
	Followed []bool   // of each in Done: its course is where Tracker.Course had room for it
	evidence Evidence // of those in done
	sound    []sound
	Records  *Records // of those that are over, if the tracker makes such (Encode)
}

// next is room for another conversation, with what was there before.
func (o *Output) next() *conn.Conversation {
	if n := len(o.Done); n < cap(o.Done) {
		o.Done = o.Done[:n+1]
	} else {
		o.Done = append(o.Done, conn.Conversation{})
	}
	return &o.Done[len(o.Done)-1]
}

// Evidence is the memory behind what conversations refer to.
type Evidence struct {
	facts     []conn.Fact
	incidents []conn.Incident
}

func (ev *Evidence) Reset() { ev.facts, ev.incidents = ev.facts[:0], ev.incidents[:0] }

type event struct {
	frame uint64 // at which it happened
	Slot  uint32
	Arg   uint32 // EventDone: index in done; EventHold: if not 0, no number is kept for it; eventOpenHeld: the slot that held it
	Kind  eventKind
}

type eventKind uint8

const (
	eventOpen     eventKind = iota // the conversation in slot begins
	EventHold                      // a segment into the conversation in slot may begin another
	eventOpenHeld                  // it did: in slot
	EventHatched                   // the conversation of an embryo, in slot arg, is in slot now
	EventDone                      // the conversation in slot is over
	eventWritten                   // it is, and was written; arg is the index of its record
	eventSound                     // it is, and was sound; arg is its index in sound
	eventSkipped                   // it is, and the sink does not want it; arg is its outcome, slot how much of its history is unwritten
)

// Discard empties o, for who wants to know the places of segments and nothing else.
func (o *Output) Discard() {
	o.Events, o.Done, o.Followed, o.sound = o.Events[:0], o.Done[:0], o.Followed[:0], o.sound[:0]
	o.evidence.Reset()
	o.Records.reset()
}
