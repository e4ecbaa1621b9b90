package reassembly

import "bytes"

// Overlap says which copy of a byte counts if several arrive with different
// content while it waits behind a hole. Receivers differ there, which is how
// intrusion detection is evaded.
type Overlap uint8

// The policies.
const (
	FirstWins Overlap = iota // what came first stays
	LastWins                 // what comes later replaces it
)

// Consumer receives a stream in order: Data and Gap cover every position
// from the stream's start once, without overlap. An error ends the stream; the method that
// was called on it, and all later ones, return that error.
type Consumer interface {
	// Data is the bytes from pos on. They are valid during the call only.
	Data(pos Pos, b []byte) error
	// Gap is bytes that were not captured. Two gaps can follow each other.
	Gap(from, to Pos) error
	// Conflict tells that two copies differ: the later one has b at pos. The first and the last byte of b differ, those between them need
	// not. They may be before or after what Data has delivered. They are valid during the call only.
	Conflict(pos Pos, b []byte) error
}

// StreamStats counts what a Stream did not deliver or could not compare.
type StreamStats struct {
	Late      int64 // bytes dropped because their place had been given up as a gap, or lies before the start
	Forced    int64 // bytes of gaps given up because a bound was reached, not because they were known to stay
	Unchecked int64 // bytes repeated so late that the first copy is no longer there to compare
	Conflicts int64 // calls of Consumer.Conflict
}

const (
	// DefaultBuffer is a window of 16 MiB: 13 ms at 10 Gb/s, 1.3 s at 100 Mb/s.
	DefaultBuffer = 16 << 20
	maxBuffer     = 1 << 30
	minRing       = 64 << 10
)

// StreamConfig is the choices for a Stream. Its zero value is usable.
type StreamConfig struct {
	// Buffer is how far, in bytes, data may be ahead of the first hole, rounded up to a power of
	// two from 32 KiB to 1 GiB; DefaultBuffer if 0. Memory is at most twice that, and grows to it
	// only as far as holes need it.
	Buffer  int
	Overlap Overlap
}

// Stream puts one direction's bytes in order. In-order bytes are delivered at once.
// Bytes behind a hole wait until it is filled, or known to stay: the receiver
// acknowledged beyond it (Acked), nothing will follow (Flush), or a bound is reached: data
// further ahead than Buffer, or about MaxRanges holes. Then the oldest holes are
// given up, and counted in StreamStats.Forced.
//
// A byte that was delivered stays as it was, whatever the policy: the application
// may have read it. Later copies are compared with what the buffer still has of the last
// bytes, at least 32 KiB unless there were many holes, and differences reported.
type Stream struct {
	to      Consumer
	ring    []byte // position p is at ring[p mod len(ring)], for the len(ring) positions below top
	max     int    // len(ring) never exceeds it; both are powers of two
	start   Pos
	low     Pos    // what was below it has been forgotten
	next    Pos    // everything below it has been delivered
	top     Pos    // end of the highest bytes stored
	held    Ranges // positions whose bytes the ring has, delivered or waiting
	pool    *Pool
	overlap Overlap
	err     error
	stats   StreamStats
}

// NewStream starts a stream at the position of its first byte: the one after the SYN, or wherever
// the capture begins.
func NewStream(start Pos, cfg StreamConfig, to Consumer) *Stream {
	want := min(cfg.Buffer, maxBuffer)
	if want <= 0 {
		want = DefaultBuffer
	}
	size := minRing
	for size < 2*want {
		size *= 2
	}
	return &Stream{
		to: to, max: size, start: start, low: start, next: start, top: start,
		pool: NewPool(2 * MaxRanges), overlap: cfg.Overlap,
	}
}

// Next is the position up to which everything was delivered, as data or as gap.
func (s *Stream) Next() Pos { return s.next }

// Waiting is how many bytes wait behind a hole.
func (s *Stream) Waiting() int64 {
	end := s.held.End()
	return max(0, int64(end-s.next)) - s.held.Missing(s.pool, s.next, end)
}

// Stats is the counts so far.
func (s *Stream) Stats() StreamStats { return s.stats }

// Add takes a segment's payload, whose first byte is at pos. Of a segment that the
// snap length cut, b is what was captured. b is not kept.
func (s *Stream) Add(pos Pos, b []byte) error {
	for len(b) > 0 && s.err == nil { // one pass, unless b is larger than the buffer
		n := min(len(b), s.max/2)
		s.add(pos, b[:n])
		pos, b = pos+Pos(n), b[n:]
	}
	return s.err
}

// Acked tells that the receiver has everything before pos, so what is missing there was
// not captured and will not come. An ACK that was captured before the data it acknowledges
// must be held back until then.
func (s *Stream) Acked(pos Pos) error {
	s.giveUp(pos)
	s.deliver()
	return s.err
}

// Flush delivers all that waits; the holes in between will not be filled. It is for
// the end of a connection or capture, but more may follow.
func (s *Stream) Flush() error { return s.Acked(s.held.End()) }

// add is Add for at most half of the largest ring.
func (s *Stream) add(pos Pos, b []byte) {
	if end := pos + Pos(len(b)); end > s.next {
		s.makeRoom(end)
	}
	if pos < s.next || pos < s.held.End() {
		pos, b = s.repeated(pos, b)
	}
	if len(b) == 0 || s.err != nil {
		return
	}
	if pos == s.next && pos >= s.held.End() { // nothing waits: straight from the packet
		s.store(pos, b)
		s.data(b)
		return
	}
	s.store(pos, b)
	s.deliver()
}

