package blocks

// neutral are the options that name nobody, and how long each is, by type of block: flags, counts, times and resolutions. One of another length
// says nothing, and may be anything.
var neutral = map[uint32]map[uint16]int{
	Interface:  {8: 8, 9: 1, 10: 4, 13: 1, 14: 8}, // speed, resolution and zone of times, length of the check sequence, offset of times
	Obsolete:   {2: 4},
	Enhanced:   {2: 4, 4: 8, 5: 8, 6: 4},                   // flags, drops, number of the packet, queue
	Statistics: {2: 8, 3: 8, 4: 8, 5: 8, 6: 8, 7: 8, 8: 8}, // times and counts
}

// appendNeutral appends the options of b that name nobody, and the end of them.
func appendNeutral(out []byte, b *Block) []byte {
	opts, before := b.Bytes[b.options():len(b.Bytes)-4], len(out)
	for len(opts) >= 4 {
		code, length := b.Order.Uint16(opts), int(b.Order.Uint16(opts[2:]))
		size := padded(length)
		if code == 0 || size > len(opts)-4 {
			break
		}
		if is, ok := neutral[b.Type][code]; ok && is == length {
			out = append(out, opts[:4+size]...)
		}
		opts = opts[4+size:]
	}
	if len(out) > before || b.options() < len(b.Bytes)-4 {
		out = b.Order.AppendUint32(out, 0)
	}
	return out
}

// writeChanged writes a packet as Frame makes it.
func (c *Copy) writeChanged(b *Block, comments []string) error {
	order := b.Order
	if b.Type == Simple {
		return c.writeSimple(b)
	}
	id := order.Uint32(b.Bytes[8:])
	if b.Type == Obsolete {
		id = uint32(order.Uint16(b.Bytes[8:]))
	}
	size := order.Uint32(b.Bytes[20:])
	if uint64(id) >= uint64(len(c.links)) || uint64(size) > uint64(len(b.Bytes)-32) {
		return nil // no reader takes it: this is where it ends
	}
	data := b.Bytes[28 : 28+size]
	n := c.Frame(c.links[id], data, max(size, order.Uint32(b.Bytes[24:])))
	out := append(c.changed[:0], b.Bytes[:28]...)
	order.PutUint32(out[20:], uint32(n))
	out = Pad(append(out, data[:n]...), n)
	at := len(out)
	for _, text := range comments {
		out = AppendOption(out, order, optionComment, text)
	}
	out = appendNeutral(out, b)
	if len(comments) > 0 && b.options() == len(b.Bytes)-4 && len(out) > at {
		out = order.AppendUint32(out, 0)
	}
	c.changed = End(out, order, 0)
	return c.write(c.changed)
}

// writeSimple writes a packet whose block does not say how much was captured: it keeps its length.
func (c *Copy) writeSimple(b *Block) error {
	if len(c.links) == 0 {
		return nil
	}
	length := b.Order.Uint32(b.Bytes[8:])
	data := b.Bytes[12 : len(b.Bytes)-4]
	data = data[:min(uint64(len(data)), uint64(length))]
	n := c.Frame(c.links[0], data, length)
	clear(b.Bytes[12+n : len(b.Bytes)-4])
	return c.write(b.Bytes)
}
