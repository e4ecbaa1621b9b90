package octets

import "encoding/binary"

// Clock appends and reads times in nanoseconds as differences from the one before. Most are of whole microseconds, of which there are fewer.
type Clock struct{ last int64 }

const microsecond = 1000

// Append appends a time.
func (c *Clock) Append(b []byte, t int64) []byte {
	d := t - c.last
	c.last = t
	if d%microsecond == 0 {
		return binary.AppendVarint(b, d/microsecond<<1)
	}
	return binary.AppendVarint(binary.AppendVarint(b, 1), d)
}

// Read reads what Append appended.
func (c *Clock) Read(r *Reader) int64 {
	d := r.Varint()
	if d&1 != 0 {
		d = r.Varint()
	} else {
		d = d >> 1 * microsecond
	}
	c.last += d
	return c.last
}
