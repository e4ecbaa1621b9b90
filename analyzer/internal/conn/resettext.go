package conn

import (
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// An RST may carry a text that says why it was sent (RFC 9293 3.5.3). It is no part of the stream. An RST has no SACK blocks: their
// room takes the beginning of the text through the analysis, and an incident keeps it. A second pass has all of it.

// ShortText is how much of the text of an RST is kept.
const ShortText = 8 * 4

// LongText is how much of it is shown beside the segment.
const LongText = 256

// markText keeps the text of an RST; of several in a direction that of the first that was accepted.
func (c *Conn) markText(p *IncidentPool, s *wire.Segment, first bool) {
	m := c.Note(p, IncidentResetText, s.Dir, s, 0)
	if m.Count > 1 && !first {
		return
	}
	m.Time, m.Ahead, m.Amount = Time(s.Time), c.Ahead(s), int64(s.Len)
	m.TTL = uint8(min(s.PayloadCap, ShortText))
	word := func(i int) int64 { return int64(s.Sack[i][0])<<32 | int64(s.Sack[i][1]) }
	m.Run.Since, m.Run.Total, m.Run.Longest, m.Hole.From = Time(word(0)), Time(word(1)), Time(word(2)), reassembly.Pos(word(3))
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
