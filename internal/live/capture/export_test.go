package capture

// Shares is how many frames each reader has had.
func (c *Capture) Shares() []uint64 {
	var all []uint64
	for _, r := range c.readers {
		all = append(all, r.received.Load())
	}
	return all
}