// makeRoom gives up holes until bytes before end fit: in the ring, behind as many
// delivered ones, and in the set of ranges, which must not close a gap of its own accord.
func (s *Stream) makeRoom(end Pos) {
	if far := end - Pos(s.max/2); far > s.next {
		s.force(far)
	}
	if s.held.Len() >= MaxRanges-1 {
		s.forget(s.next)
		if s.held.Len() >= MaxRanges-1 {
			s.force(s.held.First(s.pool).Lo)
		}
	}
	s.grow(end)
	if end > s.top {
		s.top = end
		s.forget(end - Pos(len(s.ring)))
	}
}

// force gives up the holes below pos because there is no room to wait for them.
func (s *Stream) force(pos Pos) {
	s.stats.Forced += s.held.Missing(s.pool, s.next, pos)
	s.giveUp(pos)
	s.deliver()
}

// forget drops bytes below pos, which must have been delivered.
func (s *Stream) forget(pos Pos) {
	if pos > s.low {
		s.low = pos
		s.held.TrimBelow(s.pool, pos)
	}
}

// grow makes the ring twice as long as the way from the first hole to end, or as long as it may be.
func (s *Stream) grow(end Pos) {
	size := max(len(s.ring), minRing)
	for Pos(size/2) < end-s.next && size < s.max {
		size *= 2
	}
	if size == len(s.ring) {
		return
	}
	old := s.ring
	s.ring = make([]byte, size)
	for r := range s.held.All(s.pool) {
		for r.Lo < r.Hi {
			part := piece(old, r.Lo, r.Hi)
			s.write(r.Lo, part)
			r.Lo += Pos(len(part))
		}
	}
}

// piece is the bytes of ring from lo on, as far as they lie in one piece and below hi.
func piece(ring []byte, lo, hi Pos) []byte {
	at := int(lo & Pos(len(ring)-1))
	return ring[at:min(len(ring), at+int(hi-lo))]
}

func (s *Stream) write(pos Pos, b []byte) {
	n := copy(s.ring[int(pos&Pos(len(s.ring)-1)):], b)
	copy(s.ring, b[n:])
}

// store keeps those of b's bytes that are not held yet; LastWins replaces the others, too.
func (s *Stream) store(pos Pos, b []byte) {
	end := pos + Pos(len(b))
	if pos >= s.held.End() || s.overlap == LastWins {
		s.write(pos, b)
	} else {
		for g := range s.held.Gaps(s.pool, pos, end) {
			s.write(g.Lo, b[g.Lo-pos:g.Hi-pos])
		}
	}
	s.held.Add(s.pool, pos, end)
}

// repeated compares b with the copies that are held, and returns the part of it that
// lies beyond what was delivered.
func (s *Stream) repeated(pos Pos, b []byte) (Pos, []byte) {
	end := pos + Pos(len(b))
	for r := range s.held.All(s.pool) {
		if r.Lo >= end {
			break
		}
		if lo, hi := max(pos, r.Lo), min(end, r.Hi); lo < hi {
			s.compare(lo, b[lo-pos:hi-pos])
		}
	}
	if pos >= s.next {
		return pos, b
	}
	end = min(end, s.next)
	s.stats.Late += max(0, int64(min(end, s.start)-pos))
	// Whether what is forgotten was data or a gap is forgotten, too.
	s.stats.Unchecked += max(0, int64(min(end, s.low)-max(pos, s.start)))
	s.stats.Late += s.held.Missing(s.pool, max(pos, s.low), end)
	return end, b[end-pos:]
}

// compare reports where b differs from the held bytes at pos.
func (s *Stream) compare(pos Pos, b []byte) {
	from, to := -1, -1
	for off := 0; off < len(b); {
		part := piece(s.ring, pos+Pos(off), pos+Pos(len(b)))
		if !bytes.Equal(part, b[off:off+len(part)]) {
			for i, c := range part {
				if c == b[off+i] {
					continue
				}
				if from < 0 {
					from = off + i
				}
				to = off + i + 1
			}
		}
		off += len(part)
	}
	if from >= 0 && s.err == nil {
		s.stats.Conflicts++
		s.err = s.to.Conflict(pos+Pos(from), b[from:to])
	}
}

// giveUp delivers everything before pos, holes as gaps.
func (s *Stream) giveUp(pos Pos) {
	for r := range s.held.All(s.pool) {
		if r.Lo >= pos {
			break
		}
		if r.Hi > s.next {
			s.gap(r.Lo)
			s.fromRing(min(r.Hi, pos))
		}
	}
	s.gap(pos)
}

// deliver passes on what no longer waits.
func (s *Stream) deliver() {
	for r := range s.held.All(s.pool) {
		if r.Hi > s.next {
			if r.Lo <= s.next {
				s.fromRing(r.Hi)
			}
			return
		}
	}
}

func (s *Stream) fromRing(to Pos) {
	for s.next < to {
		s.data(piece(s.ring, s.next, to))
	}
}

func (s *Stream) data(b []byte) {
	pos := s.next
	s.next += Pos(len(b))
	if s.err == nil {
		s.err = s.to.Data(pos, b)
	}
}

func (s *Stream) gap(to Pos) {
	pos := s.next
	if to <= pos {
		return
	}
	s.next = to
	if s.err == nil {
		s.err = s.to.Gap(pos, to)
	}
}
