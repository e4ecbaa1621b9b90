// Package sourcetest gives tests sources that deliver packets as a capture that goes on does.
//
// It is not for reading captures: that is package source.
package sourcetest

import "tcptrace/internal/source"

// Pieces is a source that delivers the packets of another a few at a time.
func Pieces(src source.Source, size int) source.Source { return &pieces{Source: src, size: size} }

type pieces struct {
	source.Source
	size  int
	whole source.Batch
	next  int
}

func (p *pieces) Next(b *source.Batch) error {
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
