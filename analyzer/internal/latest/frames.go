package latest

import (
	"math/bits"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
)

// Frames holds the latest segments of a partition, to recognize frames that were captured twice:
// by a mirror port that sees both ways through a switch, on two interfaces, by two taps. The zero value has none.
type Frames struct {
	last   [Places]frameHash
	Before conn.Time // when the frame passed that the latest is like, if there was one
}

// Places is how many places there are in Frames.
const Places = 256

// frameHash is when a segment passed, and a hash of all that the copies of its frame have in common. What a
// router changes on the way (addresses below IP, TTL) is not in it.
type frameHash struct {
	time conn.Time
	mark uint64 // and the TTL, and the TCP checksum
}

const (
	sumBits = 1<<16 - 1 // of a mark: the checksum
	ttlBits = 0xff << ttlShift
	hashed  = ^uint64(ttlBits | sumBits)

	ttlShift = 16
)

// Again reports whether a frame like s, with its checksum, passed just before.
func (r *Frames) Again(s *wire.Segment) bool {
	numbers, who := uint64(s.Seq)<<32|uint64(s.Ack), who(s)
	rest := uint64(s.IPID)<<48 | uint64(s.Window)<<32 | uint64(s.Len)<<12 | uint64(s.Flags)<<1 | uint64(s.Dir)
	hi, lo := bits.Mul64(numbers^seed[0], who^seed[1])
	now := frameHash{conn.Time(s.Time), (hi^lo^rest*seed[2])&hashed | uint64(s.TTL)<<ttlShift | uint64(s.Sum)}
	slot := &r.last[placeOf(s, who)]
	then := *slot
	*slot = now
	if (then.mark^now.mark)&hashed != 0 || !then.soonEnough(&now, s.IPID != 0) {
		return false
	}
	if !s.Flags.Any(wire.SYN) && !s.AgreesWith(uint16(then.mark)) {
		return false // it says something else; but the options of a SYN may be changed on the way
	}
	r.Before = then.time
	if s.IPID == 0 && !s.Flags.Any(wire.SYN) {
		slot.mark = 0 // without an ID the third one is the second segment; but for SYNs, which nobody repeats so soon
	}
	return true
}

// soonEnough reports whether two frames that are alike passed soon enough, one after the other, for one that was captured twice: within
// CaptureSkew; or by two taps with routers between them, which take from the TTL, within CaptureDelay. Without an ID
// the second must have the lower TTL: it is not told from a segment sent again whose first copy is missing, else.
func (h *frameHash) soonEnough(next *frameHash, hasID bool) bool {
	d := max(next.time-h.time, h.time-next.time)
	if d <= conn.CaptureSkew {
		return true
	}
	was, is := uint8(h.mark>>ttlShift), uint8(next.mark>>ttlShift)
	return d < conn.CaptureDelay && (is < was || hasID && is != was)
}

// who is what the copies of a frame have in common beside their numbers.
func who(s *wire.Segment) uint64 {
	return (s.Key.A.Lo ^ s.Key.B.Lo<<13) + (uint64(s.Key.PortA)<<48 | uint64(s.Key.PortB)<<32 | uint64(s.TSval))
}

// PlaceOf is the place of a segment among the latest.
func PlaceOf(s *wire.Segment) uint8 { return placeOf(s, who(s)) }

func placeOf(s *wire.Segment, who uint64) uint8 {
	return uint8((s.Seq + s.Ack + uint32(s.IPID) + uint32(who>>32)) * 0x9E3779B1 >> 24)
}

// Forget is for a segment that was not seen, with a place.
func (r *Frames) Forget(place uint8) { r.last[place] = frameHash{} }

// Touched are the places that segments came to, a bit each.
func (r *Frames) Touched() (places [Places / 64]uint64) {
	for i := range r.last {
		if r.last[i] != (frameHash{}) {
			places[i/64] |= 1 << (i % 64)
		}
	}
	return places
}
