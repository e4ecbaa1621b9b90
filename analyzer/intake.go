package analyzer

import (
	"tcptrace/internal/wire"
)

// Intake turns frames into segments and counts what becomes of them. It belongs to one goroutine.
type Intake struct {
	Summary Summary
	decoder wire.Decoder
}

// Frame counts a frame and decodes it. It reports whether s now holds a TCP segment.
// time is in ns since the Unix epoch.
func (in *Intake) Frame(link wire.LinkType, data []byte, wireLen uint32, time int64, s *wire.Segment) bool {
	in.count(wireLen, time)
	v := in.decoder.Decode(link, data, wireLen, s)
	in.Summary.verdicts[v]++
	if v != wire.TCP {
		return false
	}
	in.Summary.TCP++
	s.Time, s.Clock, s.Frame = time, int64(in.Summary.End), in.Summary.Packets
	if s.Bits&(wire.FirstFragment|wire.CutOptions|wire.BadOptions|wire.Tunneled) != 0 {
		in.Summary.note(s.Bits)
	}
	return true
}

// Filtered counts a frame that a capture filter left out. It has a number all the same.
func (in *Intake) Filtered(wireLen uint32, time int64) {
	in.count(wireLen, time)
	in.Summary.Filtered++
}

func (in *Intake) count(wireLen uint32, time int64) {
	sum := &in.Summary
	if sum.Packets == 0 {
		sum.Start, sum.End = Time(time), Time(time)
	}
	sum.Packets++
	sum.Bytes += uint64(wireLen)
	sum.Start, sum.End = min(sum.Start, Time(time)), max(sum.End, Time(time))
}

func (s *Summary) note(b wire.Bits) {
	for _, n := range [...]struct {
		bit   wire.Bits
		count *uint64
	}{
		{wire.FirstFragment, &s.FirstFragments},
		{wire.CutOptions, &s.CutOptions},
		{wire.BadOptions, &s.BadOptions},
		{wire.Tunneled, &s.Tunneled},
	} {
		if b&n.bit != 0 {
			*n.count++
		}
	}
}
