package conn

// Losing is from when to when a side lost segments with payload, as far as their repairs show: the times of the first that was sent again and
// of the last. ok is false if none was.
func (c *Conversation) Losing(side Side) (first, last Time, ok bool) {
	for i := range c.Incidents {
		if m := &c.Incidents[i]; m.Kind == IncidentLoss && m.Dir == c.ClientDir^uint8(side) {
			return m.Time, max(m.Last, m.Time), true
		}
	}
	return 0, 0, false
}
