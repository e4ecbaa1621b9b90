package analyzer

// outcome is how the connection in a slot went.
func (t *Tracker) outcome(slot uint32) Outcome {
	if o, ok := plainOutcome(t.slab.at(slot), &t.facts); ok {
		return o
	}
	return t.bench.build(t, slot).Outcome
}

// bench is where a tracker works out how a conversation stands that it does not hand out.
type bench struct {
	conv     Conversation
	evidence evidence
	course   Course
}

// build is the conversation in a slot, valid until the next call.
func (b *bench) build(t *Tracker, slot uint32) *Conversation {
	b.evidence.reset()
	t.build(slot, &b.conv, &b.evidence, &b.course)
	return &b.conv
}
