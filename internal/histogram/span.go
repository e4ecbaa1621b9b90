package histogram

import (
	"encoding/binary"

	"tcptrace/analyzer"
	"tcptrace/internal/octets"
)

// Span is when something happened to several: from the first to the last.
type Span struct {
	N        uint64 // of how many that is known
	From, To analyzer.Time
}

// Add adds when it happened to another; 0: that is not known.
func (s *Span) Add(at analyzer.Time) {
	if at != 0 {
		s.Merge(&Span{1, at, at})
	}
}

// Merge adds o.
func (s *Span) Merge(o *Span) {
	switch {
	case o.N == 0:
		return
	case s.N == 0:
		*s = *o
		return
	}
	s.N += o.N
	s.From, s.To = min(s.From, o.From), max(s.To, o.To)
}

// Append appends s, for ReadSpan.
func (s *Span) Append(b []byte, c *octets.Clock) []byte {
	if b = binary.AppendUvarint(b, s.N); s.N == 0 {
		return b
	}
	return binary.AppendVarint(c.Append(b, int64(s.From)), int64(s.To-s.From))
}

// ReadSpan reads what Append appended.
func ReadSpan(r *octets.Reader, c *octets.Clock) (s Span) {
	if s.N = r.Uvarint(); s.N > 0 {
		s.From = analyzer.Time(c.Read(r))
		s.To = s.From + analyzer.Time(r.Varint())
	}
	return s
}
