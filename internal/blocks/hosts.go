package blocks

// Types of records in a block of names.
const (
	recordEnd  = 0
	recordIPv4 = 1
	recordIPv6 = 2
)

// hostsComment is beside the names, which are not those of whoever captured.
const hostsComment = "tcptrace: names found in the capture"

// writeHosts writes the block of names, where the interfaces of the first section have been described.
func (c *Copy) writeHosts() error {
	if c.named || !c.begun {
		return nil
	}
	c.named = true
	order := c.in.order
	for hosts := c.Hosts; len(hosts) > 0; {
		b, at := Begin(c.buf[:0], order, Names)
		for len(hosts) > 0 && len(b) < step {
			kind := uint16(recordIPv4)
			if !hosts[0].Addr.Is4() {
				kind = recordIPv6
			}
			value := string(hosts[0].Addr.AsSlice()) + hosts[0].Name + "\x00"
			b = AppendOption(b, order, kind, value)
			hosts = hosts[1:]
		}
		b = order.AppendUint32(b, recordEnd)
		b = AppendOption(b, order, optionComment, hostsComment)
		b = End(order.AppendUint32(b, 0), order, at)
		if err := c.write(b); err != nil {
			return err
		}
		c.buf = b
	}
	return nil
}
