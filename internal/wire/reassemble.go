package wire

import (
	"bytes"
	"slices"
)

// Bounds of a Reassembler. They are those of Linux (net.ipv4.ipfrag_*, net.ipv6.ip6frag_*).
const (
	maxPieceBytes = 4 << 20        // kept, of all packets together
	maxInPieces   = 4096           // packets
	partSize      = 64             // of a fragment beside its bytes
	pieceTimeout4 = 30_000_000_000 // ns after the first of them
	pieceTimeout6 = 60_000_000_000 // RFC 8200 4.5
	reuseAfter    = 1_000_000_000  // fragments of a packet do not come so far apart: the ID was used again
	copyAfter     = 10_000_000     // a fragment captured twice comes so soon
	maxPacket     = 65535
	minIPv4Header = 20
)

// Reassembler puts fragments together (RFC 791 3.2, RFC 8200 4.5, RFC 5415 3.4). The zero value is ready. It belongs to one
// goroutine.
//
// Fragments that overlap are refused, with all others of the packet (RFC 5722, which is about IPv6; what a receiver of IPv4
// makes of them is not known either). Those that are equal to one that is there are copies, captured twice or
// sent so.
type Reassembler struct {
	open  map[PieceKey]*inPieces
	queue []*inPieces // in the order of their first pieces; those no longer in open are skipped
	bytes int         // kept
	buf   []byte
	last  *inPieces           // that was completed
	other bool                // there are pieces other than first ones in this capture
	first map[PieceKey]uint32 // until then: of the latest first piece of those alike but for the ID, that
}

// inPieces is a packet of which there are fragments.
type inPieces struct {
	key         PieceKey
	began, time int64
	pieces      []part // in the order of offsets
	head        []byte
	link        LinkType
	tunnel      Bits
	depth       int
	total       uint32 // of the payload, 0: not known yet
	have        uint32
	bytes       int
	wire        uint32 // of the frames
	frames      []uint64
	state       pieceState
}

type part struct {
	lo, hi uint32
	data   []byte
}

type pieceState uint8

const (
	pieceWaits pieceState = iota
	pieceRefused
	pieceOther // it cannot hold TCP
	pieceDone
	pieceGone
)

// Joined says what became of a fragment.
type Joined uint8

// The outcomes.
const (
	JoinWaits    Joined = iota // its packet is not whole yet
	JoinWhole                  // with it the packet is whole: Decode decodes it
	JoinCopy                   // of a fragment of a packet that was whole just before
	JoinOverlaps               // with others, so that the packet was refused now
	JoinRefused                // its packet had been refused
	JoinOther                  // its packet cannot hold TCP, as its first fragment shows
	JoinAlone                  // a first fragment, in a capture that leaves out the others
)

// Add takes the fragment in a frame, which was wireLen bytes long. v is what Decode made of the frame.
func (r *Reassembler) Add(p *Piece, v Verdict, frame uint64, time int64, wireLen uint32) Joined {
	if p.Offset != 0 {
		r.other, r.first = true, nil
	} else if r.alone(p) {
		return JoinAlone
	}
	r.expire(time)
	m := r.open[p.Key]
	if m != nil && m.over(p, time) {
		r.drop(m)
		m = nil
	}
	if m == nil {
		m = r.begin(p, time)
	}
	m.time = time
	switch m.state {
	case pieceDone:
		return JoinCopy
	case pieceRefused:
		return JoinRefused
	case pieceOther:
		return JoinOther
	}
	m.frames = append(m.frames, frame)
	m.wire += wireLen
	r.last = m
	switch {
	case p.Offset == 0 && v == NotTCP:
		r.close(m, pieceOther)
		return JoinOther
	case !r.insert(m, p):
		r.close(m, pieceRefused)
		return JoinOverlaps
	case m.total == 0 || m.have < m.total:
		return JoinWaits
	}
	r.join(m)
	return JoinWhole
}

// over reports whether a fragment that comes now has the same ID as m, but belongs to another packet.
func (m *inPieces) over(p *Piece, time int64) bool {
	switch since := time - m.time; {
	case m.state == pieceDone:
		return since > copyAfter
	case m.state == pieceWaits:
		_, free := m.place(p)
		return since > reuseAfter && !free
	default:
		return since > reuseAfter
	}
}

// alone reports whether the capture has first fragments only, as one has that was filtered by port: a sender's
// next packet begins, and of none so far there was more than the beginning.
func (r *Reassembler) alone(p *Piece) bool {
	if r.other {
		return false
	}
	if r.first == nil || len(r.first) == maxInPieces {
		r.first = map[PieceKey]uint32{}
	}
	key := p.Key
	key.ID = 0
	was, any := r.first[key]
	r.first[key] = p.Key.ID
	return any && was != p.Key.ID
}

