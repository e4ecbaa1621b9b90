package analyzer

// Find visits the conversation that began with a frame, and reports whether it is followed. It looks at all that are.
func (m *Monitor) Find(firstFrame uint64, visit func(*Seen)) bool {
	t := m.tracker
	for i := range t.slab.chunks {
		for j := range t.slab.chunks[i] {
			if c := &t.slab.chunks[i][j]; c.gen%2 == 1 && c.firstFrame == firstFrame {
				m.judge(uint32(i<<chunkBits | j))
				visit(&Seen{Conversation: &m.conv, Judgment: &m.judgment})
				return true
			}
		}
	}
	return false
}
