package analyzer

import (
	"encoding/binary"

	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// An RST may carry a text that says why it was sent (RFC 9293 3.5.3). It is no part of the stream. An RST has no SACK blocks: their
// room takes the beginning of the text through the analysis, and a mark keeps it. A second pass has all of it.

// shortText is how much of the text of an RST is kept.
const shortText = 8 * 4

// longText is how much of it is shown beside the segment.
const longText = 256

// carryText puts the beginning of the payload of s, an RST, in the place of its SACK blocks.
func carryText(s *wire.Segment, payload []byte) {
	if len(payload) == 0 || s.NSack != 0 {
		return
	}
	var b [shortText]byte
	copy(b[:], payload)
	for i := range s.Sack {
		s.Sack[i] = [2]uint32{binary.BigEndian.Uint32(b[8*i:]), binary.BigEndian.Uint32(b[8*i+4:])}
	}
	s.Bits |= wire.HasText
}

// markText keeps the text of an RST; of several in a direction that of the first that was accepted.
func (c *conv) markText(p *markPool, s *wire.Segment, first bool) {
	m := c.mark(p, markResetText, s.Dir, s, 0)
	if m.count > 1 && !first {
		return
	}
	m.time, m.ahead, m.amount = Time(s.Time), c.ahead(s), int64(s.Len)
	m.ttl = uint8(min(s.PayloadCap, shortText))
	word := func(i int) int64 { return int64(s.Sack[i][0])<<32 | int64(s.Sack[i][1]) }
	m.run.since, m.run.total, m.run.longest, m.hole.from = Time(word(0)), Time(word(1)), Time(word(2)), reassembly.Pos(word(3))
}

// resetText is the text that an RST carried, escaped, empty if it had none.
func (s *scene) resetText(rst *fact) string {
	m := s.marked(markResetText, rst.dir())
	if m == nil || m.ahead != rst.ahead {
		return ""
	}
	b := make([]byte, 0, shortText)
	for _, word := range [...]int64{int64(m.run.since), int64(m.run.total), int64(m.run.longest), int64(m.hole.from)} {
		b = binary.BigEndian.AppendUint64(b, uint64(word))
	}
	return EscapeText(b[:m.ttl], int(m.amount))
}

// EscapeText is bytes that somebody chose, of n that were sent, as they can be shown anywhere: printable ASCII without what is markup
// somewhere; anything else is \xNN. It ends with "..." if there were more.
func EscapeText(b []byte, n int) string {
	const hex = "0123456789abcdef"
	out := make([]byte, 0, len(b)+3)
	for _, c := range b {
		switch {
		case c == '\\':
			out = append(out, '\\', '\\')
		case c < ' ' || c > '~' || c == '"' || c == '&' || c == '<' || c == '>' || c == '`':
			out = append(out, '\\', 'x', hex[c>>4], hex[c&15])
		default:
			out = append(out, c)
		}
	}
	if n > len(b) {
		out = append(out, "..."...)
	}
	return string(out)
}
