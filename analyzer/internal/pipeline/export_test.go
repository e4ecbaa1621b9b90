package pipeline

// Whole has Watch track all conversations of the partitions that matter, and Lone is in how many of these it would track the chosen ones alone.
func (c *Choice) Whole() { c.lone.apart = false }

func (c *Choice) Lone() (n int) {
	for i, wanted := range c.partitions {
		if c.lone.apart && c.lone.spans != nil && wanted && !c.lone.mixed[i] {
			n++
		}
	}
	return n
}
