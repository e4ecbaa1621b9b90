package latest

import (
	"math/bits"

	"tcptrace/internal/wire"
)

// Payloads remembers what the payloads of a partition's latest segments add up to: without the bytes, by the checksum
// (Segment.PayloadSum). It knows only segments that begin and end alike; following the stream compares all bytes. The zero value knows none.
//
// Each makes room in its place when it comes (Come), whatever becomes of it, and is entered there if it is read then (Differs).
type Payloads struct {
	last  [PayloadPlaces]payload
	place uint16 // of the segment that came last
	frame uint32 // of that
	open  bool   // what was in its place goes when the next one comes
}

const payloadPlaceBits = 10

// PayloadPlaces is how many places there are in Payloads.
const PayloadPlaces = 1 << payloadPlaceBits

type payload struct {
	mark  uint64 // a hash of its connection, its direction and its place in the stream; 0: nothing came, displaced: it is not known any more
	frame uint32
	sum   uint16
	ttl   uint8
}

// displaced is the mark in a place that has none.
const displaced = 1

// Conflict is an earlier segment with other content.
type Conflict struct {
	Frames uint32 // between the two
	TTL    uint8
}

// HasPayload reports whether s is one of those that are remembered.
func HasPayload(s *wire.Segment) bool { return s.Len != 0 && !s.Flags.Any(wire.SYN|wire.RST) }

// PayloadPlace is the place of a segment with a payload among the latest, below PayloadPlaces; ok is false if s is not remembered.
func PayloadPlace(s *wire.Segment) (place uint16, ok bool) { return payloadPlace(s), HasPayload(s) }

func payloadPlace(s *wire.Segment) uint16 {
	return uint16((s.Seq ^ s.Len ^ uint32(s.Key.PortA)<<16 ^ uint32(s.Key.PortB)) * 0x9E3779B1 >> (32 - payloadPlaceBits))
}

// Come makes room for s, of which it is not known yet whose it is.
func (p *Payloads) Come(s *wire.Segment) {
	if !HasPayload(s) {
		return
	}
	p.clear()
	p.place, p.frame, p.open = payloadPlace(s), uint32(s.Frame), true
}

// clear lets go of what was in the place of the segment that came last, if that was not entered.
func (p *Payloads) clear() {
	if p.open {
		p.last[p.place].mark, p.open = displaced, false
	}
}

// Aside has none of the segments that f is about remembered: they came a while ago, and others since.
func (p *Payloads) Aside(f func()) {
	came := p.frame
	p.frame = 0
	f()
	p.frame = came
}

// Owner is the connection of a segment: the gen-th in its slot. Another one on the same sockets may use the same numbers.
type Owner struct{ Slot, Gen uint32 }

// mark is that of s, which is the owner's.
func (o Owner) mark(s *wire.Segment) uint64 {
	sender := uint64(o.Slot)<<33 | uint64(s.Dir&1)<<32 | uint64(o.Gen)
	hi, lo := bits.Mul64(sender^seed[1], (uint64(s.Seq)<<32|uint64(s.Len))^seed[2])
	return hi ^ lo
}

// Differs enters s, which came just before, and reports whether a segment with other content was there before, and which.
func (p *Payloads) Differs(of Owner, s *wire.Segment) (with Conflict, found bool) {
	sum, ok := s.PayloadSum()
	if !ok || p.frame != uint32(s.Frame) { // one that was held came a while ago
		return with, false
	}
	now := payload{of.mark(s), uint32(s.Frame), sum, s.TTL}
	then := p.last[p.place]
	p.last[p.place], p.open = now, false
	return Conflict{now.frame - then.frame, then.ttl}, then.mark == now.mark && then.sum != now.sum
}

// Copied has s, which came just before and is a copy of a frame, leave that in its place.
func (p *Payloads) Copied(of Owner, s *wire.Segment) {
	if HasPayload(s) && p.frame == uint32(s.Frame) && p.last[p.place].mark == of.mark(s) {
		p.open = false
	}
}

// Forget is for a segment with a payload that was not seen, with that place.
func (p *Payloads) Forget(place uint16) { p.last[place].mark = displaced }

// Touched appends the places that segments with payloads came to, a bit each, and reports whether those are all places there are.
func (p *Payloads) Touched(list []uint64) (places []uint64, all bool) {
	all = true
	p.clear()
	for from := 0; from < PayloadPlaces; from += 64 {
		word := uint64(0)
		for i := range 64 {
			if p.last[from+i].mark != 0 {
				word |= 1 << i
			}
		}
		list, all = append(list, word), all && word == ^uint64(0)
	}
	return list, all
}
