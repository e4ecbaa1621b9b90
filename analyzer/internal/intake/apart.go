package intake

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
)

// Pass counts a frame, and the records without a packet before it, in sum, which says of a capture how far it was read.
func Pass(sum *Summary, wireLen uint32, time int64, behind uint32) {
	sum.OtherFrames += uint64(behind)
	count(sum, wireLen, conn.Admit(time))
}

// Part begins a part of a capture that is read apart from what stands before it, of which at says how far that was read (Pass). Such an Intake puts no fragments together: it says that it met
// some (Leans).
func (in *Intake) Part(at *Summary) {
	in.apart, in.leans = true, false
	in.Summary = *at
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
