package flow

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/state"
)

// Outcome is how the conversation in a slot went.
func (t *Tracker) Outcome(slot uint32) conn.Outcome {
	if isEmbryo(slot) {
		return conn.Unanswered
	}
	return t.outcome(slot)
}

// outcome is how the connection in a slot went.
func (t *Tracker) outcome(slot uint32) conn.Outcome {
	if o, ok := state.PlainOutcome(t.Slab.At(slot), &t.Facts); ok {
		return o
	}
	return t.bench.build(t, slot).Outcome
}

// bench is where a tracker works out how a conversation stands that it does not hand out.
type bench struct {
	conv     conn.Conversation
	evidence Evidence
	course   state.Course
}

// build is the conversation in a slot, valid until the next call.
func (b *bench) build(t *Tracker, slot uint32) *conn.Conversation {
	b.evidence.Reset()
	t.Build(slot, &b.conv, &b.evidence, &b.course)
	return &b.conv
}
