package analyzer

// Find visits the conversation that began with a frame, and reports whether it is followed. It looks at all that are.
func (m *Monitor) Find(firstFrame uint64, visit func(*Seen)) bool {
	t := m.tracker
	for slot, c := range t.Slab.All() {
		if c.FirstFrame == firstFrame {
			m.judge(slot)
			visit(&Seen{Conversation: &m.conv, Judgment: &m.judgment})
			return true
		}
	}
	return false
}
