package analyzer

// Find visits the conversation that began with a frame, and reports whether it is followed. It searches all that are.
func (m *Monitor) Find(firstFrame uint64, visit func(*Seen)) bool {
	for _, p := range m.parts {
		for slot, sum := range p.tracker.Tallies() {
			if sum.FirstFrame == firstFrame {
				p.judge(p.ledger.of(slot))
				visit(&Seen{Conversation: p.conv, Judgment: p.judgment})
				return true
			}
		}
	}
	return false
}

// FindAsked visits the conversation with a number, if hosts may say more of it (Ask), and reports whether there is one.
func (m *Monitor) FindAsked(stream uint64, visit func(*Seen)) bool {
	for _, p := range m.parts {
		if number, ok := p.numbers[stream]; ok {
			p.judge(p.ledger.all.At(number))
			visit(&Seen{Conversation: p.conv, Judgment: p.judgment})
			return true
		}
	}
	return false
}