func (r *Reassembler) begin(p *Piece, time int64) *inPieces {
	for len(r.open) >= maxInPieces || r.bytes > maxPieceBytes {
		r.drop(r.queue[0])
		r.queue = r.queue[1:]
	}
	if r.open == nil {
		r.open = map[PieceKey]*inPieces{}
	}
	m := &inPieces{key: p.Key, began: time, link: p.link, tunnel: p.tunnel, depth: p.depth}
	r.open[p.Key] = m
	if len(r.queue) > 2*maxInPieces {
		r.queue = slices.DeleteFunc(r.queue, func(m *inPieces) bool { return m.state == pieceGone })
	}
	r.queue = append(r.queue, m)
	return m
}

// expire lets go of packets that wait too long.
func (r *Reassembler) expire(time int64) {
	for len(r.queue) > 0 {
		m := r.queue[0]
		timeout := int64(pieceTimeout6)
		if m.key.Kind == PieceIPv4 {
			timeout = pieceTimeout4
		}
		if m.state != pieceGone && time-m.began <= timeout {
			return
		}
		r.drop(m)
		r.queue = r.queue[1:]
	}
}

// drop forgets a packet.
func (r *Reassembler) drop(m *inPieces) {
	if m.state == pieceGone {
		return
	}
	r.close(m, pieceGone)
	if r.open[m.key] == m {
		delete(r.open, m.key)
	}
}

// close lets go of the bytes of a packet, which from now on is in state s.
func (r *Reassembler) close(m *inPieces, s pieceState) {
	r.bytes -= m.bytes
	m.bytes, m.pieces, m.head = 0, nil, nil
	m.state = s
}

// place is where the fragment goes among the others, and whether it can: it must not overlap with another, unless they are
// equal, nor lie behind the end.
func (m *inPieces) place(p *Piece) (at int, free bool) {
	lo, hi := p.Offset, p.Offset+p.Len
	at, there := slices.BinarySearchFunc(m.pieces, lo, func(q part, lo uint32) int { return int(q.lo) - int(lo) })
	switch {
	case there:
		return at, m.pieces[at].equals(p)
	case at > 0 && m.pieces[at-1].hi > lo, at < len(m.pieces) && m.pieces[at].lo < hi:
		return at, false
	}
	return at, m.total == 0 || hi <= m.total && !p.Last
}

// equals compares as far as both were captured.
func (q *part) equals(p *Piece) bool {
	n := min(len(q.data), len(p.Data))
	return q.hi == p.Offset+p.Len && bytes.Equal(q.data[:n], p.Data[:n])
}

// insert adds a fragment. It is false if that makes the packet one that nobody can rely on.
func (r *Reassembler) insert(m *inPieces, p *Piece) bool {
	lo, hi := p.Offset, p.Offset+p.Len
	limit := uint32(maxPacket)
	if m.key.Kind == PieceIPv4 {
		limit -= minIPv4Header
	}
	at, free := m.place(p)
	if !free || hi > limit || p.Len == 0 || !p.Last && p.Len%8 != 0 {
		return false
	}
	if at < len(m.pieces) && m.pieces[at].lo == lo {
		return true // a copy
	}
	if p.Last {
		if at < len(m.pieces) {
			return false
		}
		m.total = hi
	}
	if lo == 0 {
		m.head = slices.Clone(p.head)
		m.link, m.tunnel, m.depth = p.link, p.tunnel, p.depth
	}
	m.pieces = slices.Insert(m.pieces, at, part{lo, hi, slices.Clone(p.Data)})
	m.have += p.Len
	m.bytes += len(p.Data) + partSize
	r.bytes += len(p.Data) + partSize
	return true
}

// join makes the packet of its fragments, up to the first byte that was not captured.
func (r *Reassembler) join(m *inPieces) {
	r.buf = append(r.buf[:0], m.head...)
	whole(m.link, r.buf, int(m.total))
	for _, q := range m.pieces {
		r.buf = append(r.buf, q.data...)
		if uint32(len(q.data)) < q.hi-q.lo {
			break
		}
	}
	m.total += uint32(len(m.head))
	r.close(m, pieceDone)
}

// Decode decodes the packet that Add has just made whole.
func (r *Reassembler) Decode(d *Decoder, s *Segment) Verdict {
	m := r.last
	s.WireLen = m.wire
	v := d.resume(m.link, r.buf, int(m.total), m.tunnel, m.depth, m.key.Net, s)
	s.Bits |= Reassembled
	return v
}

// Whole is the packet that Add has made whole, until it makes the next.
func (r *Reassembler) Whole() []byte { return r.buf }

// Frames are those of the packet that Add has told of last, but for copies and what was refused.
func (r *Reassembler) Frames() []uint64 { return r.last.frames }
