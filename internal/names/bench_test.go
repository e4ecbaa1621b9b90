package names

import (
	"testing"

	"tcptrace/internal/wire"
)

// BenchmarkSegment is what a segment costs that has a payload and says no name: that of many connections in turn.
func BenchmarkSegment(b *testing.B) {
	const conns = 4096
	o := New()
	segments := make([]wire.Segment, conns)
	payload := make([]byte, 1400)
	for i := range segments {
		s := &segments[i]
		s.Key, s.Dir = wire.MakeKey(wire.Addr{Lo: uint64(i)}, wire.Addr{Lo: 1 << 30}, 40000, 443, false)
		s.Flags = wire.SYN
		o.Segment(s, nil)
		s.Flags, s.Seq, s.Len, s.PayloadCap = wire.ACK, 1, 1400, 1400
		o.Segment(s, payload)
		s.Seq += 30000
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		o.Segment(&segments[i%conns], payload)
		i++
	}
}
