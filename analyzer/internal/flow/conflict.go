package flow

import (
	"math/bits"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
)

// payloads remembers what the payloads of a partition's latest segments add up to, to recognize bytes that are sent
// again with other content: without the bytes, by the checksum (Segment.PayloadSum). It knows only segments that begin and
// end alike; following the stream compares all bytes.
type payloads struct {
	last [1024]payload
}

type payload struct {
	mark  uint64 // a hash of its connection, its direction and its place
	frame uint32
	sum   uint16
	ttl   uint8
}

// conflict is an earlier segment with other content.
type conflict struct {
	frames uint32 // between the two
	ttl    uint8
}

// differs enters s of c, which is in that slot, and reports whether a segment with other content was there before, and which. As in recent,
// the place does not depend on the run's seed, and the mark does. Another connection on the same sockets may use the same numbers.
func (p *payloads) differs(slot uint32, c *conn.Conn, s *wire.Segment) (with conflict, found bool) {
	sum, ok := s.PayloadSum()
	if !ok {
		return with, false
	}
	sender := uint64(slot)<<33 | uint64(s.Dir&1)<<32 | uint64(c.Gen)
	hi, lo := bits.Mul64(sender^hashSeed[1], (uint64(s.Seq)<<32|uint64(s.Len))^hashSeed[2])
	now := payload{hi ^ lo, uint32(s.Frame), sum, s.TTL}
	place := &p.last[(s.Seq^s.Len^uint32(s.Key.PortA)<<16^uint32(s.Key.PortB))*0x9E3779B1>>22]
	then := *place
	*place = now
	return conflict{now.frame - then.frame, then.ttl}, then.mark == now.mark && then.sum != now.sum
}

// conflicts reports whether the payload of s, of the connection in slot, differs from what was sent in its place before. It is asked only of
// who computes checksums: what others leave in their place says nothing.
func (t *Tracker) conflicts(slot uint32, c *conn.Conn, s *wire.Segment) (with conflict, found bool) {
	if s.Len == 0 || s.Flags.Any(wire.SYN|wire.RST) || !c.Half[s.Dir&1].Flags.Has(conn.GoodSum) {
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
