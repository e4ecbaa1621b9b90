package flow

import (
	"math/bits"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
)

// payloads remembers what the payloads of a partition's latest segments add up to, to recognize bytes that are sent
// again with other content: without the bytes, by the checksum (Segment.PayloadSum). It knows only segments that begin and
// end alike; following the stream compares all bytes.
//
// Which of them it knows depends on what came with a payload, and on nothing else: each makes room in its place when it comes, whatever becomes of
// it, and is entered there if it is read then. So it can be told without tracking others what they displace (PayloadPlace).
type payloads struct {
	last  [payloadPlaces]payload
	place uint16 // of the segment that came last
	frame uint32 // of that
	open  bool   // what was in its place goes when the next one comes
}

const (
	payloadPlaceBits = 10
	payloadPlaces    = 1 << payloadPlaceBits
)

type payload struct {
	mark  uint64 // a hash of its connection, its direction and its place in the stream; 0: nothing came, displaced: it is not known any more
	frame uint32
	sum   uint16
	ttl   uint8
}

// displaced is the mark in a place that has none.
const displaced = 1

// conflict is an earlier segment with other content.
type conflict struct {
	frames uint32 // between the two
	ttl    uint8
}

// hasPayload reports whether s is one of those that are remembered.
func hasPayload(s *wire.Segment) bool { return s.Len != 0 && !s.Flags.Any(wire.SYN|wire.RST) }

// PayloadPlace is the place of a segment with a payload among the latest, below PayloadPlaces; ok is false if s is not remembered. As in recent,
// it does not depend on the run's seed, and the mark does.
func PayloadPlace(s *wire.Segment) (place uint16, ok bool) { return payloadPlace(s), hasPayload(s) }

// PayloadPlaces is how many places there are.
const PayloadPlaces = payloadPlaces

func payloadPlace(s *wire.Segment) uint16 {
	return uint16((s.Seq ^ s.Len ^ uint32(s.Key.PortA)<<16 ^ uint32(s.Key.PortB)) * 0x9E3779B1 >> (32 - payloadPlaceBits))
}

// come makes room for s, of which it is not known yet whose it is.
func (p *payloads) come(s *wire.Segment) {
	if !hasPayload(s) {
		return
	}
	p.clear()
	p.place, p.frame, p.open = payloadPlace(s), uint32(s.Frame), true
}

// clear lets go of what was in the place of the segment that came last, if that was not entered.
func (p *payloads) clear() {
	if p.open {
		p.last[p.place].mark, p.open = displaced, false
	}
}

// markOf is the mark of s, of c, which is in that slot. Another connection on the same sockets may use the same numbers.
func markOf(slot uint32, c *conn.Conn, s *wire.Segment) uint64 {
	sender := uint64(slot)<<33 | uint64(s.Dir&1)<<32 | uint64(c.Gen)
	hi, lo := bits.Mul64(sender^hashSeed[1], (uint64(s.Seq)<<32|uint64(s.Len))^hashSeed[2])
	return hi ^ lo
}

// differs enters s, which came just before, of c, which is in that slot, and reports whether a segment with other content was there before, and which.
func (p *payloads) differs(slot uint32, c *conn.Conn, s *wire.Segment) (with conflict, found bool) {
	sum, ok := s.PayloadSum()
	if !ok || p.frame != uint32(s.Frame) { // one that was held came a while ago
		return with, false
	}
	now := payload{markOf(slot, c, s), uint32(s.Frame), sum, s.TTL}
	then := p.last[p.place]
	p.last[p.place], p.open = now, false
	return conflict{now.frame - then.frame, then.ttl}, then.mark == now.mark && then.sum != now.sum
}

// copied has s, which came just before and is a copy of a frame, leave that in its place.
func (p *payloads) copied(slot uint32, c *conn.Conn, s *wire.Segment) {
	if hasPayload(s) && p.frame == uint32(s.Frame) && p.last[p.place].mark == markOf(slot, c, s) {
		p.open = false
	}
}

// conflicts reports whether the payload of s, of the connection in slot, differs from what was sent in its place before. It is asked only of
// who computes checksums: what others leave in their place says nothing.
func (t *Tracker) conflicts(slot uint32, c *conn.Conn, s *wire.Segment) (with conflict, found bool) {
	if !hasPayload(s) || !c.Half[s.Dir&1].Flags.Has(conn.GoodSum) {
		return with, false
	}
	if t.known != nil {
		k, ok := t.known[s.Frame]
		return k.with, ok
	}
	if with, found = t.payloads.differs(slot, c, s); found && t.keeps {
		t.noteConflict(s, with)
	}
	return with, found
}
