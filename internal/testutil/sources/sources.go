// Package sources gives tests sources that deliver packets as a capture that goes on does.
//
// Not its job: reading captures (package input).
package sources

import (
	"tcptrace/analyzer/packet"
	"tcptrace/internal/input"
)

// Pieces is a source that delivers the packets of another a few at a time.
func Pieces(src input.Source, size int) input.Source { return &pieces{Source: src, size: size} }

type pieces struct {
	input.Source
	size  int
	whole packet.Batch
	next  int
}

func (p *pieces) Next(b *packet.Batch) error {
	if p.next == len(p.whole.Packets) {
		if err := p.Source.Next(&p.whole); err != nil {
			return err
		}
		p.next = 0
	}
	n := min(p.next+p.size, len(p.whole.Packets))
	b.Buf, b.Packets = append(b.Buf[:0], p.whole.Buf...), append(b.Packets[:0], p.whole.Packets[p.next:n]...)
	p.next = n
	return nil
}
