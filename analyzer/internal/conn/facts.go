package conn

import (
	"iter"

	"tcptrace/analyzer/internal/pool"
	"tcptrace/internal/wire"
)

// Fact is a segment that says something about a state: a SYN, FIN or RST, or what
// first answers one. Of a connection that lives and dies in good order there are
// seven to nine; data adds none. Trajectories are inferred from facts alone.
type Fact struct {
	Time         Time
	Ahead        uint32 // frames since the connection's first
	Seq, Ack     uint32
	TSval, TSecr uint32
	Len          uint16
	Flags        uint8 // the low byte of wire.Flags
	Bits         FactBits
}

type FactBits uint8

const (
	FactFromB      FactBits = 1 << iota // sent in direction 1
	FactTimestamps                      // tsval and tsecr are valid
	FactAccepted                        // an RST that its receiver would take (acceptsRST)
	FactAdvance                         // the latest advance of an ACK whose peer is not captured; len is its size
	FactStandIn                         // not captured: inferred from what the other side acknowledged
	FactForeign                         // a SYN with an ISN, or a FIN with a number, that is not this connection's; an RST that its sender did not send; an ACK of what was not sent
	FactDSACK                           // begins with a D-SACK (RFC 2883)
	FactBusy                            // a FIN behind data that had been in flight without a break since the peer's FIN passed

	FactCopy      = FactAccepted // a SYN or FIN that the network doubled: its sender did not send it again
	FactOutside   = FactAdvance  // an RST whose number its receiver does not expect
	FactOwnNumber = FactBusy     // an RST whose number is of what its sender was seen to send, and that has ACK or may be an answer
	FactOnPath    = FactDSACK    // an RST that its sender cannot have sent: it is too soon (half.tooSoon), or that goes on (Conn.goesOn), or its peer was reset, too (Conn.cutsBoth); a FIN without ACK that it did not send (Betrays)
	FactSkips     = FactBusy     // a segment with neither SYN, FIN nor RST in front of which octets were not captured
)

func (b FactBits) Has(m FactBits) bool { return b&m != 0 }

func (f *Fact) Dir() uint8 { return uint8(f.Bits & FactFromB) }

func (f *Fact) Any(m wire.Flags) bool { return wire.Flags(f.Flags)&m != 0 }
func (f *Fact) Has(m wire.Flags) bool { return wire.Flags(f.Flags)&m == m }

// Covers reports whether the fact acknowledges the octet (SYN, FIN) at seq.
func (f *Fact) Covers(seq uint32) bool {
	return f.Has(wire.ACK) && int32(f.Ack-seq) > 0
}

// SeqLen is how many sequence numbers the fact takes.
func (f *Fact) SeqLen() uint32 {
	n := uint32(f.Len)
	for _, flag := range [...]wire.Flags{wire.SYN, wire.FIN} {
		if f.Any(flag) {
			n++
		}
	}
	return n
}

const (
	BlockFacts     = 4
	MaxFacts       = 48 // of one connection; those beyond are counted
	RoomForRepeats = 32 // facts of one connection from which on what only comes again takes no more room: the rest is for what is new
)

// factBlock is a link in a connection's list of facts: two cache lines.
type factBlock [BlockFacts]Fact

// FactPool holds the facts of a tracker's connections, and their incidents, without pointers.
type FactPool struct {
	blocks    pool.Pool[factBlock]
	News      uint64 // how often a fact was added or replaced
	Dropped   uint64 // facts beyond a connection's bounds
	Incidents IncidentPool
}

// Touch loads the facts, and what leads to them.
func (l *factList) Touch(p *FactPool) (sum Time) {
	for block := l.first; block != 0; block = *p.blocks.Next(block) {
		sum += p.At(block)[0].Time + p.At(block)[BlockFacts-1].Time
	}
	return sum
}

// At is a block of facts.
func (p *FactPool) At(block uint32) *[BlockFacts]Fact { return (*[BlockFacts]Fact)(p.blocks.At(block)) }

// Stocks are those of facts, a block of them being a piece, and of incidents.
func (p *FactPool) Stocks() [2]pool.Stock {
	return [2]pool.Stock{p.blocks.Stock(), p.Incidents.Stock()}
}

