package analyzer

import "tcptrace/reassembly"

// sent is a segment in flight, or a range of bytes that the capture skipped.
type sent struct {
	time  Time   // when it last passed
	end   uint32 // sequence number behind it
	id    uint16 // IP ID it had last; of a hole, that of the segment which showed it
	times uint8  // it was sent again so often, at most 255
	flags sentFlags
}

type sentFlags uint8

const (
	sentHole    sentFlags = 1 << iota // not captured yet
	sentMerged                        // several segments, for want of room: time is the first's
	sentIsSYN                         // a SYN or SYN-ACK
	sentSkipped                       // was a hole
	sentStamped                       // id is not an IP ID but the low bits of the timestamp
)

const (
	inlineFlight = 4 // segments in flight that need no ring of the pool
	// A ring holds 16, 64, 256 or 1024 segments. Beyond that, the last entry stands for all that follow.
	ringClasses  = 4
	firstRing    = 16
	ringChunk    = 4096 // entries are allocated so many at a time
	maxOneWay    = 64   // for a direction whose peer was not heard: nothing tells what is still in flight
	ringPerClass = 1 << 28
)

// flight is the segments of one direction that are not acknowledged yet, in order of their positions.
type flight struct {
	inline  [inlineFlight]sent
	ring    uint32 // 0: inline; else 1 + class*ringPerClass + index
	head, n uint16
}

// flightPool holds the rings of a tracker's connections, without pointers.
type flightPool struct {
	classes [ringClasses]struct {
		chunks [][]sent
		free   []uint32
		used   uint32
	}
	budget int    // entries that may still be allocated
	merged uint64 // segments that had no entry of their own
}

func (p *flightPool) get(class int) (ring uint32, ok bool) {
	c := &p.classes[class]
	if n := len(c.free); n > 0 {
		ring = c.free[n-1]
		c.free = c.free[:n-1]
		return ring, true
	}
	size := firstRing << (2 * class)
	if p.budget < size {
		return 0, false
	}
	p.budget -= size
	if int(c.used)*size%ringChunk == 0 {
		c.chunks = append(c.chunks, make([]sent, ringChunk))
	}
	c.used++
	return uint32(class*ringPerClass) + c.used, true
}

func (p *flightPool) put(ring uint32) {
	c := &p.classes[(ring-1)/ringPerClass]
	c.free = append(c.free, ring)
}

// entries is the ring's room.
func (p *flightPool) entries(ring uint32) []sent {
	class, i := int((ring-1)/ringPerClass), int((ring-1)%ringPerClass)
	size := firstRing << (2 * class)
	per := ringChunk / size
	off := i % per * size
	return p.classes[class].chunks[i/per][off : off+size]
}

func (f *flight) room(p *flightPool) []sent {
	if f.ring == 0 {
		return f.inline[:]
	}
	return p.entries(f.ring)
}

// at is the i-th segment in flight. The size of every room is a power of two.
func (f *flight) at(p *flightPool, i int) *sent {
	r := f.room(p)
	return &r[(int(f.head)+i)&(len(r)-1)]
}

// last is the segment sent last, nil if none is in flight.
func (f *flight) last(p *flightPool) *sent {
	if f.n == 0 {
		return nil
	}
	return f.at(p, int(f.n)-1)
}

// push adds a segment. oneWay: the peer was not heard so far.
func (f *flight) push(p *flightPool, s sent, oneWay bool) {
	if int(f.n) == inlineFlight && f.ring == 0 || f.ring != 0 && int(f.n) == len(p.entries(f.ring)) {
		if oneWay && f.n >= maxOneWay {
			f.drop(p)
		} else if !f.grow(p) {
			last := f.last(p)
			last.end = s.end
			last.flags |= sentMerged
			p.merged++
			return
		}
	}
	f.n++
	*f.at(p, int(f.n)-1) = s
}

// drop forgets the oldest.
func (f *flight) drop(p *flightPool) {
	f.head = uint16((int(f.head) + 1) & (len(f.room(p)) - 1))
	f.n--
}

// grow moves the segments to a ring four times as large.
func (f *flight) grow(p *flightPool) bool {
	class := 0
	if f.ring != 0 {
		class = int((f.ring-1)/ringPerClass) + 1
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
	if pos < una {
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
