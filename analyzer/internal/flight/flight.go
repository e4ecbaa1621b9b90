// Package flight keeps the segments of a direction that are not acknowledged yet ([List]): when each was sent, how often, and what became of it.
// It does so without pointers, and in bounded memory ([Pool]).
//
// Non-goals: what a segment is, and why it was sent again (package segment).
package flight

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/reassembly"
)

// Segment is one in flight, or a range of bytes that the capture skipped.
type Segment struct {
	Time  conn.Time // when it last passed
	End   uint32    // sequence number behind it
	ID    uint16    // IP ID it had last; of a hole, that of the segment which showed it
	Times uint8     // it was sent again so often, at most 255
	Flags Flags
}

// Flags say what a segment in flight is beside that.
type Flags uint8

// The flags.
const (
	Hole    Flags = 1 << iota // not captured yet
	Merged                    // several segments, for want of room: Time is the first's
	IsSYN                     // a SYN or SYN-ACK
	Skipped                   // was a hole
	Stamped                   // ID is not an IP ID but the low bits of the timestamp
	Damaged                   // a SYN or SYN-ACK with a wrong checksum
	InVain                    // its receiver drops it, for its number or timestamp, or refuses it
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

// List is the segments of one direction that are not acknowledged yet, in order of their positions. Mostly there is one.
// More need a ring, until all of them are acknowledged: the next to need one gets the one used last, which is
// still in the cache.
type List struct {
	ring uint32 // 0: none; else 1 + index, the class in the high bits
	head uint16
	N    uint16  // how many there are
	one  Segment // without a ring
}

// Pool holds the rings of a tracker's connections, without pointers.
type Pool struct {
	classes [ringClasses]struct {
		chunks [][]Segment
		free   []uint32
		used   uint32
	}
	budget int    // entries that may still be allocated
	Merged uint64 // segments that had no entry of their own
}

// NewPool is a pool of so many entries at most.
func NewPool(entries int) Pool { return Pool{budget: entries} }

// Left is how many entries may still be allocated.
func (p *Pool) Left() int { return p.budget }

// Close says that no more are to be.
func (p *Pool) Close() { p.budget = 0 }

func (p *Pool) get(class uint32) (ring uint32, ok bool) {
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
		c.chunks = append(c.chunks, make([]Segment, 1<<ringChunkBits))
	}
	c.used++
	return class<<ringClassBits + c.used, true
}

func (p *Pool) put(ring uint32) {
	c := &p.classes[(ring-1)>>ringClassBits]
	c.free = append(c.free, ring)
}

// entries is the ring's room; its size is a power of two.
func (p *Pool) entries(ring uint32) []Segment {
	class, i := (ring-1)>>ringClassBits, (ring-1)&(1<<ringClassBits-1)
	bits := ringBits(class)
	off := i << bits & (1<<ringChunkBits - 1)
	return p.classes[class].chunks[i>>(ringChunkBits-bits)][off : off+1<<bits]
}

// At is the i-th segment in flight.
func (f *List) At(p *Pool, i int) *Segment {
	if f.ring == 0 {
		return &f.one
	}
	r := p.entries(f.ring)
	return &r[(int(f.head)+i)&(len(r)-1)]
}

// Push adds a segment. oneWay: the peer was not heard so far.
func (f *List) Push(p *Pool, s Segment, oneWay bool) {
	if f.N == 0 {
		f.one, f.N = s, 1
		return
	}
	room := 1
	if f.ring != 0 {
		room = len(p.entries(f.ring))
	}
	switch {
	case int(f.N) < room:
	case oneWay && f.N >= maxOneWay:
		f.head = uint16((int(f.head) + 1) & (room - 1))
		f.N--
	case !f.grow(p):
		p.Merged++
		last := f.At(p, int(f.N)-1)
		last.End = s.End
		last.Flags |= Merged
		return
	}
	f.N++
	*f.At(p, int(f.N)-1) = s
}

// behind reports whether an ACK covers the segment.
func (s *Segment) behind(ack reassembly.Pos) bool { return int32(uint32(ack)-s.End) >= 0 }

// odd is not 0 if the segment was sent again or missing.
func (s *Segment) odd() uint8 { return s.Times | uint8(s.Flags&(Hole|Merged|Skipped)) }

// Acknowledge drops what lies before ack; una is where the first begins. last is the latest of those, nil if there is none, of
// that size; clean says that none of them was sent again or missing (Karn).
func (f *List) Acknowledge(p *Pool, ack, una reassembly.Pos) (last *Segment, size uint32, clean bool) {
	if f.ring == 0 {
		if f.N == 0 || !f.one.behind(ack) {
			return nil, 0, true
		}
		f.N = 0
		return &f.one, f.one.End - uint32(una), f.one.odd() == 0
	}
	r := p.entries(f.ring)
	odd := uint8(0)
	head, n := uint(f.head), f.N
	from := uint32(una)
	for n > 0 {
		e := &r[head&uint(len(r)-1)]
		if !e.behind(ack) {
			break
		}
		if last != nil {
			from = last.End
		}
		last = e
		odd |= e.odd()
		head++
		n--
	}
	f.head, f.N = uint16(head), n
	if n == 0 {
		f.Release(p) // the entries stay as they are until the ring is used again
	}
	if last != nil {
		size = last.End - from
	}
	return last, size, odd == 0
}

// grow moves the segments to a ring four times as large.
func (f *List) grow(p *Pool) bool {
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
	for i := range int(f.N) {
		to[i] = *f.At(p, i)
	}
	if f.ring != 0 {
		p.put(f.ring)
	}
	f.ring, f.head = ring, 0
	return true
}

// Release gives back the ring.
func (f *List) Release(p *Pool) {
	if f.ring != 0 {
		p.put(f.ring)
	}
	f.ring, f.head, f.N = 0, 0, 0
}

// Find is the index of the segment in flight that holds pos, -1 if there is none: una is where the
// first begins.
func (f *List) Find(p *Pool, una, pos reassembly.Pos) int {
	if pos < una || f.N == 0 {
		return -1
	}
	lo, hi := 0, int(f.N)
	for lo < hi {
		mid := (lo + hi) / 2
		if int32(f.At(p, mid).End-uint32(pos)) > 0 {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	if lo == int(f.N) {
		return -1
	}
	return lo
}
