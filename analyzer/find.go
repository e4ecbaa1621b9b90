package analyzer

import "tcptrace/analyzer/internal/conn"

// Find visits the conversation that began with a frame, and reports whether it is followed. It looks at all that are.
func (m *Monitor) Find(firstFrame uint64, visit func(*Seen)) bool {
	t := m.tracker
	for i := range t.Slab.Chunks {
		for j := range t.Slab.Chunks[i] {
			if c := &t.Slab.Chunks[i][j]; c.Gen%2 == 1 && c.FirstFrame == firstFrame {
				m.judge(uint32(i<<conn.ChunkBits | j))
				visit(&Seen{Conversation: &m.conv, Judgment: &m.judgment})
				return true
			}
		}
	}
	return false
}
