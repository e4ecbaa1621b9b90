package anonymize

import (
	"tcptrace/analyzer/packet"
	"tcptrace/internal/input"
)

// Source is src, whose packets a changes before anybody sees them, and whose interfaces have no names. No other frames are counted: they are
// not kept.
func Source(src input.Source, a *Anonymizer) input.Source { return &source{src, a} }

type source struct {
	input.Source
	a *Anonymizer
}

func (s *source) Next(b *packet.Batch) error {
	err := s.Source.Next(b)
	for i := range b.Packets {
		p := &b.Packets[i]
		p.Behind = 0
		p.CapLen = uint32(s.a.Frame(p.Link, b.Data(i), p.WireLen))
	}
	return err
}

func (s *source) Stats() packet.Stats {
	stats := s.Source.Stats()
	stats.OtherFrames = 0
	return stats
}

func (s *source) Interfaces() []input.Interface { return Bare(s.Source.Interfaces()) }

// Bare is a list of interfaces without names.
func Bare(list []input.Interface) []input.Interface {
	bare := make([]input.Interface, len(list))
	for i := range list {
		bare[i] = input.Interface{Link: list[i].Link, SnapLen: list[i].SnapLen}
	}
	return bare
}

func (s *source) Interface(uint16) string { return "" }
