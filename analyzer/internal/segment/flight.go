package segment

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/reassembly"
)

// sent is a segment in flight, or a range of bytes that the capture skipped.
type sent struct {
	time  conn.Time // when it last passed
	end   uint32    // sequence number behind it
	id    uint16    // IP ID it had last; of a hole, that of the segment which showed it
	times uint8     // it was sent again so often, at most 255
	flags sentFlags
}

type sentFlags uint8

const (
	sentHole    sentFlags = 1 << iota // not captured yet
	sentMerged                        // several segments, for want of room: time is the first's
	sentIsSYN                         // a SYN or SYN-ACK
	sentSkipped                       // was a hole
	sentStamped                       // id is not an IP ID but the low bits of the timestamp
	sentDamaged                       // a SYN or SYN-ACK with a wrong checksum
	sentInVain                        // its receiver drops it, for its number or timestamp, or refuses it
)

const (
	// A ring holds 4, 16, 64, 256 or 1024 segments. Beyond that, the last entry stands for all that follow.
	ringClasses   = 5
	ringChunkBits = 12 // entries are allocated so many at a time
	ringClassBits = 28
	maxOneWay     = 64 // for a direction whose peer was not heard: nothing tells what is still in flight
)

// ringBits is the logarithm of the size of a class's rings.
func ringBits(class uint32) uint32 { return 2 + 2*class }

// flight is the segments of one direction that are not acknowledged yet, in order of their positions. Mostly there is one.
// More need a ring, until all of them are acknowledged: the next to need one gets the one used last, which is
// still in the cache.
type flight struct {
	ring    uint32 // 0: none; else 1 + index, the class in the high bits
	head, n uint16
	one     sent // without a ring
}

// flightPool holds the rings of a tracker's connections, without pointers.
type flightPool struct {
	classes [ringClasses]struct {
		chunks [][]sent
		free   []uint32
		used   uint32
	}
	budget int    // entries that may still be allocated
	Merged uint64 // segments that had no entry of their own
}

func (p *flightPool) get(class uint32) (ring uint32, ok bool) {
	c := &p.classes[class]
	if n := len(c.free); n > 0 {
		ring = c.free[n-1]
		c.free = c.free[:n-1]
		return ring, true
	}
	size := 1 << ringBits(class)
	if p.budget < size {
		return 0, false
	}
	p.budget -= size
	if c.used<<ringBits(class)&(1<<ringChunkBits-1) == 0 {
		c.chunks = append(c.chunks, make([]sent, 1<<ringChunkBits))
	}
	c.used++
	return class<<ringClassBits + c.used, true
}

func (p *flightPool) put(ring uint32) {
	c := &p.classes[(ring-1)>>ringClassBits]
	c.free = append(c.free, ring)
}

// entries is the ring's room; its size is a power of two.
func (p *flightPool) entries(ring uint32) []sent {
	class, i := (ring-1)>>ringClassBits, (ring-1)&(1<<ringClassBits-1)
	bits := ringBits(class)
	off := i << bits & (1<<ringChunkBits - 1)
	return p.classes[class].chunks[i>>(ringChunkBits-bits)][off : off+1<<bits]
}

// at is the i-th segment in flight.
func (f *flight) at(p *flightPool, i int) *sent {
	if f.ring == 0 {
		return &f.one
	}
	r := p.entries(f.ring)
	return &r[(int(f.head)+i)&(len(r)-1)]
}

// push adds a segment. oneWay: the peer was not heard so far.
func (f *flight) push(p *flightPool, s sent, oneWay bool) {
	if f.n == 0 {
		f.one, f.n = s, 1
		return
	}
	room := 1
	if f.ring != 0 {
		room = len(p.entries(f.ring))
	}
	switch {
	case int(f.n) < room:
	case oneWay && f.n >= maxOneWay:
		f.head = uint16((int(f.head) + 1) & (room - 1))
		f.n--
	case !f.grow(p):
		p.Merged++
		last := f.at(p, int(f.n)-1)
		last.end = s.end
		last.flags |= sentMerged
		return
	}
	f.n++
	*f.at(p, int(f.n)-1) = s
}

// behind reports whether an ACK covers the segment.
func (s *sent) behind(ack reassembly.Pos) bool { return int32(uint32(ack)-s.end) >= 0 }

// odd is not 0 if the segment was sent again or missing.
func (s *sent) odd() uint8 { return s.times | uint8(s.flags&(sentHole|sentMerged|sentSkipped)) }

// acknowledge drops what lies before ack; una is where the first begins. last is the latest of those, nil if there is none, of
// that size; clean says that none of them was sent again or missing (Karn).
func (f *flight) acknowledge(p *flightPool, ack, una reassembly.Pos) (last *sent, size uint32, clean bool) {
	if f.ring == 0 {
		if f.n == 0 || !f.one.behind(ack) {
			return nil, 0, true
		}
		f.n = 0
		return &f.one, f.one.end - uint32(una), f.one.odd() == 0
	}
	r := p.entries(f.ring)
	odd := uint8(0)
	head, n := uint(f.head), f.n
	from := uint32(una)
	for n > 0 {
		e := &r[head&uint(len(r)-1)]
		if !e.behind(ack) {
			break
		}
		if last != nil {
			from = last.end
		}
		last = e
		odd |= e.odd()
		head++
		n--
	}
	f.head, f.n = uint16(head), n
	if n == 0 {
		f.release(p) // the entries stay as they are until the ring is used again
	}
	if last != nil {
		size = last.end - from
	}
	return last, size, odd == 0
}

// grow moves the segments to a ring four times as large.
func (f *flight) grow(p *flightPool) bool {
	class := uint32(0)
	if f.ring != 0 {
		class = (f.ring-1)>>ringClassBits + 1
	}
	if class == ringClasses {
		return false
	}
	ring, ok := p.get(class)
	if !ok {
		return false
	}
	to := p.entries(ring)
	for i := range int(f.n) {
		to[i] = *f.at(p, i)
	}
	if f.ring != 0 {
		p.put(f.ring)
	}
	f.ring, f.head = ring, 0
	return true
}

func (f *flight) release(p *flightPool) {
	if f.ring != 0 {
		p.put(f.ring)
	}
	f.ring, f.head, f.n = 0, 0, 0
}

// find is the index of the segment in flight that holds pos, -1 if there is none: una is where the
// first begins.
func (f *flight) find(p *flightPool, una, pos reassembly.Pos) int {
	if pos < una || f.n == 0 {
		return -1
	}
	lo, hi := 0, int(f.n)
	for lo < hi {
		mid := (lo + hi) / 2
		if int32(f.at(p, mid).end-uint32(pos)) > 0 {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	if lo == int(f.n) {
		return -1
	}
	return lo
}
