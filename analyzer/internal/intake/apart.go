package intake

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
)

// Position is how far a capture was read.
type Position struct {
	Packets, Bytes, OtherFrames uint64
	Start, End                  conn.Time
}

// Pass adds a frame, and those without a packet before it.
func (p *Position) Pass(wireLen uint32, time int64, behind uint32) {
	t := conn.Time(conn.Admit(time))
	if p.Packets == 0 {
		p.Start, p.End = t, t
	}
	p.Packets, p.Bytes, p.OtherFrames = p.Packets+1, p.Bytes+uint64(wireLen), p.OtherFrames+uint64(behind)
	p.Start, p.End = min(p.Start, t), max(p.End, t)
}

// Part begins a part of a capture that is read apart from what stands before it. Such an Intake puts no fragments together: it says that it met
// some (Leans).
func (in *Intake) Part(at Position) {
	in.apart, in.leans = true, false
	in.Summary = Summary{Packets: at.Packets, Bytes: at.Bytes, OtherFrames: at.OtherFrames, Start: at.Start, End: at.End}
}

// Leans reports whether what becomes of the part depends on other parts.
func (in *Intake) Leans() bool { return in.leans }

// Takes reports whether what was read before leaves a part as it was read apart.
func (in *Intake) Takes(part *Summary, leans bool) bool {
	if leans || len(in.begun) > 0 {
		return false
	}
	sum := &in.Summary
	sum.Packets, sum.Bytes, sum.OtherFrames, sum.Start, sum.End = part.Packets, part.Bytes, part.OtherFrames, part.Start, part.End
	sum.TCP += part.TCP
	sum.FirstFragments += part.FirstFragments
	sum.CutOptions += part.CutOptions
	sum.BadOptions += part.BadOptions
	sum.Tunneled += part.Tunneled
	for v, n := range part.verdicts {
		sum.verdicts[v] += n
	}
	for _, link := range part.links[:part.nLinks] {
		sum.unsupportedLink(link)
	}
	return true
}

// Again is what a frame holds, which was counted and has no segment.
func (in *Intake) Again(link wire.LinkType, data []byte, wireLen uint32) *wire.Datagram {
	var s wire.Segment
	in.decoder.Decode(link, data, wireLen, &s)
	return in.decoder.Datagram()
}
