package analyzer

// Find visits the conversation that began with a frame, and reports whether it is followed. It looks at all that are.
func (m *Monitor) Find(firstFrame uint64, visit func(*Seen)) bool {
	for slot, sum := range m.tracker.Tallies() {
		if sum.FirstFrame == firstFrame {
			m.judge(m.ledger.of(slot))
			visit(&Seen{Conversation: m.conv, Judgment: m.judgment})
			return true
		}
	}
	return false
}