// factList is a connection's facts in the order of the capture.
type factList struct {
	first, Last uint32 // blocks; 0: none
	N           uint8
}

// add appends a fact and returns where it is, nil when the list is full.
func (l *factList) add(p *FactPool) *Fact {
	if l.N >= MaxFacts {
		p.Dropped++
		return nil
	}
	i := l.N % BlockFacts
	if i == 0 {
		block := p.blocks.Get()
		if l.Last == 0 {
			l.first = block
		} else {
			*p.blocks.Next(l.Last) = block
		}
		l.Last = block
	}
	l.N++
	return &p.At(l.Last)[i]
}

// again reports whether s repeats a fact that is there, and the list is so long that it takes no room of its own; it goes in place of the newest
// one if it repeats that, else nowhere.
func (l *factList) again(p *FactPool, s *wire.Segment) (newest *Fact, repeats bool) {
	if l.N < RoomForRepeats || l.Find(p, func(f *Fact) bool { return f.isLike(s) }) == nil {
		return nil, false
	}
	p.Dropped++
	if f := l.Newest(p); f.isLike(s) {
		return f, true
	}
	return nil, true
}

// isLike reports whether s tells nothing but that the fact came again.
func (f *Fact) isLike(s *wire.Segment) bool {
	return f.Dir() == s.Dir && f.Flags == uint8(s.Flags) && f.Seq == s.Seq && f.Ack == s.Ack && f.Len == factLen(s) && !f.Bits.Has(FactStandIn)
}

// factLen is the length of a segment as a fact keeps it.
func factLen(s *wire.Segment) uint16 { return uint16(min(s.Len, 1<<16-1)) }

// Newest is the fact that add returned last.
func (l *factList) Newest(p *FactPool) *Fact {
	if l.N == 0 {
		return nil
	}
	return &p.At(l.Last)[(l.N-1)%BlockFacts]
}

// All are the facts in order.
func (l *factList) All(p *FactPool) iter.Seq[*Fact] {
	return func(yield func(*Fact) bool) {
		left := int(l.N)
		for block := l.first; block != 0 && left > 0; block = *p.blocks.Next(block) {
			for i := range min(left, BlockFacts) {
				if !yield(&p.At(block)[i]) {
					return
				}
			}
			left -= BlockFacts
		}
	}
}

// Find is the first fact for which ok holds, nil if there is none.
func (l *factList) Find(p *FactPool, ok func(*Fact) bool) *Fact {
	for f := range l.All(p) {
		if ok(f) {
			return f
		}
	}
	return nil
}

// AppendTo appends the facts to buf.
func (l *factList) AppendTo(p *FactPool, buf []Fact) []Fact {
	left := int(l.N)
	for block := l.first; block != 0 && left > 0; block = *p.blocks.Next(block) {
		k := min(left, BlockFacts)
		buf = append(buf, p.At(block)[:k]...)
		left -= k
	}
	return buf
}

func (l *factList) Release(p *FactPool) {
	p.blocks.PutList(l.first)
	*l = factList{}
}

func IsSYN(f *Fact) bool {
	return wire.Flags(f.Flags)&(wire.SYN|wire.ACK|wire.RST) == wire.SYN && !f.Bits.Has(FactForeign)
}

func IsSYNACK(f *Fact) bool {
	return wire.Flags(f.Flags)&(wire.SYN|wire.ACK|wire.RST) == wire.SYN|wire.ACK && !f.Bits.Has(FactForeign)
}

func IsFIN(f *Fact) bool {
	return wire.Flags(f.Flags)&(wire.SYN|wire.FIN|wire.RST) == wire.FIN && !f.Bits.Has(FactForeign)
}

func IsRST(f *Fact) bool { return f.Any(wire.RST) }

func IsOrdinary(f *Fact) bool { return !f.Any(wire.SYN|wire.RST) && f.Has(wire.ACK) }

func IsPlainRST(f *Fact) bool { return f.Any(wire.RST) && !f.Has(wire.ACK) }
